-- Minutes supplied and used by pool and customer. A customer uses what is dedicated to him first
-- and overflows into the shared rest; the row without customer holds the shared capacity and what
-- was used or lost without a customer. Non-productive minutes are a memo: the practical rate has
-- absorbed them.
with

supply as (

    select
        capacity.entity_id,
        days.month_start_date,
        capacity.pool_id,
        case when not pools.is_department then capacity.dedicated_customer_id end as customer_id,
        sum(capacity.practical_minutes) as practical_minutes,
        case
            when count(*) = count(capacity.theoretical_minutes)
                then sum(capacity.theoretical_minutes)
        end as theoretical_minutes
    from {{ ref('input_capacity') }} as capacity
    inner join {{ ref('int_entity_days') }} as days
        on
            capacity.entity_id = days.entity_id
            and capacity.period = days.date_day
    inner join {{ ref('int_pools_monthly') }} as pools
        on
            capacity.entity_id = pools.entity_id
            and days.month_start_date = pools.month_start_date
            and capacity.pool_id = pools.pool_id
            and (pools.method = 'duration' or pools.is_department)
    group by
        capacity.entity_id,
        days.month_start_date,
        capacity.pool_id,
        case when not pools.is_department then capacity.dedicated_customer_id end

),

used as (

    select
        entity_id,
        month_start_date,
        pool_id,
        customer_id,
        sum(case when is_productive then used_minutes else 0 end) as used_minutes,
        sum(case when is_productive then 0 else used_minutes end) as non_productive_minutes
    from {{ ref('int_activity_minutes_monthly') }}
    group by entity_id, month_start_date, pool_id, customer_id

),

minutes as (

    select
        coalesce(supply.entity_id, used.entity_id) as entity_id,
        coalesce(supply.month_start_date, used.month_start_date) as month_start_date,
        coalesce(supply.pool_id, used.pool_id) as pool_id,
        coalesce(supply.customer_id, used.customer_id) as customer_id,
        coalesce(supply.practical_minutes, 0) as practical_minutes,
        case when supply.pool_id is null then 0 else supply.theoretical_minutes end
            as theoretical_minutes,
        coalesce(used.used_minutes, 0) as used_minutes,
        coalesce(used.non_productive_minutes, 0) as non_productive_minutes
    from supply
    full join used
        on
            supply.entity_id = used.entity_id
            and supply.month_start_date = used.month_start_date
            and supply.pool_id = used.pool_id
            and supply.customer_id is not distinct from used.customer_id

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        customer_id,
        cast(practical_minutes as decimal(18, 4)) as practical_minutes,
        cast(theoretical_minutes as decimal(18, 4)) as theoretical_minutes,
        cast(used_minutes as decimal(18, 4)) as used_minutes,
        cast(non_productive_minutes as decimal(18, 4)) as non_productive_minutes,
        cast(
            case when customer_id is null then 0 else least(used_minutes, practical_minutes) end
            as decimal(18, 4)
        )
            as used_dedicated_minutes,
        cast(
            case
                when customer_id is null then 0
                else greatest(practical_minutes - used_minutes, 0)
            end as decimal(18, 4)
        )
            as idle_dedicated_minutes
    from minutes

)

select * from final
