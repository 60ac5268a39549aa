-- The value equation (smith+co) of one customer in one window: get = product and service quality,
-- give = price and hassle, each side the mean of the terms that were measured (R22). Where only an
-- overall score was asked it stands for the get side, and money relative to the category for the
-- give side (R25); lateness stays out, since the score already contains it.
with

answers as (

    select
        answers.entity_id,
        answers.window_kind,
        answers.window_period_index,
        answers.customer_id,
        answers.respondent_role,
        base.value_method,
        answers.product_quality_units,
        answers.service_quality_units,
        answers.price_units,
        answers.hassle_units,
        answers.overall_units,
        answers.respondents_count,
        answers.answers_count,
        answers.effective_respondents_units
    from {{ ref('int_customer_value_answers') }} as answers
    inner join {{ ref('int_value_base_windows') }} as base
        on answers.entity_id = base.entity_id

),

priced as (

    select
        answers.entity_id,
        answers.window_kind,
        answers.window_period_index,
        answers.customer_id,
        answers.respondent_role,
        answers.value_method,
        answers.product_quality_units,
        answers.service_quality_units,
        case
            when answers.value_method = 'four_terms' then answers.price_units
            when ratios.price_ratio_units is not null then least(
                greatest(
                    {{ divide_rounded(
                        '(parameters.neutral_score_units * ratios.price_ratio_units)', '1000000000'
                    ) }},
                    1000000000
                ),
                10000000000
            )
        end as price_units,
        answers.hassle_units,
        answers.overall_units,
        answers.respondents_count,
        answers.answers_count,
        answers.effective_respondents_units
    from answers
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.window_period_index = parameters.period_index
    left join {{ ref('int_customer_operational_ratios') }} as ratios
        on
            answers.entity_id = ratios.entity_id
            and answers.window_kind = ratios.window_kind
            and answers.window_period_index = ratios.window_period_index
            and answers.customer_id = ratios.customer_id

),

sides as (

    select
        entity_id,
        window_kind,
        window_period_index,
        customer_id,
        respondent_role,
        value_method,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units,
        overall_units,
        respondents_count,
        answers_count,
        effective_respondents_units,
        case value_method
            when 'four_terms'
                then {{ mean_of_present('product_quality_units', 'service_quality_units') }}
            else overall_units
        end as get_units,
        {{ mean_of_present('price_units', 'hassle_units') }} as give_units
    from priced

),

final as (

    select
        entity_id,
        window_kind,
        window_period_index,
        customer_id,
        respondent_role,
        value_method,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units,
        overall_units,
        get_units,
        give_units,
        case when product_quality_units is not null then 1 else 0 end
        + case when service_quality_units is not null then 1 else 0 end
        + case when price_units is not null then 1 else 0 end
        + case when hassle_units is not null then 1 else 0 end as terms_measured,
        case value_method
            when 'four_terms'
                then
                    product_quality_units is not null
                    and service_quality_units is not null
                    and price_units is not null
                    and hassle_units is not null
            else overall_units is not null and price_units is not null
        end as is_complete,
        respondents_count,
        answers_count,
        effective_respondents_units
    from sides
    where get_units is not null and give_units is not null

)

select * from final
