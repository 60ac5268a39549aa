-- Pool cost by customer: what the ledger traces as it stands, the rest shared out by the pool's
-- driver in whole minor units.
with

receivers as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pnl_line,
        pools.pool_id,
        pools.driver,
        pools.driven_sign,
        pools.minor_digits,
        pools.driven_minor_units,
        drivers.customer_id,
        drivers.driver_quantity,
        {{ to_units('drivers.driver_quantity', 4) }} as driver_units
    from {{ ref('int_pool_balances_monthly') }} as pools
    inner join {{ ref('int_driver_quantities_monthly') }} as drivers
        on
            pools.entity_id = drivers.entity_id
            and pools.month_start_date = drivers.month_start_date
            and pools.driver = drivers.driver
    where pools.driven_minor_units > 0

),

{{ apportion(
    'driven', 'receivers',
    partition_by=['entity_id', 'month_start_date', 'pnl_line', 'pool_id'],
    key=['customer_id'],
    whole_units='driven_minor_units',
    driver_units='driver_units',
    columns=[
        'entity_id', 'month_start_date', 'pnl_line', 'pool_id', 'customer_id', 'driver',
        'driver_quantity', 'driven_sign', 'minor_digits',
    ],
) }},

traced as (

    select
        entries.entity_id,
        entries.month_start_date,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code) as pool_id,
        entries.customer_id,
        sum(entries.amount) as assigned_amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            entries.pnl_line = lines.pnl_line
            and lines.is_pool_cost
    where entries.customer_id is not null
    group by
        entries.entity_id,
        entries.month_start_date,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code),
        entries.customer_id

),

assigned as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        customer_id,
        case when driver = 'customers' then 'spread' else 'driven' end as assignment_basis,
        driver,
        driver_quantity,
        driven_sign * apportioned_units
        * case minor_digits when 0 then 10000 when 3 then 10 when 4 then 1 else 100 end
            as assigned_units
    from driven
    where apportioned_units <> 0

),

final as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        customer_id,
        assignment_basis,
        driver,
        driver_quantity,
        {{ units_to_money('assigned_units') }} as assigned_amount
    from assigned

    union all

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        customer_id,
        'traced' as assignment_basis,
        'direct' as driver,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(assigned_amount as decimal(18, 4)) as assigned_amount
    from traced
    where assigned_amount <> 0

)

select * from final
