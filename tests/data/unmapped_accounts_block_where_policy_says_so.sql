{{ config(meta={"to_blame": "input"}) }}
-- An account that no policy maps keeps its cost under its own name, unassigned, and the published
-- gate warns. Where unmapped_accounts in policy_reporting is block, nothing is published until it
-- is mapped; a row names the account and the periods.
with

unmapped as (

    select
        entity_id,
        month_start_date,
        account_code,
        sum(amount) as amount
    from {{ ref('int_ledger_entries_monthly') }}
    where pnl_line = 'unmapped'
    group by entity_id, month_start_date, account_code

),

choices as (

    select
        unmapped.entity_id,
        unmapped.month_start_date,
        unmapped.account_code,
        unmapped.amount,
        reporting.value,
        row_number() over (
            partition by unmapped.entity_id, unmapped.month_start_date, unmapped.account_code
            order by
                case when reporting.entity_id = '*' then 1 else 0 end asc,
                reporting.valid_from desc
        ) as preference
    from unmapped
    inner join {{ ref('policy_reporting') }} as reporting
        on
            (unmapped.entity_id = reporting.entity_id or reporting.entity_id = '*')
            and reporting.parameter = 'unmapped_accounts'
            and unmapped.month_start_date
            >= coalesce(cast(reporting.valid_from as date), date '1900-01-01')
            and unmapped.month_start_date
            <= coalesce(cast(reporting.valid_to as date), date '9999-12-31')

)

select
    entity_id,
    account_code,
    min(month_start_date) as first_month_start_date,
    max(month_start_date) as last_month_start_date,
    sum(amount) as amount
from choices
where preference = 1 and value = 'block'
group by entity_id, account_code
