-- What customers see in us, by customer and period: as computed while the period is open, as frozen
-- once perceived value has closed, whatever answers come in later.
with

computed as (

    select
        entity_id,
        customer_id,
        month_start_date,
        measurement_status,
        method,
        prior_basis,
        variance_basis,
        respondent_role,
        par_version,
        product_quality_score,
        service_quality_score,
        price_score,
        hassle_score,
        overall_score,
        price_paid_ratio,
        perceived_value_ratio,
        perceived_value_index,
        perceived_value_low,
        perceived_value_high,
        own_answer_share,
        relative_value_ratio,
        relative_value_low,
        relative_value_high,
        competitor_ratings_count,
        nonresponse_bound_index,
        response_rate,
        terms_measured,
        responses_count,
        respondents_count,
        effective_respondents
    from {{ ref('int_customer_perceived_value_computed_monthly') }}

),

final as (

    {%- set columns = [
        'entity_id', 'customer_id', 'month_start_date', 'measurement_status', 'method',
        'prior_basis', 'variance_basis', 'respondent_role', 'par_version',
        'product_quality_score', 'service_quality_score', 'price_score', 'hassle_score',
        'overall_score', 'price_paid_ratio', 'perceived_value_ratio', 'perceived_value_index',
        'perceived_value_low', 'perceived_value_high', 'own_answer_share',
        'relative_value_ratio', 'relative_value_low', 'relative_value_high',
        'competitor_ratings_count', 'nonresponse_bound_index', 'response_rate', 'terms_measured',
        'responses_count', 'respondents_count', 'effective_respondents',
    ] %}
    {{ with_frozen_rows(
        'fct_customer_perceived_value_monthly', columns, kind='perceived_value'
    ) }}

)

select * from final
