-- Perceived value of every active customer in every period: what was answered weighed against what
-- operations or the segment suggest (R24), in units of 10^-9 (shares, scores) and 10^-12 (logs).
-- A customer without either stays in, without a value.
with

-- one vote a customer: the segment's mean answer, where enough customers gave one
segment_means as (

    select
        logs.entity_id,
        logs.window_period_index,
        customers.segment,
        count(*) as customers_count,
        {{ divide_rounded('sum(logs.answer_log_units)', 'count(*)') }} as mean_log_units
    from {{ ref('int_customer_value_logs') }} as logs
    inner join {{ ref('int_customers') }} as customers
        on
            logs.entity_id = customers.entity_id
            and logs.customer_id = customers.customer_id
    where logs.window_kind = 'trailing'
    group by logs.entity_id, logs.window_period_index, customers.segment

),

joined as (

    select
        active.entity_id,
        active.customer_id,
        active.month_start_date,
        active.period_index,
        terms.respondent_role,
        par.value_method,
        par.par_version,
        par.get_par_units,
        par.give_par_units,
        terms.product_quality_units,
        terms.service_quality_units,
        terms.price_units,
        terms.hassle_units,
        {{ share_units('operations.price_effect_units', 'operations.price_reference_units') }}
            as price_paid_units,
        terms.overall_units,
        terms.get_units,
        terms.give_units,
        terms.terms_measured,
        terms.respondents_count,
        terms.answers_count,
        terms.effective_respondents_units,
        logs.answer_log_units,
        calibration.is_calibrated,
        calibration.intercept_log_units
        + {{ divide_rounded(
            '(calibration.slope_millionths * priors.operational_log_units)', '1000000'
        ) }} as operational_log_units,
        case
            when segment_means.customers_count >= parameters.segment_minimum_customers
                then segment_means.mean_log_units
        end as segment_log_units,
        rates.invited_count,
        rates.response_rate_units,
        competitors.get_units as competitor_get_units,
        competitors.give_units as competitor_give_units,
        competitors.ratings_count as competitor_ratings_count,
        competitors.deviation_log_units as competitor_deviation_log_units,
        variances.variance_basis,
        variances.answer_variance_units,
        variances.customer_variance_units,
        parameters.low_effective_respondents_units
    from {{ ref('int_active_customer_months') }} as active
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            active.entity_id = parameters.entity_id
            and active.period_index = parameters.period_index
    inner join {{ ref('int_customers') }} as customers
        on
            active.entity_id = customers.entity_id
            and active.customer_id = customers.customer_id
    left join {{ ref('int_value_par') }} as par
        on active.entity_id = par.entity_id
    left join {{ ref('int_customer_value_terms') }} as terms
        on
            active.entity_id = terms.entity_id
            and active.customer_id = terms.customer_id
            and active.period_index = terms.window_period_index
            and terms.window_kind = 'trailing'
    left join {{ ref('int_customer_value_logs') }} as logs
        on
            active.entity_id = logs.entity_id
            and active.customer_id = logs.customer_id
            and active.period_index = logs.window_period_index
            and logs.window_kind = 'trailing'
    left join {{ ref('int_customer_value_priors') }} as priors
        on
            active.entity_id = priors.entity_id
            and active.customer_id = priors.customer_id
            and active.period_index = priors.window_period_index
            and priors.window_kind = 'trailing'
    left join {{ ref('int_operational_calibration') }} as calibration
        on active.entity_id = calibration.entity_id
    left join {{ ref('int_customer_operations_trailing') }} as operations
        on
            active.entity_id = operations.entity_id
            and active.customer_id = operations.customer_id
            and active.period_index = operations.window_period_index
    left join {{ ref('int_value_variances') }} as variances
        on active.entity_id = variances.entity_id
    left join segment_means
        on
            active.entity_id = segment_means.entity_id
            and active.period_index = segment_means.window_period_index
            and customers.segment = segment_means.segment
    left join {{ ref('int_customer_response_rates') }} as rates
        on
            active.entity_id = rates.entity_id
            and active.customer_id = rates.customer_id
            and active.period_index = rates.window_period_index
    left join {{ ref('int_competitor_value') }} as competitors
        on
            active.entity_id = competitors.entity_id
            and active.period_index = competitors.window_period_index

),

weighed as (

    select
        entity_id,
        customer_id,
        month_start_date,
        period_index,
        respondent_role,
        value_method,
        par_version,
        get_par_units,
        give_par_units,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units,
        price_paid_units,
        overall_units,
        get_units,
        give_units,
        terms_measured,
        respondents_count,
        answers_count,
        effective_respondents_units,
        answer_log_units,
        is_calibrated,
        operational_log_units,
        segment_log_units,
        invited_count,
        response_rate_units,
        competitor_get_units,
        competitor_give_units,
        competitor_ratings_count,
        competitor_deviation_log_units,
        variance_basis,
        answer_variance_units,
        customer_variance_units,
        low_effective_respondents_units,
        case
            when operational_log_units is not null then operational_log_units
            when answer_log_units is not null then coalesce(segment_log_units, 0)
        end as prior_log_units,
        case
            when operational_log_units is not null and is_calibrated then 'operational_calibrated'
            when operational_log_units is not null then 'operational_uncalibrated'
            when answer_log_units is not null and segment_log_units is not null
                then 'segment_mean'
            when answer_log_units is not null then 'par'
        end as prior_basis,
        -- share of the customer's own answer: tau2 / (tau2 + sigma2 / n_eff)
        case
            when answer_log_units is not null
                then {{ share_units(
                    '(customer_variance_units * effective_respondents_units)',
                    '(customer_variance_units * effective_respondents_units'
                    ~ ' + answer_variance_units * 1000000000)'
                ) }}
            when operational_log_units is not null then 0
        end as own_answer_share_units
    from joined

),

-- the invited who stayed silent, had they thought one point worse of every term (R29)
bounded as (

    select
        entity_id,
        customer_id,
        period_index,
        {{ divide_rounded(
            '(own_answer_share_units * ' ~ fixed_ln(
                '(greatest(get_units - (1000000000 - response_rate_units), 1000000000)'
                ~ ' * give_units)',
                '(get_units * case value_method'
                ~ " when 'four_terms'"
                ~ ' then least(give_units + (1000000000 - response_rate_units), 10000000000)'
                ~ ' else give_units end)'
            ) ~ ')',
            '1000000000'
        ) }} as silence_log_units
    from weighed
    where response_rate_units is not null and answer_log_units is not null

),

final as (

    select
        weighed.entity_id,
        weighed.customer_id,
        weighed.month_start_date,
        weighed.period_index,
        weighed.respondent_role,
        weighed.value_method,
        weighed.par_version,
        weighed.get_par_units,
        weighed.give_par_units,
        weighed.product_quality_units,
        weighed.service_quality_units,
        weighed.price_units,
        weighed.hassle_units,
        weighed.price_paid_units,
        weighed.overall_units,
        weighed.get_units,
        weighed.give_units,
        weighed.terms_measured,
        weighed.respondents_count,
        weighed.answers_count,
        weighed.effective_respondents_units,
        weighed.answer_log_units,
        weighed.prior_log_units,
        weighed.prior_basis,
        weighed.own_answer_share_units,
        weighed.invited_count,
        weighed.response_rate_units,
        weighed.competitor_get_units,
        weighed.competitor_give_units,
        weighed.competitor_ratings_count,
        -- of the log of the ratio as answered, not drawn towards anything: root of sigma2 / n_eff
        -- and of what the competitors' raters leave open
        cast(round(1000000000000 * sqrt(
            cast(weighed.answer_variance_units as double)
            / nullif(weighed.effective_respondents_units, 0)
            + cast(weighed.competitor_deviation_log_units as double) / 1000000000000
            * (cast(weighed.competitor_deviation_log_units as double) / 1000000000000)
        )) as {{ type_whole() }}) as relative_deviation_log_units,
        case
            when weighed.answer_log_units is not null or weighed.prior_log_units is not null
                then weighed.variance_basis
        end as variance_basis,
        {{ divide_rounded(
            '(own_answer_share_units * coalesce(answer_log_units, 0)'
            ~ ' + (1000000000 - own_answer_share_units) * prior_log_units)',
            '1000000000'
        ) }} as index_log_units,
        bounded.silence_log_units,
        -- standard deviation of the log index: root of tau2 (1 - lambda)
        {{ fixed_sqrt(divide_rounded(
            '(customer_variance_units * (1000000000 - own_answer_share_units))', '1000000000'
        )) }} as deviation_log_units,
        case
            when answer_log_units is null and prior_log_units is null then 'not_measured'
            when answer_log_units is null then 'modelled'
            when effective_respondents_units < low_effective_respondents_units then 'low_n'
            else 'measured'
        end as measurement_status
    from weighed
    left join bounded
        on
            weighed.entity_id = bounded.entity_id
            and weighed.customer_id = bounded.customer_id
            and weighed.period_index = bounded.period_index

)

select * from final
