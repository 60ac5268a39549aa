-- No orphan and no double count: each actual posting of a shown period stands on exactly one line
-- of the ledger, and what is a pool's there is what the pools hold.
with

raw as (

    select
        entries.entity_id,
        count(*) as postings_count
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entity_days') }} as days
        on
            entries.entity_id = days.entity_id
            and entries.posted_on = days.date_day
    where entries.scenario = 'actual'
    group by entries.entity_id

),

placed as (

    select
        entries.entity_id,
        sum(entries.postings_count) as postings_count,
        sum(case when lines.is_pool_cost then entries.amount else 0 end) as pool_amount,
        sum(case when lines.pnl_line is null then 1 else 0 end) as unknown_lines_count
    from {{ ref('int_ledger_entries_monthly') }} as entries
    left join {{ ref('lookup_pnl_lines') }} as lines
        on entries.pnl_line = lines.pnl_line
    group by entries.entity_id

),

pools as (

    select
        entity_id,
        sum(ledger_amount) as pool_amount
    from {{ ref('rpt_ledger_reconciliation') }}
    where tie_out = 'T2'
    group by entity_id

)

select
    coalesce(raw.entity_id, placed.entity_id) as entity_id,
    raw.postings_count,
    placed.postings_count as placed_count,
    placed.pool_amount as ledger_amount,
    pools.pool_amount
from raw
full join placed
    on raw.entity_id = placed.entity_id
left join pools
    on placed.entity_id = pools.entity_id
where
    raw.postings_count is distinct from placed.postings_count
    or placed.unknown_lines_count > 0
    or coalesce(placed.pool_amount, 0) <> coalesce(pools.pool_amount, 0)
