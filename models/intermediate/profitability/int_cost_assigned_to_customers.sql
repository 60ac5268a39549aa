-- Pool cost by customer: what the ledger traces as it stands, the rest shared out in whole minor
-- units by the drivers of each activity or, where a pool is costed by time, by minutes. Idle
-- capacity is a receiver like any other, so it never enters a rate: what was dedicated goes to its
-- customer as customer-sustaining cost, what was shared stays with the pool.
with

by_driver as (

    select
        activities.entity_id,
        activities.month_start_date,
        activities.pool_id,
        activities.activity as activity_group,
        activities.activity,
        quantities.customer_id,
        quantities.customer_id as receiver_key,
        sum(drivers.weight * quantities.driver_quantity) as driver_quantity
    from {{ ref('int_activity_costs_monthly') }} as activities
    inner join {{ ref('int_activity_drivers_monthly') }} as drivers
        on
            activities.entity_id = drivers.entity_id
            and activities.month_start_date = drivers.month_start_date
            and activities.pool_id = drivers.pool_id
            and activities.activity = drivers.activity
            and not drivers.is_effort_only
    inner join {{ ref('int_driver_quantities_monthly') }} as quantities
        on
            drivers.entity_id = quantities.entity_id
            and drivers.month_start_date = quantities.month_start_date
            and drivers.driver = quantities.driver
    where not activities.is_by_time
    group by
        activities.entity_id,
        activities.month_start_date,
        activities.pool_id,
        activities.activity,
        quantities.customer_id

),

by_time as (

    select
        entity_id,
        month_start_date,
        pool_id,
        'duration' as activity_group,
        activity_type as activity,
        customer_id,
        customer_id as receiver_key,
        used_minutes as driver_quantity
    from {{ ref('int_activity_minutes_monthly') }}
    where customer_id is not null and is_productive and used_minutes > 0

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        'duration' as activity_group,
        'idle_dedicated' as activity,
        customer_id,
        customer_id as receiver_key,
        idle_dedicated_minutes as driver_quantity
    from {{ ref('int_capacity_use_monthly') }}
    where idle_dedicated_minutes > 0

    union all

    -- below zero where more was used than there was: an over-run keeps its sign
    select
        entity_id,
        month_start_date,
        pool_id,
        'duration' as activity_group,
        'idle_shared' as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        '' as receiver_key,
        practical_minutes - dedicated_minutes - used_minutes + used_dedicated_minutes
            as driver_quantity
    from {{ ref('int_pool_costs_monthly') }}
    where method = 'duration'

),

quantities as (

    select
        entity_id, month_start_date, pool_id, activity_group, activity, customer_id, receiver_key,
        driver_quantity
    from by_driver
    where driver_quantity > 0
    union all
    select
        entity_id, month_start_date, pool_id, activity_group, activity, customer_id, receiver_key,
        driver_quantity
    from by_time

),

receivers as (

    select
        activities.entity_id,
        activities.month_start_date,
        activities.pnl_line,
        activities.pool_id,
        activities.activity as activity_group,
        activities.is_spread,
        activities.activity_sign,
        activities.minor_digits,
        activities.activity_minor_units,
        activities.total_minor_units,
        activities.avoidable_minor_units,
        quantities.activity,
        quantities.customer_id,
        quantities.receiver_key,
        cast(quantities.driver_quantity as decimal(18, 4)) as driver_quantity,
        {{ to_units('cast(quantities.driver_quantity as decimal(18, 4))', 4) }} as driver_units
    from {{ ref('int_activity_costs_monthly') }} as activities
    inner join quantities
        on
            activities.entity_id = quantities.entity_id
            and activities.month_start_date = quantities.month_start_date
            and activities.pool_id = quantities.pool_id
            and activities.activity = quantities.activity_group

),

{{ apportion(
    'driven', 'receivers',
    partition_by=['entity_id', 'month_start_date', 'pool_id', 'activity_group'],
    key=['receiver_key', 'activity'],
    whole_units='activity_minor_units',
    driver_units='driver_units',
    columns=[
        'entity_id', 'month_start_date', 'pnl_line', 'pool_id', 'activity_group', 'activity',
        'customer_id', 'is_spread', 'driver_quantity', 'activity_sign', 'minor_digits',
        'total_minor_units', 'avoidable_minor_units', 'receiver_key',
    ],
    may_be_negative=true,
) }},

assigned as (

    select
        entity_id,
        month_start_date,
        case when activity = 'idle_dedicated' then 'customer_sustaining' else pnl_line end
            as pnl_line,
        pool_id,
        activity,
        customer_id,
        case when is_spread then 'spread' else 'driven' end as assignment_basis,
        driver_quantity,
        activity_sign * apportioned_units * {{ units_in_a_minor_unit('minor_digits') }}
            as assigned_units,
        case when total_minor_units < 0 then -1 else 1 end * avoidable_minor_units
            as avoidable_minor_units,
        abs(total_minor_units) as total_minor_units
    from driven
    where apportioned_units <> 0 and customer_id is not null

),

traced as (

    select
        entries.entity_id,
        entries.month_start_date,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code) as pool_id,
        entries.customer_id,
        max(case when pools.is_avoidable then 1 else 0 end) as avoidable_share,
        sum(entries.amount) as assigned_amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            entries.pnl_line = lines.pnl_line
            and lines.is_pool_cost
            and lines.reaches_customers
    left join {{ ref('int_pools_monthly') }} as pools
        on
            entries.entity_id = pools.entity_id
            and entries.month_start_date = pools.month_start_date
            and entries.pool_id = pools.pool_id
    where entries.customer_id is not null
    group by
        entries.entity_id,
        entries.month_start_date,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code),
        entries.customer_id

),

final as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        activity,
        customer_id,
        assignment_basis,
        driver_quantity,
        {{ units_to_money('assigned_units') }} as assigned_amount,
        -- the part of the pool that would go away without the work, whichever pool it came from
        case
            when total_minor_units = 0 then cast(0 as decimal(18, 4))
            else {{ units_to_money(divide_rounded(
                '(assigned_units * avoidable_minor_units)', 'total_minor_units'
            )) }}
        end as avoidable_amount
    from assigned

    union all

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        'direct' as activity,
        customer_id,
        'traced' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(assigned_amount as decimal(18, 4)) as assigned_amount,
        cast(assigned_amount * avoidable_share as decimal(18, 4)) as avoidable_amount
    from traced
    where assigned_amount <> 0

)

select * from final
