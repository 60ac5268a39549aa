-- No orphan and no double count: each actual posting that is booked stands on exactly one line of
-- the ledger.
with

raw as (

    select
        entries.entity_id,
        count(*) as postings_count
    from {{ ref('input_cost_entries') }} as entries
    {{ booked_days('entries', 'cost_entries', 'posted_on') }}
    where entries.scenario = 'actual' and {{ is_booked() }}
    group by entries.entity_id

),

placed as (

    select
        entries.entity_id,
        sum(entries.postings_count) as postings_count,
        sum(case when lines.pnl_line is null then 1 else 0 end) as unknown_lines_count
    from {{ ref('int_ledger_entries_monthly') }} as entries
    left join {{ ref('lookup_pnl_lines') }} as lines
        on entries.pnl_line = lines.pnl_line
    group by entries.entity_id

)

select
    coalesce(raw.entity_id, placed.entity_id) as entity_id,
    raw.postings_count,
    placed.postings_count as placed_count,
    placed.unknown_lines_count
from raw
full join placed
    on raw.entity_id = placed.entity_id
where
    raw.postings_count is distinct from placed.postings_count
    or placed.unknown_lines_count > 0
