-- What each pool has to assign once the service departments have passed their cost on, by the
-- ledger pool it came from: its own and what it received, by the method in force.
with

parts as (

    select
        entity_id,
        month_start_date,
        pool_id,
        pnl_line as origin_pnl_line,
        pool_id as origin_pool_id,
        is_avoidable,
        driven_sign * driven_minor_units as minor_units
    from {{ ref('int_pool_balances_monthly') }}
    where not is_department

    union all

    -- a pool that is costed by time has a row in every period, with cost or without
    select
        entity_id,
        month_start_date,
        pool_id,
        charged_line as origin_pnl_line,
        pool_id as origin_pool_id,
        is_avoidable,
        0 as minor_units
    from {{ ref('int_pools_monthly') }}
    where method = 'duration' and reaches_customers

    union all

    select
        transfers.entity_id,
        transfers.month_start_date,
        transfers.receiver_pool_id as pool_id,
        transfers.pnl_line as origin_pnl_line,
        transfers.pool_id as origin_pool_id,
        transfers.is_avoidable,
        transfers.minor_units
    from {{ ref('int_department_transfers_monthly') }} as transfers
    inner join {{ ref('int_pools_monthly') }} as origins
        on
            transfers.entity_id = origins.entity_id
            and transfers.month_start_date = origins.month_start_date
            and transfers.pool_id = origins.pool_id
            and transfers.service_method = origins.service_method
    where transfers.outcome = 'charged'

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        origin_pnl_line,
        origin_pool_id,
        is_avoidable,
        cast(sum(minor_units) as {{ type_whole() }}) as minor_units
    from parts
    group by
        entity_id, month_start_date, pool_id, origin_pnl_line, origin_pool_id, is_avoidable

)

select * from final
