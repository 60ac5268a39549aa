{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

answers as (

    {%- for term in value_terms %}
    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        '{{ term }}' as term,
        'answered_score' as measure,
        'answers' as basis,
        reliability,
        clusters_count as customers_count,
        cast(clusters_count as {{ type_whole() }}) as chances_count,
        respondent_role,
        cast(weights as double) * cast(weights as double) / cast(squared_weights as double)
            as worth,
        response_rate_units,
        cast({{ term }}_units as double) / cast(weights as double) / 1e9 as measured,
        cast({{ term }}_units as double) / cast(weights as double) / 1e9
        * cast({{ term }}_half_width_log_units as double) / 1e12 as half_width,
        1e0 as own_share
    from {{ ref('int_value_map_scored') }}
    where
        map_level in ('entity', 'segment')
        and {{ term }}_units is not null
        -- one overall question asks for no term: the money beside it is nobody's answer
        and product_quality_units is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

operations as (

    select
        evidence.entity_id,
        months.month_start_date,
        evidence.map_level,
        evidence.rated_id,
        evidence.term,
        evidence.measure,
        evidence.measure like '%_share' as is_share,
        evidence.customers_count,
        {{ divide_rounded('evidence.denominator_units', '100') }} as chances_count,
        cast(evidence.numerator_units as double) / cast(evidence.denominator_units as double)
            as measured,
        -- of a ratio of sums, customers drawn independently (R26)
        greatest(
            cast(evidence.numerator_squares as double)
            - 2 * cast(evidence.numerator_units as double)
            / cast(evidence.denominator_units as double) * cast(evidence.products as double)
            + cast(evidence.numerator_units as double)
            / cast(evidence.denominator_units as double)
            * cast(evidence.numerator_units as double)
            / cast(evidence.denominator_units as double)
            * cast(evidence.denominator_squares as double),
            0
        ) * evidence.customers_count / nullif(evidence.customers_count - 1, 0)
        / cast(evidence.denominator_units as double)
        / cast(evidence.denominator_units as double) as variance,
        parameters.aggregate_low_customers
    from {{ ref('int_term_evidence') }} as evidence
    inner join {{ ref('int_entity_months') }} as months
        on
            evidence.entity_id = months.entity_id
            and evidence.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            evidence.entity_id = parameters.entity_id
            and evidence.window_period_index = parameters.period_index

),

-- a share is a beta posterior over as many chances as its clusters are worth
effective as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        term,
        measure,
        is_share,
        customers_count,
        chances_count,
        measured,
        variance,
        aggregate_low_customers,
        case
            when is_share and variance > 0 and measured > 0 and measured < 1
                then measured * (1 - measured) / variance
            else cast(customers_count as double)
        end as worth
    from operations

),

posterior as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        term,
        measure,
        is_share,
        customers_count,
        chances_count,
        measured,
        variance,
        aggregate_low_customers,
        worth,
        (measured * worth + 0.5e0) / (worth + 1) as middle,
        -- customers who are all alike say nothing of how much others would differ, beyond this:
        -- what none of n did, no more than 3 / n do (the exact bound of a rate without an event,
        -- 95 %). One attempt or contact there always is; the further ones are what did not happen.
        case
            when is_share or variance > 1e-15 * measured * measured then 'varied'
            when
                measure in ('attempts_per_delivery', 'contacts_per_case')
                and abs(measured - 1) < 1e-9
                then 'none_further'
            else 'alike'
        end as spread
    from effective

),

intervals as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        term,
        measure,
        'operations' as basis,
        case
            when is_share then 'beta_binomial_effective_n'
            when spread = 'varied' then 'ratio_of_sums_clustered'
            when spread = 'none_further' then 'rate_without_event_by_customers'
            else 'ratio_of_sums_without_interval'
        end as method,
        case
            when customers_count < 2 then 'too_few'
            when customers_count < aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        customers_count,
        chances_count,
        cast(null as string) as respondent_role,
        worth,
        cast(null as {{ type_whole() }}) as response_rate_units,
        measured,
        case
            when is_share
                then least(
                    greatest(
                        middle - 1.6448536e0 * sqrt(middle * (1 - middle) / (worth + 2)), 0
                    ),
                    measured
                )
            when spread = 'varied' then greatest(measured - 1.6448536e0 * sqrt(variance), 0)
            when spread = 'none_further' then measured
        end as low,
        case
            when is_share
                then greatest(
                    least(
                        middle + 1.6448536e0 * sqrt(middle * (1 - middle) / (worth + 2)), 1
                    ),
                    measured
                )
            when spread = 'varied' then measured + 1.6448536e0 * sqrt(variance)
            when spread = 'none_further' then measured + 2.9957323e0 / customers_count
        end as high,
        -- the share itself is not drawn towards anything; only its interval is a posterior's
        1e0 as own_share
    from posterior

    union all

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        term,
        measure,
        basis,
        case
            when half_width > 1e-6
                then 'weighted_mean_clustered' || {{ assumed_deviation('reliability') }}
            else 'weighted_mean_without_interval'
        end as method,
        reliability,
        customers_count,
        chances_count,
        respondent_role,
        worth,
        response_rate_units,
        measured,
        case when half_width > 1e-6 then greatest(measured - half_width, 1) end as low,
        case when half_width > 1e-6 then least(measured + half_width, 10) end as high,
        own_share
    from answers

),

final as (

    select
        intervals.entity_id,
        intervals.month_start_date,
        intervals.map_level,
        intervals.rated_id,
        intervals.term,
        intervals.measure,
        intervals.basis,
        intervals.respondent_role,
        case when intervals.reliability in ('shown', 'low_n') then intervals.method else 'none' end
            as method,
        {%- for column, expression in [
            ('measured_value', 'measured'), ('value_low', 'low'), ('value_high', 'high'),
            ('own_answer_share', 'own_share'),
        ] %}
        case when intervals.reliability in ('shown', 'low_n')
            then cast(round(intervals.{{ expression }}, 9) as decimal(18, 9))
        end as {{ column }},
        {%- endfor %}
        -- the index of three satisfaction items on 0 to 100 is the same: (weighted mean - 1) / 9
        case when intervals.basis = 'answers' and intervals.reliability in ('shown', 'low_n')
            then cast(round((intervals.measured - 1) / 9 * 100, 9) as decimal(18, 9))
        end as score_of_100,
        {%- for column, condition in [
            ('customers_count', none),
            ('chances_count', "intervals.measure <> 'price_paid_over_reference'"),
        ] %}
        case
            when
                intervals.reliability in ('shown', 'low_n')
                {%- if condition %}
                and {{ condition }}
                {%- endif %}
                then cast(intervals.{{ column }} as bigint)
        end as {{ column }},
        {%- endfor %}
        case
            when
                intervals.reliability in ('shown', 'low_n')
                and intervals.measure = 'price_paid_over_reference'
                then cast(intervals.chances_count as decimal(18, 4))
        end as reference_amount,
        case
            when intervals.measure = 'price_paid_over_reference' then entities.currency
        end as currency,
        case when intervals.reliability in ('shown', 'low_n')
            then cast(round(intervals.worth, 9) as decimal(18, 9))
        end as effective_count,
        {{ units_to_score('intervals.response_rate_units') }} as response_rate,
        intervals.reliability
    from intervals
    inner join {{ ref('int_entities') }} as entities
        on intervals.entity_id = entities.entity_id

)

select * from final
