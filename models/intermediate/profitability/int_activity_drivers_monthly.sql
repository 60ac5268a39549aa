-- What a pool does and what drives it: its activities with their share of the pool, and the drivers
-- of each with their weights. A pool without such rows is one activity, named after its driver.
-- Shares of a pool that is costed by time are effort estimates, kept for comparison only.
with

policies as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pool_id,
        drivers.activity,
        drivers.activity_share,
        drivers.driver,
        drivers.weight,
        pools.method = 'duration' as is_effort_only
    from {{ ref('int_pools_monthly') }} as pools
    inner join {{ ref('policy_activity_drivers') }} as drivers
        on
            pools.chart_id = drivers.chart_id
            and pools.pool_id = drivers.pool_id
            and pools.month_start_date
            >= coalesce(cast(drivers.valid_from as date), date '1900-01-01')
            and pools.month_start_date
            <= coalesce(cast(drivers.valid_to as date), date '9999-12-31')
    where pools.reaches_customers

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        activity_share,
        driver,
        weight,
        is_effort_only
    from policies

    union all

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pool_id,
        pools.driver as activity,
        cast(1 as decimal(18, 9)) as activity_share,
        pools.driver,
        cast(1 as decimal(18, 4)) as weight,
        false as is_effort_only
    from {{ ref('int_pools_monthly') }} as pools
    left join policies
        on
            pools.entity_id = policies.entity_id
            and pools.month_start_date = policies.month_start_date
            and pools.pool_id = policies.pool_id
    where
        policies.pool_id is null
        and pools.reaches_customers
        and pools.driver not in ('none', 'direct', 'duration', 'activities')

)

select * from final
