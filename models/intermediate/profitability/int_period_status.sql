-- Whether finance can sign an entity's period: complete when it has a ledger,
-- signable when besides every tie-out holds within materiality.
with

revenue_periods as (

    select distinct entity_id, month_start_date
    from {{ ref('int_customer_revenue_monthly') }}

),

ledger_periods as (

    select distinct entity_id, month_start_date
    from {{ ref('int_ledger_entries_monthly') }}

),

faults as (

    select
        entity_id,
        month_start_date,
        count(*) as open_tie_outs_count
    from {{ ref('int_ledger_tie_outs') }}
    where not is_signable
    group by entity_id, month_start_date

),

final as (

    select
        months.entity_id,
        months.month_start_date,
        months.month_end_date,
        months.period_index,
        coalesce(frozen.has_revenue, revenue_periods.entity_id is not null) as has_revenue,
        coalesce(frozen.has_ledger, ledger_periods.entity_id is not null) as has_ledger,
        cast(coalesce(frozen.open_tie_outs_count, faults.open_tie_outs_count, 0) as bigint)
            as open_tie_outs_count,
        case
            when frozen.period_status is not null then frozen.period_status
            when ledger_periods.entity_id is null then 'incomplete'
            when faults.open_tie_outs_count > 0 then 'not_signable'
            else 'signable'
        end as period_status
    from {{ ref('int_entity_months') }} as months
    left join revenue_periods
        on
            months.entity_id = revenue_periods.entity_id
            and months.month_start_date = revenue_periods.month_start_date
    left join ledger_periods
        on
            months.entity_id = ledger_periods.entity_id
            and months.month_start_date = ledger_periods.month_start_date
    left join faults
        on
            months.entity_id = faults.entity_id
            and months.month_start_date = faults.month_start_date
    -- a closed period keeps the stamp it closed with
    left join {{ source('books', 'dim_months') }} as frozen
        on
            frozen.is_served
            and months.entity_id = frozen.entity_id
            and months.month_start_date = frozen.month_start_date

)

select * from final
