-- Time-driven and classic costing of the same pool, activity by activity, and why they differ.
-- Classic costing shares the whole pool out by effort estimates; between the two stands the pool
-- shared out by time: what is above it is the estimate's error, what is below it idle capacity.
with

pools as (

    select
        entity_id,
        month_start_date,
        pool_id,
        minor_digits,
        case when total_minor_units < 0 then -1 else 1 end as pool_sign,
        abs(total_minor_units) as whole_minor_units
    from {{ ref('int_pool_costs_monthly') }}
    where method = 'duration' and practical_minutes > 0 and total_minor_units <> 0

),

worked as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity_type as activity,
        sum(used_minutes) as used_minutes
    from {{ ref('int_activity_minutes_monthly') }}
    where is_productive and customer_id is not null
    group by entity_id, month_start_date, pool_id, activity_type

),

efforts as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        max(activity_share) as effort_share
    from {{ ref('int_activity_drivers_monthly') }}
    where is_effort_only
    group by entity_id, month_start_date, pool_id, activity

),

activities as (

    select
        coalesce(worked.entity_id, efforts.entity_id) as entity_id,
        coalesce(worked.month_start_date, efforts.month_start_date) as month_start_date,
        coalesce(worked.pool_id, efforts.pool_id) as pool_id,
        coalesce(worked.activity, efforts.activity) as activity,
        coalesce(worked.used_minutes, 0) as used_minutes,
        efforts.effort_share
    from worked
    full join efforts
        on
            worked.entity_id = efforts.entity_id
            and worked.month_start_date = efforts.month_start_date
            and worked.pool_id = efforts.pool_id
            and worked.activity = efforts.activity

),

-- a pool without estimates is shared out by time in both readings
weighed as (

    select
        activities.entity_id,
        activities.month_start_date,
        activities.pool_id,
        activities.activity,
        activities.used_minutes,
        activities.effort_share,
        pools.minor_digits,
        pools.pool_sign,
        pools.whole_minor_units,
        {{ to_units('activities.used_minutes', 4) }} as time_units,
        case
            when count(activities.effort_share) over (
                partition by
                    activities.entity_id, activities.month_start_date, activities.pool_id
            ) = 0 then {{ to_units('activities.used_minutes', 4) }}
            else {{ to_units('coalesce(activities.effort_share, 0)', 9) }}
        end as effort_units,
        sum(activities.used_minutes) over (
            partition by activities.entity_id, activities.month_start_date, activities.pool_id
        ) as pool_minutes
    from activities
    inner join pools
        on
            activities.entity_id = pools.entity_id
            and activities.month_start_date = pools.month_start_date
            and activities.pool_id = pools.pool_id

),

worked_pools as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        used_minutes,
        effort_share,
        minor_digits,
        pool_sign,
        whole_minor_units,
        time_units,
        effort_units
    from weighed
    where pool_minutes > 0

),

{{ apportion(
    'by_time', 'worked_pools',
    partition_by=['entity_id', 'month_start_date', 'pool_id'],
    key=['activity'],
    whole_units='whole_minor_units',
    driver_units='time_units',
    columns=[
        'entity_id', 'month_start_date', 'pool_id', 'activity', 'used_minutes', 'effort_share',
        'minor_digits', 'pool_sign', 'whole_minor_units', 'effort_units',
    ],
) }},

timed as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        used_minutes,
        effort_share,
        minor_digits,
        pool_sign,
        whole_minor_units,
        effort_units,
        apportioned_units as time_minor_units
    from by_time

),

{{ apportion(
    'by_effort', 'timed',
    partition_by=['entity_id', 'month_start_date', 'pool_id'],
    key=['activity'],
    whole_units='whole_minor_units',
    driver_units='effort_units',
    columns=[
        'entity_id', 'month_start_date', 'pool_id', 'activity', 'used_minutes', 'effort_share',
        'minor_digits', 'pool_sign', 'time_minor_units',
    ],
) }},

assigned as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where assignment_basis <> 'traced'
    group by entity_id, month_start_date, pool_id, activity

),

amounts as (

    select
        by_effort.entity_id,
        by_effort.month_start_date,
        by_effort.pool_id,
        by_effort.activity,
        by_effort.used_minutes,
        by_effort.effort_share,
        coalesce(assigned.assigned_amount, 0) as time_driven_amount,
        {{ minor_units_to_money(
            'by_effort.pool_sign * by_effort.time_minor_units', 'by_effort.minor_digits'
        ) }} as absorbed_amount,
        {{ minor_units_to_money(
            'by_effort.pool_sign * by_effort.apportioned_units', 'by_effort.minor_digits'
        ) }} as classic_amount
    from by_effort
    left join assigned
        on
            by_effort.entity_id = assigned.entity_id
            and by_effort.month_start_date = assigned.month_start_date
            and by_effort.pool_id = assigned.pool_id
            and by_effort.activity = assigned.activity

),

final as (

    select
        amounts.entity_id,
        amounts.month_start_date,
        entities.currency,
        amounts.pool_id,
        amounts.activity,
        cast(amounts.used_minutes as decimal(18, 4)) as used_minutes,
        cast(amounts.effort_share as decimal(18, 9)) as effort_share,
        cast(amounts.time_driven_amount as decimal(18, 4)) as time_driven_amount,
        cast(amounts.classic_amount as decimal(18, 4)) as classic_amount,
        cast(amounts.classic_amount - amounts.time_driven_amount as decimal(18, 4))
            as difference_amount,
        cast(amounts.absorbed_amount - amounts.time_driven_amount as decimal(18, 4))
            as idle_capacity_effect_amount,
        cast(amounts.classic_amount - amounts.absorbed_amount as decimal(18, 4))
            as effort_estimate_effect_amount
    from amounts
    inner join {{ ref('int_entities') }} as entities
        on amounts.entity_id = entities.entity_id

)

select * from final
