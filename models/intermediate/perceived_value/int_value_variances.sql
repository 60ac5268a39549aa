-- How far one respondent lies from his customer (sigma2) and a customer from what is expected of
-- him (tau2), in units of 10^-9 (R24): pooled over the base window in exact sums where enough
-- customers have two readings, else the policy's. Readings are respondents, or a person's answers
-- at different times where only one overall question was asked.
with

base as (

    select
        par.entity_id,
        par.value_method,
        par.window_kind,
        par.window_period_index,
        par.get_par_units,
        par.give_par_units,
        parameters.respondent_role,
        parameters.answer_variance_units,
        parameters.customer_variance_units,
        parameters.customer_variance_minimum_units,
        parameters.calibration_minimum_customers,
        parameters.segment_minimum_customers
    from {{ ref('int_value_par') }} as par
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            par.entity_id = parameters.entity_id
            and par.window_period_index = parameters.period_index

),

-- millionths are ample here and keep sums of squares within a whole number
readings as (

    select
        base.entity_id,
        terms.customer_id,
        {{ divide_rounded(fixed_ln(
            '((terms.product_quality_units + terms.service_quality_units) * base.give_par_units)',
            '((terms.price_units + terms.hassle_units) * base.get_par_units)'
        ), '1000000') }} as log_millionths
    from base
    inner join {{ ref('int_respondent_value_terms') }} as terms
        on
            base.entity_id = terms.entity_id
            and base.window_kind = terms.window_kind
            and base.window_period_index = terms.window_period_index
            and base.respondent_role = terms.role
    where
        base.value_method = 'four_terms'
        and terms.rated_id = '(own)'
        and terms.is_named
        and terms.customer_id is not null
        and terms.product_quality_units is not null
        and terms.service_quality_units is not null
        and terms.price_units is not null
        and terms.hassle_units is not null

    union all

    -- the give side is money of the customer, the same for all of his answers
    select
        base.entity_id,
        answers.customer_id,
        {{ divide_rounded(fixed_ln('answers.score_units', '1000000000'), '1000000') }}
            as log_millionths
    from base
    inner join {{ ref('int_value_windows') }} as windows
        on
            base.entity_id = windows.entity_id
            and base.window_kind = windows.window_kind
            and base.window_period_index = windows.window_period_index
    inner join {{ ref('int_survey_answers_scored') }} as answers
        on
            base.entity_id = answers.entity_id
            and windows.period_index = answers.period_index
            and base.respondent_role = answers.role
    where
        base.value_method = 'overall_split_unknown'
        and answers.term = 'overall'
        and answers.rated_id = '(own)'
        and answers.is_named
        and answers.customer_id is not null

),

repeated as (

    select
        entity_id,
        customer_id,
        count(*) as readings_count,
        {{ divide_rounded(
            '(count(*) * sum(log_millionths * log_millionths)'
            ~ ' - sum(log_millionths) * sum(log_millionths))',
            'count(*)'
        ) }} as squares
    from readings
    group by entity_id, customer_id
    having count(*) > 1

),

within_customers as (

    select
        entity_id,
        count(*) as customers_count,
        {{ divide_rounded('sum(squares)', '(sum(readings_count - 1) * 1000)') }} as variance_units
    from repeated
    group by entity_id

),

answered as (

    select
        base.entity_id,
        base.segment_minimum_customers,
        customers.segment,
        calibration.is_calibrated,
        logs.answer_log_units,
        calibration.intercept_log_units
        + {{ divide_rounded(
            '(calibration.slope_millionths * priors.operational_log_units)', '1000000'
        ) }} as operational_log_units,
        {{ divide_rounded('1000000000000000000', 'terms.effective_respondents_units') }}
            as inverse_respondents_units
    from base
    inner join {{ ref('int_customer_value_logs') }} as logs
        on
            base.entity_id = logs.entity_id
            and base.window_kind = logs.window_kind
            and base.window_period_index = logs.window_period_index
    inner join {{ ref('int_customer_value_terms') }} as terms
        on
            logs.entity_id = terms.entity_id
            and logs.window_kind = terms.window_kind
            and logs.window_period_index = terms.window_period_index
            and logs.customer_id = terms.customer_id
    inner join {{ ref('int_customers') }} as customers
        on
            logs.entity_id = customers.entity_id
            and logs.customer_id = customers.customer_id
    inner join {{ ref('int_operational_calibration') }} as calibration
        on base.entity_id = calibration.entity_id
    left join {{ ref('int_customer_value_priors') }} as priors
        on
            logs.entity_id = priors.entity_id
            and logs.window_kind = priors.window_kind
            and logs.window_period_index = priors.window_period_index
            and logs.customer_id = priors.customer_id

),

-- the same expectation as in the index: operations, else the segment's mean, else par
segments as (

    select
        entity_id,
        segment,
        count(*) >= max(segment_minimum_customers) as is_large,
        {{ divide_rounded('sum(answer_log_units)', 'count(*)') }} as mean_log_units
    from answered
    where segment is not null
    group by entity_id, segment

),

distances as (

    select
        answered.entity_id,
        answered.inverse_respondents_units,
        case
            when answered.operational_log_units is not null and answered.is_calibrated
                then '(line)'
            when answered.operational_log_units is null and segments.is_large
                then answered.segment
        end as fitted,
        {{ divide_rounded(
            '(answered.answer_log_units - coalesce('
            ~ 'answered.operational_log_units,'
            ~ ' case when segments.is_large then segments.mean_log_units end, 0))',
            '1000000'
        ) }} as distance_millionths
    from answered
    left join segments
        on
            answered.entity_id = segments.entity_id
            and answered.segment = segments.segment

),

between_customers as (

    select
        entity_id,
        -- what was fitted takes degrees of freedom: two for the line, one for a segment's mean
        count(*) - count(distinct fitted) - max(case when fitted = '(line)' then 1 else 0 end)
            as degrees,
        sum(distance_millionths * distance_millionths) as squares,
        sum(inverse_respondents_units) as inverse_respondents_units
    from distances
    group by entity_id

),

pooled as (

    select
        base.entity_id,
        base.answer_variance_units as assumed_answer_variance_units,
        base.customer_variance_units as assumed_customer_variance_units,
        base.customer_variance_minimum_units,
        coalesce(within_customers.customers_count, 0) as customers_count,
        coalesce(
            within_customers.customers_count >= base.calibration_minimum_customers
            and between_customers.degrees >= base.calibration_minimum_customers,
            false
        ) as is_pooled,
        within_customers.variance_units,
        {{ divide_rounded(
            'between_customers.squares', '(greatest(between_customers.degrees, 1) * 1000)'
        ) }}
        - {{ divide_rounded(
            '(within_customers.variance_units * between_customers.inverse_respondents_units)',
            '(greatest(between_customers.degrees, 1) * 1000000000)'
        ) }} as between_units
    from base
    left join within_customers
        on base.entity_id = within_customers.entity_id
    left join between_customers
        on base.entity_id = between_customers.entity_id

),

final as (

    select
        entity_id,
        customers_count,
        case when is_pooled then 'pooled' else 'assumed' end as variance_basis,
        case when is_pooled then variance_units else assumed_answer_variance_units end
            as answer_variance_units,
        -- what data puts at nothing or below was not told apart from it, and is not nothing
        case
            when is_pooled then greatest(between_units, customer_variance_minimum_units)
            else assumed_customer_variance_units
        end as customer_variance_units
    from pooled

)

select * from final
