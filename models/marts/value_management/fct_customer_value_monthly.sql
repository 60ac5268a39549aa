with

strategies as (

    select
        months.entity_id,
        months.month_start_date,
        strategies.quadrant,
        strategies.customer_strategy
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_customer_strategies') }} as strategies
        on
            strategies.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between strategies.valid_from and coalesce(strategies.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by months.entity_id, months.month_start_date, strategies.quadrant
        order by
            case when strategies.entity_id = '*' then 1 else 0 end,
            strategies.valid_from desc
    ) = 1

),

-- who answers for the customer on the period's last day
accountable as (

    select
        accountabilities.entity_id,
        accountabilities.customer_id,
        months.month_start_date,
        accountabilities.employee_id
    from {{ ref('input_accountabilities') }} as accountabilities
    inner join {{ ref('int_entity_months') }} as months
        on
            accountabilities.entity_id = months.entity_id
            and months.month_end_date >= accountabilities.valid_from
            and months.month_end_date <= coalesce(accountabilities.valid_to, date '9999-12-31')
    where accountabilities.responsibility = 'accountable'
    qualify row_number() over (
        partition by
            accountabilities.entity_id, accountabilities.customer_id, months.month_start_date
        order by accountabilities.valid_from desc, accountabilities.employee_id
    ) = 1

),

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
        quadrants.measurement_status,
        quadrants.lower_index as band_lower_index,
        quadrants.upper_index as band_upper_index,
        quadrants.value_zone,
        quadrants.quadrant,
        {{ units_to_score('quadrants.quadrant_share_units') }} as quadrant_probability,
        strategies.customer_strategy,
        accountable.employee_id as accountable_employee_id,
        cast(quadrants.active_periods_count as bigint) as active_periods_count
    from {{ ref('int_customer_quadrants') }} as quadrants
    inner join {{ ref('int_entities') }} as entities
        on quadrants.entity_id = entities.entity_id
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
    left join strategies
        on
            quadrants.entity_id = strategies.entity_id
            and quadrants.month_start_date = strategies.month_start_date
            and quadrants.quadrant = strategies.quadrant
    left join accountable
        on
            quadrants.entity_id = accountable.entity_id
            and quadrants.customer_id = accountable.customer_id
            and quadrants.month_start_date = accountable.month_start_date

)

select * from final
