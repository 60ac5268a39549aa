-- Pool cost that reached no customer, by the reason.
with

assigned as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    group by entity_id, month_start_date, pnl_line, pool_id

),

driver_volumes as (

    select distinct
        entity_id,
        month_start_date,
        driver
    from {{ ref('int_driver_quantities_monthly') }}

),

final as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pnl_line,
        pools.pool_id,
        pools.ledger_amount,
        cast(coalesce(assigned.assigned_amount, 0) as decimal(18, 4)) as assigned_amount,
        cast(pools.ledger_amount - coalesce(assigned.assigned_amount, 0) as decimal(18, 4))
            as unassigned_amount,
        case
            when pools.ledger_amount = coalesce(assigned.assigned_amount, 0) then 'none'
            when pools.pnl_line = 'unmapped' then 'unmapped_account'
            when pools.pool_id like 'unpooled:%' then 'account_without_pool'
            when not pools.has_policy then 'pool_without_policy'
            when pools.driver = 'none' then 'above_the_customer_by_policy'
            when driver_volumes.driver is null then 'no_driver_volume'
            else 'below_one_minor_unit'
        end as unassigned_reason
    from {{ ref('int_pool_balances_monthly') }} as pools
    left join assigned
        on
            pools.entity_id = assigned.entity_id
            and pools.month_start_date = assigned.month_start_date
            and pools.pnl_line = assigned.pnl_line
            and pools.pool_id = assigned.pool_id
    left join driver_volumes
        on
            pools.entity_id = driver_volumes.entity_id
            and pools.month_start_date = driver_volumes.month_start_date
            and pools.driver = driver_volumes.driver

)

select * from final
