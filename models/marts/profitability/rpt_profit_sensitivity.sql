-- Each customer's operating profit of the trailing twelve periods, had practical capacity been
-- another share of what is paid for, had all work taken a fifth less or more time, or had service
-- departments been charged by another method; and his rank. A what-if by customer: it is not
-- apportioned, so customers do not add up to the pools.
{%- set scenarios = [
    ('practical_80', 80, 100), ('practical_85', 85, 100), ('practical_90', 90, 100),
    ('times_less_20', none, 80), ('times_plus_20', none, 120),
] %}
{%- set service_methods = ['direct', 'step_down', 'reciprocal'] %}
with

trailing_months as (

    select
        entity_id,
        month_start_date
    from {{ ref('int_entity_months') }}
    qualify
        period_index
        > max(period_index) over (partition by entity_id) - {{ trailing_periods() }}

),

pools as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.minor_digits,
        costs.rate_basis,
        costs.priced_minor_units,
        {{ to_units('costs.practical_minutes', 4) }} as practical_units
    from {{ ref('int_pool_costs_monthly') }} as costs
    inner join trailing_months
        on
            costs.entity_id = trailing_months.entity_id
            and costs.month_start_date = trailing_months.month_start_date
    where costs.method = 'duration' and costs.practical_minutes > 0

),

theoretical as (

    select
        use_of_pools.entity_id,
        use_of_pools.month_start_date,
        use_of_pools.pool_id,
        case
            when count(*) = count(use_of_pools.theoretical_minutes)
                then {{ to_units('sum(use_of_pools.theoretical_minutes)', 4) }}
        end as theoretical_units
    from {{ ref('int_capacity_use_monthly') }} as use_of_pools
    inner join trailing_months
        on
            use_of_pools.entity_id = trailing_months.entity_id
            and use_of_pools.month_start_date = trailing_months.month_start_date
    group by use_of_pools.entity_id, use_of_pools.month_start_date, use_of_pools.pool_id

),

users as (

    select
        pools.entity_id,
        pools.minor_digits,
        pools.rate_basis,
        use_of_pools.customer_id,
        pools.priced_minor_units,
        pools.practical_units,
        theoretical.theoretical_units,
        {{ to_units('use_of_pools.used_minutes', 4) }} as used_units,
        {{ to_units('use_of_pools.practical_minutes', 4) }} as dedicated_units,
        {{ to_units('use_of_pools.theoretical_minutes', 4) }} as dedicated_theoretical_units
    from pools
    inner join {{ ref('int_capacity_use_monthly') }} as use_of_pools
        on
            pools.entity_id = use_of_pools.entity_id
            and pools.month_start_date = use_of_pools.month_start_date
            and pools.pool_id = use_of_pools.pool_id
            and use_of_pools.customer_id is not null
    inner join theoretical
        on
            pools.entity_id = theoretical.entity_id
            and pools.month_start_date = theoretical.month_start_date
            and pools.pool_id = theoretical.pool_id

),

-- hundredths of units, so that shares of a hundred stay whole; he pays for what he used or what
-- was reserved for him, whichever is more
scaled as (

    {%- for scenario, practical_share, time_share in scenarios %}
    select
        entity_id,
        customer_id,
        '{{ scenario }}' as scenario,
        minor_digits,
        priced_minor_units,
        greatest(used_units, dedicated_units) * 100 as charged_units,
        practical_units * 100 as supplied_units,
        {%- if practical_share %}
        greatest(used_units * 100, dedicated_theoretical_units * {{ practical_share }})
            as scenario_charged_units,
        -- a standard rate is what it is, whatever the capacity
        case
            when rate_basis = 'standard' then practical_units * 100
            else theoretical_units * {{ practical_share }}
        end as scenario_supplied_units
        {%- else %}
        greatest(used_units * {{ time_share }}, dedicated_units * 100) as scenario_charged_units,
        practical_units * 100 as scenario_supplied_units
        {%- endif %}
    from users
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

changes as (

    select
        entity_id,
        customer_id,
        scenario,
        case
            when scenario_supplied_units > 0 and scenario_charged_units is not null
                then {{ units_to_money(divide_rounded(
                    '(priced_minor_units * ' ~ units_in_a_minor_unit('minor_digits')
                    ~ ' * scenario_charged_units)', 'scenario_supplied_units'
                )) }}
                    - {{ units_to_money(divide_rounded(
                        '(priced_minor_units * ' ~ units_in_a_minor_unit('minor_digits')
                        ~ ' * charged_units)', 'supplied_units'
                    )) }}
        end as change_amount
    from scaled

),

-- by each method the customer's share of a pool stays what it is, and the pool costs more or less
assigned as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.customer_id,
        sum(case when costs.assignment_basis = 'traced' then 0 else costs.assigned_amount end)
            as shared_amount,
        sum(sum(
            case when costs.assignment_basis = 'traced' then costs.assigned_amount else 0 end
        )) over (
            partition by costs.entity_id, costs.month_start_date, costs.pool_id
        ) as pool_traced_amount
    from {{ ref('int_cost_assigned_to_customers') }} as costs
    inner join trailing_months
        on
            costs.entity_id = trailing_months.entity_id
            and costs.month_start_date = trailing_months.month_start_date
    where costs.pnl_line in ('cost_to_serve', 'customer_sustaining')
    group by costs.entity_id, costs.month_start_date, costs.pool_id, costs.customer_id

),

method_pools as (

    select
        methods.entity_id,
        methods.month_start_date,
        methods.pool_id,
        pools.rate_basis,
        pools.method,
        {%- for method in service_methods %}
        methods.{{ method }}_amount,
        {%- endfor %}
        case methods.service_method
            {%- for method in service_methods %}
            when '{{ method }}' then methods.{{ method }}_amount
            {%- endfor %}
        end as amount_in_force
    from {{ ref('rpt_service_department_methods') }} as methods
    inner join {{ ref('int_pools_monthly') }} as pools
        on
            methods.entity_id = pools.entity_id
            and methods.month_start_date = pools.month_start_date
            and methods.pool_id = pools.pool_id
            and not pools.is_department
    inner join trailing_months
        on
            methods.entity_id = trailing_months.entity_id
            and methods.month_start_date = trailing_months.month_start_date

),

method_shares as (

    select
        method_pools.entity_id,
        assigned.customer_id,
        -- a standard rate is what it is, whatever departments pass on
        method_pools.method = 'duration' and method_pools.rate_basis = 'standard' as is_standard,
        {%- for method in service_methods %}
        {{ to_units('method_pools.' ~ method ~ '_amount - method_pools.amount_in_force', 4) }}
            as {{ method }}_change_units,
        {%- endfor %}
        {{ to_units('assigned.shared_amount', 4) }} as shared_units,
        {{ to_units('method_pools.amount_in_force - assigned.pool_traced_amount', 4) }}
            as pool_units
    from method_pools
    inner join assigned
        on
            method_pools.entity_id = assigned.entity_id
            and method_pools.month_start_date = assigned.month_start_date
            and method_pools.pool_id = assigned.pool_id

),

method_changes as (

    {%- for method in service_methods %}
    select
        entity_id,
        customer_id,
        'service_{{ method }}' as scenario,
        case
            when is_standard or shared_units = 0 or {{ method }}_change_units = 0
                then cast(0 as decimal(18, 4))
            when pool_units <> 0
                then {{ units_to_money(divide_rounded(
                    '(shared_units * ' ~ method ~ '_change_units'
                    ~ ' * case when pool_units < 0 then -1 else 1 end)', 'abs(pool_units)'
                )) }}
        end as change_amount
    from method_shares
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

all_changes as (

    select entity_id, customer_id, scenario, change_amount from changes
    union all
    select entity_id, customer_id, scenario, change_amount from method_changes

),

by_customer as (

    select
        entity_id,
        customer_id,
        scenario,
        sum(change_amount) as change_amount,
        count(*) = count(change_amount) as is_known
    from all_changes
    group by entity_id, customer_id, scenario

),

scenarios as (

    select distinct
        entity_id,
        scenario
    from by_customer

),

shifted as (

    select
        profits.entity_id,
        profits.customer_id,
        scenarios.scenario,
        profits.profit_amount,
        profits.customer_rank,
        case
            when coalesce(by_customer.is_known, true)
                then profits.profit_amount - coalesce(by_customer.change_amount, 0)
        end as scenario_profit_amount
    from {{ ref('int_customer_profit_ranks') }} as profits
    inner join scenarios
        on profits.entity_id = scenarios.entity_id
    left join by_customer
        on
            profits.entity_id = by_customer.entity_id
            and profits.customer_id = by_customer.customer_id
            and scenarios.scenario = by_customer.scenario
    where
        profits.period = 'trailing_12'
        and profits.profit_level = 'operating_profit'
        and profits.is_ranked

),

final as (

    select
        shifted.entity_id,
        shifted.customer_id,
        shifted.scenario,
        entities.currency,
        cast(shifted.profit_amount as decimal(18, 4)) as operating_profit_amount,
        cast(shifted.scenario_profit_amount as decimal(18, 4)) as scenario_profit_amount,
        cast(shifted.customer_rank as bigint) as customer_rank,
        case
            when shifted.scenario_profit_amount is not null
                then cast(row_number() over (
                    partition by shifted.entity_id, shifted.scenario
                    order by shifted.scenario_profit_amount desc nulls last, shifted.customer_id asc
                ) as bigint)
        end as scenario_rank,
        coalesce(
            (shifted.profit_amount > 0) <> (shifted.scenario_profit_amount > 0), false
        ) as changes_sign
    from shifted
    inner join {{ ref('int_entities') }} as entities
        on shifted.entity_id = entities.entity_id

)

select * from final
