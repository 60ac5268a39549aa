-- From pools to activities: by the shares that policy gives, in whole minor units; a pool costed by
-- time is one activity so far, priced at its rate. Pools above the customer have none.
with

pools as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.pnl_line,
        costs.minor_digits,
        costs.total_minor_units,
        costs.avoidable_minor_units,
        costs.priced_minor_units,
        costs.method
    from {{ ref('int_pool_costs_monthly') }} as costs
    where costs.reaches_customers

),

activities as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pool_id,
        pools.pnl_line,
        pools.minor_digits,
        pools.total_minor_units,
        pools.avoidable_minor_units,
        drivers.activity,
        case when pools.total_minor_units < 0 then -1 else 1 end as activity_sign,
        abs(pools.total_minor_units) as whole_minor_units,
        max({{ to_units('drivers.activity_share', 9) }}) as share_units,
        min(case when drivers.driver = 'customers' then 1 else 0 end) = 1 as is_spread
    from pools
    inner join {{ ref('int_activity_drivers_monthly') }} as drivers
        on
            pools.entity_id = drivers.entity_id
            and pools.month_start_date = drivers.month_start_date
            and pools.pool_id = drivers.pool_id
            and not drivers.is_effort_only
    where pools.total_minor_units <> 0
    group by
        pools.entity_id,
        pools.month_start_date,
        pools.pool_id,
        pools.pnl_line,
        pools.minor_digits,
        pools.total_minor_units,
        pools.avoidable_minor_units,
        drivers.activity

),

{{ apportion(
    'shared', 'activities',
    partition_by=['entity_id', 'month_start_date', 'pool_id'],
    key=['activity'],
    whole_units='whole_minor_units',
    driver_units='share_units',
    columns=[
        'entity_id', 'month_start_date', 'pool_id', 'pnl_line', 'minor_digits', 'activity',
        'activity_sign', 'is_spread', 'total_minor_units', 'avoidable_minor_units',
    ],
) }},

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        pnl_line,
        activity,
        false as is_by_time,
        is_spread,
        minor_digits,
        activity_sign,
        apportioned_units as activity_minor_units,
        total_minor_units,
        avoidable_minor_units
    from shared
    where apportioned_units <> 0

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        pnl_line,
        'duration' as activity,
        true as is_by_time,
        false as is_spread,
        minor_digits,
        case when priced_minor_units < 0 then -1 else 1 end as activity_sign,
        abs(priced_minor_units) as activity_minor_units,
        total_minor_units,
        avoidable_minor_units
    from pools
    where method = 'duration' and priced_minor_units <> 0

)

select * from final
