with

final as (

    select
        quadrants.entity_id,
        quadrants.customer_id,
        quadrants.month_start_date,
        quadrants.segment,
        entities.currency,
        quadrants.profit_level,
        profitability.contribution_amount,
        profitability.operating_profit_amount,
        quadrants.trailing_contribution_amount,
        quadrants.trailing_profit_amount,
        value.perceived_value_index,
        value.perceived_value_low,
        value.perceived_value_high,
        value.own_answer_share,
        value.responses_count,
        value.respondents_count,
        value.effective_respondents,
        value.method,
        quadrants.measurement_status,
        quadrants.lower_index as band_lower_index,
        quadrants.upper_index as band_upper_index,
        quadrants.value_zone,
        quadrants.quadrant,
        {{ units_to_score('quadrants.quadrant_share_units') }} as quadrant_probability,
        strategies.customer_strategy,
        accountable.employee_id as accountable_employee_id,
        cast(quadrants.active_periods_count as bigint) as active_periods_count,
        status.period_status = 'signable' as signable
    from {{ ref('int_customer_quadrants') }} as quadrants
    inner join {{ ref('int_entities') }} as entities
        on quadrants.entity_id = entities.entity_id
    inner join {{ ref('int_period_status') }} as status
        on
            quadrants.entity_id = status.entity_id
            and quadrants.month_start_date = status.month_start_date
    inner join {{ ref('fct_customer_perceived_value_monthly') }} as value
        on
            quadrants.entity_id = value.entity_id
            and quadrants.customer_id = value.customer_id
            and quadrants.month_start_date = value.month_start_date
    left join {{ ref('fct_customer_profitability_monthly') }} as profitability
        on
            quadrants.entity_id = profitability.entity_id
            and quadrants.customer_id = profitability.customer_id
            and quadrants.month_start_date = profitability.month_start_date
    left join {{ ref('int_customer_strategies') }} as strategies
        on
            quadrants.entity_id = strategies.entity_id
            and quadrants.month_start_date = strategies.month_start_date
            and quadrants.strategy_quadrant = strategies.quadrant
    left join {{ ref('int_accountable_employees') }} as accountable
        on
            quadrants.entity_id = accountable.entity_id
            and quadrants.customer_id = accountable.customer_id
            and quadrants.month_start_date = accountable.month_start_date

)

select * from final
