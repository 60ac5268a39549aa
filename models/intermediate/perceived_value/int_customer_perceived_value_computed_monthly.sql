{{ config(materialized='view') }}
-- What customers see in us, by customer and period, as computed from what is known now, closed or
-- not.
with

final as (

    select
        value.entity_id,
        value.customer_id,
        value.month_start_date,
        value.measurement_status,
        case
            when value.measurement_status = 'not_measured' then 'none'
            when value.measurement_status = 'modelled' then 'operations_only'
            when value.value_method = 'overall_split_unknown' then 'overall_split_unknown'
            when value.prior_basis in ('operational_calibrated', 'operational_uncalibrated')
                then 'answers_and_operations'
            else 'answers_only'
        end as method,
        value.prior_basis,
        value.variance_basis,
        value.respondent_role,
        value.par_version,
        {{ units_to_score('value.product_quality_units') }} as product_quality_score,
        {{ units_to_score('value.service_quality_units') }} as service_quality_score,
        -- where price was not asked the give side is money, which is no perceived price
        case when value.value_method = 'four_terms'
            then {{ units_to_score('value.price_units') }}
        end as price_score,
        {{ units_to_score('value.hassle_units') }} as hassle_score,
        {{ units_to_score('value.overall_units') }} as overall_score,
        {{ units_to_score('value.price_paid_units') }} as price_paid_ratio,
        {{ units_to_score(share_units('value.get_units', 'value.give_units')) }}
            as perceived_value_ratio,
        {{ fixed_exp('value.index_log_units') }} as perceived_value_index,
        {{ fixed_exp(
            '(value.index_log_units - 1.6448536 * value.deviation_log_units)'
        ) }} as perceived_value_low,
        {{ fixed_exp(
            '(value.index_log_units + 1.6448536 * value.deviation_log_units)'
        ) }} as perceived_value_high,
        {{ units_to_score('value.own_answer_share_units') }} as own_answer_share,
        {{ units_to_score(share_units(
            'value.get_units * value.competitor_give_units',
            '(value.give_units * value.competitor_get_units)'
        )) }} as relative_value_ratio,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        {{ fixed_exp(
            '(' ~ fixed_ln(
                '(cast(value.get_units as double) * value.competitor_give_units)',
                '(cast(value.give_units as double) * value.competitor_get_units)'
            ) ~ ' ' ~ side ~ ' 1.6448536 * value.relative_deviation_log_units)'
        ) }} as relative_value_{{ name }},
        {%- endfor %}
        case when value.get_units is not null
                then cast(value.competitor_ratings_count as bigint)
        end as competitor_ratings_count,
        {{ fixed_exp('(value.index_log_units + value.silence_log_units)') }}
            as nonresponse_bound_index,
        {{ units_to_score('value.response_rate_units') }} as response_rate,
        cast(value.terms_measured as bigint) as terms_measured,
        cast(coalesce(value.answers_count, 0) as bigint) as responses_count,
        cast(coalesce(value.respondents_count, 0) as bigint) as respondents_count,
        {{ units_to_score('value.effective_respondents_units') }} as effective_respondents
    from {{ ref('int_customer_perceived_value') }} as value

)

select * from final
