-- Capacity supplied, used and idle, in minutes and money. Idle capacity has its own lines and never
-- enters a rate; an over-run is idle shared capacity below zero.
with

minutes as (

    select
        entity_id,
        month_start_date,
        pool_id,
        case when count(*) = count(theoretical_minutes) then sum(theoretical_minutes) end
            as theoretical_minutes,
        sum(practical_minutes) as practical_minutes,
        sum(case when customer_id is not null then practical_minutes else 0 end)
            as dedicated_minutes,
        sum(used_minutes) as used_minutes,
        sum(used_dedicated_minutes) as used_dedicated_minutes,
        sum(idle_dedicated_minutes) as idle_dedicated_minutes,
        sum(non_productive_minutes) as non_productive_minutes
    from {{ ref('int_capacity_use_monthly') }}
    group by entity_id, month_start_date, pool_id
    having sum(practical_minutes) > 0

),

assigned as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(case when activity = 'idle_dedicated' then 0 else assigned_amount end) as used_amount,
        sum(case when activity = 'idle_dedicated' then assigned_amount else 0 end)
            as idle_dedicated_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where assignment_basis <> 'traced'
    group by entity_id, month_start_date, pool_id

),

-- what a department has to pass on: its own cost and what passed it on the way
department_flows as (

    select
        transfers.entity_id,
        transfers.month_start_date,
        transfers.receiver_pool_id as pool_id,
        transfers.outcome,
        transfers.minor_units
    from {{ ref('int_department_transfers_monthly') }} as transfers
    inner join {{ ref('int_pools_monthly') }} as origins
        on
            transfers.entity_id = origins.entity_id
            and transfers.month_start_date = origins.month_start_date
            and transfers.pool_id = origins.pool_id
            and transfers.service_method = origins.service_method
    where transfers.outcome in ('through', 'idle')

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        'through' as outcome,
        driven_sign * driven_minor_units as minor_units
    from {{ ref('int_pool_balances_monthly') }}
    where is_department

),

departments as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(case when outcome = 'through' then minor_units else 0 end) as cost_minor_units,
        sum(case when outcome = 'idle' then minor_units else 0 end) as idle_minor_units
    from department_flows
    group by entity_id, month_start_date, pool_id

),

joined as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.currency,
        pools.minor_digits,
        pools.pool_id,
        pools.pool_name,
        pools.is_department,
        coalesce(costs.rate_basis, 'actual') as rate_basis,
        minutes.theoretical_minutes,
        minutes.practical_minutes,
        minutes.dedicated_minutes,
        minutes.used_minutes,
        minutes.used_dedicated_minutes,
        minutes.used_minutes - minutes.used_dedicated_minutes as used_shared_minutes,
        minutes.idle_dedicated_minutes,
        minutes.practical_minutes - minutes.dedicated_minutes
        - minutes.used_minutes + minutes.used_dedicated_minutes as idle_shared_minutes,
        minutes.non_productive_minutes,
        cast(
            coalesce(costs.total_minor_units, departments.cost_minor_units, 0)
            as {{ type_whole() }}
        )
            as cost_minor_units,
        cast(
            coalesce(costs.priced_minor_units, departments.cost_minor_units, 0)
            as {{ type_whole() }}
        )
            as priced_minor_units,
        coalesce(costs.rate_numerator, departments.cost_minor_units, 0) as rate_numerator,
        coalesce(costs.rate_denominator, {{ to_units('minutes.practical_minutes', 4) }})
            as rate_denominator,
        coalesce(assigned.used_amount, 0) as used_amount,
        coalesce(assigned.idle_dedicated_amount, 0) as idle_dedicated_amount,
        coalesce(departments.idle_minor_units, 0) as idle_minor_units
    from {{ ref('int_pools_monthly') }} as pools
    inner join minutes
        on
            pools.entity_id = minutes.entity_id
            and pools.month_start_date = minutes.month_start_date
            and pools.pool_id = minutes.pool_id
    left join {{ ref('int_pool_costs_monthly') }} as costs
        on
            pools.entity_id = costs.entity_id
            and pools.month_start_date = costs.month_start_date
            and pools.pool_id = costs.pool_id
            and costs.method = 'duration'
    left join departments
        on
            pools.is_department
            and pools.entity_id = departments.entity_id
            and pools.month_start_date = departments.month_start_date
            and pools.pool_id = departments.pool_id
    left join assigned
        on
            not pools.is_department
            and pools.entity_id = assigned.entity_id
            and pools.month_start_date = assigned.month_start_date
            and pools.pool_id = assigned.pool_id

),

priced as (

    select
        entity_id,
        month_start_date,
        currency,
        minor_digits,
        pool_id,
        pool_name,
        is_department,
        rate_basis,
        theoretical_minutes,
        practical_minutes,
        dedicated_minutes,
        used_minutes,
        used_dedicated_minutes,
        used_shared_minutes,
        idle_dedicated_minutes,
        idle_shared_minutes,
        non_productive_minutes,
        rate_numerator,
        rate_denominator,
        idle_dedicated_amount,
        {{ minor_units_to_money('cost_minor_units', 'minor_digits') }} as cost_amount,
        {{ minor_units_to_money('cost_minor_units - priced_minor_units', 'minor_digits') }}
            as rate_variance_amount,
        case
            when is_department
                then {{ minor_units_to_money(
                    'priced_minor_units - idle_minor_units', 'minor_digits'
                ) }}
            else used_amount
        end as used_amount,
        case
            when is_department
                then {{ minor_units_to_money('idle_minor_units', 'minor_digits') }}
            else {{ minor_units_to_money('priced_minor_units', 'minor_digits') }}
                - used_amount - idle_dedicated_amount
        end as idle_shared_amount
    from joined

),

computed as (

    select
        entity_id,
        month_start_date,
        currency,
        pool_id,
        pool_name,
        is_department,
        rate_basis,
        cast(theoretical_minutes as decimal(18, 4)) as theoretical_minutes,
        cast(practical_minutes as decimal(18, 4)) as practical_minutes,
        cast(dedicated_minutes as decimal(18, 4)) as dedicated_minutes,
        cast(used_minutes as decimal(18, 4)) as used_minutes,
        cast(used_dedicated_minutes as decimal(18, 4)) as used_dedicated_minutes,
        cast(used_shared_minutes as decimal(18, 4)) as used_shared_minutes,
        cast(idle_dedicated_minutes as decimal(18, 4)) as idle_dedicated_minutes,
        cast(idle_shared_minutes as decimal(18, 4)) as idle_shared_minutes,
        cast(greatest(-idle_shared_minutes, 0) as decimal(18, 4)) as over_run_minutes,
        cast(non_productive_minutes as decimal(18, 4)) as non_productive_minutes,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        cast(used_amount as decimal(18, 4)) as used_amount,
        cast(idle_dedicated_amount as decimal(18, 4)) as idle_dedicated_amount,
        cast(idle_shared_amount as decimal(18, 4)) as idle_shared_amount,
        cast(rate_variance_amount as decimal(18, 4)) as rate_variance_amount,
        {{ ratio_of_units(
            'rate_numerator * ' ~ units_in_a_minor_unit('minor_digits'), 'rate_denominator',
            'rate_denominator > 0'
        ) }} as rate_amount,
        {{ ratio_of_units(
            to_units('used_minutes', 4), to_units('practical_minutes', 4), 'practical_minutes > 0'
        ) }} as utilisation_share,
        idle_shared_minutes < 0 as is_over_run
    from priced

),

final as (

    {%- set columns = [
        'entity_id', 'month_start_date', 'currency', 'pool_id', 'pool_name', 'is_department',
        'rate_basis', 'theoretical_minutes', 'practical_minutes', 'dedicated_minutes',
        'used_minutes', 'used_dedicated_minutes', 'used_shared_minutes',
        'idle_dedicated_minutes', 'idle_shared_minutes', 'over_run_minutes',
        'non_productive_minutes', 'cost_amount', 'used_amount', 'idle_dedicated_amount',
        'idle_shared_amount', 'rate_variance_amount', 'rate_amount', 'utilisation_share',
        'is_over_run',
    ] %}
    {{ with_frozen_rows('fct_capacity_monthly', columns) }}

)

select * from final
