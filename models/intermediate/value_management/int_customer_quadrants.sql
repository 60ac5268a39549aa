-- Both halves of a customer beside each other, and where that puts him (R31): loses or makes money,
-- and perceives less than, as much as or more than the band asks. Above the band is not better.
with

joined as (

    select
        profit.entity_id,
        profit.customer_id,
        profit.month_start_date,
        profit.period_index,
        coalesce(customers.segment, '(none)') as segment,
        profit.profit_level,
        profit.is_complete,
        profit.active_periods_count,
        profit.trailing_contribution_amount,
        case when profit.unmeasured_periods_count = 0 then profit.trailing_profit_amount end
            as trailing_profit_amount,
        profit.trailing_cost_to_serve_amount,
        value.index_log_units,
        value.answer_log_units,
        value.deviation_log_units,
        value.measurement_status,
        bands.lower_index,
        bands.upper_index,
        bands.lower_log_units,
        bands.upper_log_units,
        parameters.cost_to_serve_deviation_units,
        parameters.minimum_active_periods,
        parameters.minimum_strategy_probability_units
    from {{ ref('int_customer_profit_trailing') }} as profit
    inner join {{ ref('int_customers') }} as customers
        on
            profit.entity_id = customers.entity_id
            and profit.customer_id = customers.customer_id
    inner join {{ ref('int_customer_perceived_value') }} as value
        on
            profit.entity_id = value.entity_id
            and profit.customer_id = value.customer_id
            and profit.month_start_date = value.month_start_date
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            profit.entity_id = parameters.entity_id
            and profit.month_start_date = parameters.month_start_date
    left join {{ ref('int_satisfaction_bands') }} as bands
        on
            profit.entity_id = bands.entity_id
            and profit.month_start_date = bands.month_start_date
            and coalesce(customers.segment, '(none)') = bands.segment

),

judged as (

    select
        entity_id,
        customer_id,
        month_start_date,
        segment,
        profit_level,
        is_complete,
        active_periods_count,
        minimum_active_periods,
        minimum_strategy_probability_units,
        trailing_contribution_amount,
        trailing_profit_amount,
        measurement_status,
        lower_index,
        upper_index,
        case
            when trailing_profit_amount is null then null
            when trailing_profit_amount > 0 then 'profitable'
            else 'unprofitable'
        end as profit_side,
        case
            when index_log_units < lower_log_units then 'below_band'
            when index_log_units > upper_log_units then 'above_band'
            when index_log_units is not null and lower_log_units is not null then 'within_band'
        end as value_zone,
        -- drawn out of the zone that he himself named, by what others say
        coalesce(
            (index_log_units < lower_log_units and answer_log_units >= lower_log_units)
            or (index_log_units > upper_log_units and answer_log_units <= upper_log_units),
            false
        ) as is_contradicted,
        -- unit times, and with them the cost to serve, may be off by a share either way, evenly
        case
            when trailing_profit_amount is null then null
            when
                profit_level = 'gross_margin'
                or coalesce(trailing_cost_to_serve_amount, 0) = 0
                or cost_to_serve_deviation_units = 0
                then case when trailing_profit_amount > 0 then 1000000000 else 0 end
            else least(greatest(
                {{ divide_rounded(
                    '((' ~ to_units('trailing_profit_amount', 4) ~ ' * 1000000000 + '
                    ~ 'cost_to_serve_deviation_units * abs('
                    ~ to_units('trailing_cost_to_serve_amount', 4) ~ ')) * 1000000000)',
                    'nullif(2 * cost_to_serve_deviation_units * abs('
                    ~ to_units('trailing_cost_to_serve_amount', 4) ~ '), 0)'
                ) }}, 0
            ), 1000000000)
        end as profitable_share_units,
        cast((lower_log_units - index_log_units) as double)
        / nullif(cast(deviation_log_units as double), 0) as lower_distance,
        cast((upper_log_units - index_log_units) as double)
        / nullif(cast(deviation_log_units as double), 0) as upper_distance
    from joined

),

placed as (

    select
        entity_id,
        customer_id,
        month_start_date,
        segment,
        profit_level,
        active_periods_count,
        trailing_contribution_amount,
        trailing_profit_amount,
        measurement_status,
        lower_index,
        upper_index,
        minimum_strategy_probability_units,
        profit_side,
        value_zone,
        is_contradicted,
        case
            when not is_complete then 'incomplete_period'
            when active_periods_count < minimum_active_periods then 'too_new'
            when profit_side is null and value_zone is null then 'not_measured'
            when profit_side is null then 'profit_not_measured'
            when value_zone is null then 'value_not_measured'
            else profit_side || '_' || value_zone
        end as quadrant,
        case profit_side
            when 'profitable' then profitable_share_units
            when 'unprofitable' then 1000000000 - profitable_share_units
        end as side_share_units,
        cast(round(case value_zone
            when 'below_band' then {{ normal_share_below('lower_distance') }}
            when 'above_band' then 1 - ({{ normal_share_below('upper_distance') }})
            when 'within_band'
                then
                    ({{ normal_share_below('upper_distance') }})
                    - ({{ normal_share_below('lower_distance') }})
        end * 1000000000) as {{ type_whole() }}) as zone_share_units
    from judged

),

shared as (

    select
        entity_id,
        customer_id,
        month_start_date,
        segment,
        profit_level,
        active_periods_count,
        trailing_contribution_amount,
        trailing_profit_amount,
        measurement_status,
        lower_index,
        upper_index,
        minimum_strategy_probability_units,
        profit_side,
        value_zone,
        is_contradicted,
        quadrant,
        case
            when quadrant = profit_side || '_' || value_zone
                then {{ divide_rounded('(side_share_units * zone_share_units)', '1000000000') }}
        end as quadrant_share_units
    from placed

),

-- where a customer stands is an estimate, what is done with him is not: it wants a likely quadrant,
-- and none that his own answer contradicts
final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        segment,
        profit_level,
        active_periods_count,
        trailing_contribution_amount,
        trailing_profit_amount,
        measurement_status,
        lower_index,
        upper_index,
        profit_side,
        value_zone,
        quadrant,
        quadrant_share_units,
        case
            when
                quadrant_share_units is not null
                and (
                    quadrant_share_units < minimum_strategy_probability_units
                    or is_contradicted
                )
                then 'uncertain'
            else quadrant
        end as strategy_quadrant
    from shared

)

select * from final
