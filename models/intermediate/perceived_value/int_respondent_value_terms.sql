-- What one respondent says of one supplier in a window: each term is the weighted mean of the
-- attributes answered, missing when under half of the weight asked about was answered (R21). Terms
-- are columns before the answers are spread over the windows that hold them: fewer rows.
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle', 'overall'] %}
with

-- a question answered twice in a period counts once, with the mean
questions as (

    select
        entity_id,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        period_index,
        survey_id,
        question_id,
        term,
        max(weight_units) as weight_units,
        max(asked_weight_units) as asked_weight_units,
        {{ divide_rounded('sum(score_units)', 'count(*)') }} as score_units,
        sum(design_weight_units) as design_weight_units,
        count(*) as answers_count
    from {{ ref('int_survey_answers_scored') }}
    where
        term in (
            {%- for term in value_terms %}
            '{{ term }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    group by
        entity_id, rated_id, customer_id, respondent_id, role, is_named, period_index, survey_id,
        question_id, term

),

surveys as (

    select
        entity_id,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        period_index,
        survey_id,
        {%- for term in value_terms %}
        sum(case when term = '{{ term }}' then weight_units * score_units else 0 end)
            as {{ term }}_weighted_units,
        sum(case when term = '{{ term }}' then weight_units else 0 end)
            as {{ term }}_answered_units,
        max(case when term = '{{ term }}' then asked_weight_units else 0 end)
            as {{ term }}_asked_units,
        {%- endfor %}
        sum(design_weight_units) as design_weight_units,
        sum(answers_count) as answers_count
    from questions
    group by
        entity_id, rated_id, customer_id, respondent_id, role, is_named, period_index, survey_id

),

windowed as (

    select
        surveys.entity_id,
        windows.window_kind,
        windows.window_period_index,
        surveys.rated_id,
        surveys.customer_id,
        surveys.respondent_id,
        surveys.role,
        surveys.is_named,
        {%- for term in value_terms %}
        sum(surveys.{{ term }}_weighted_units) as {{ term }}_weighted_units,
        sum(surveys.{{ term }}_answered_units) as {{ term }}_answered_units,
        sum(surveys.{{ term }}_asked_units) as {{ term }}_asked_units,
        {%- endfor %}
        sum(surveys.design_weight_units) as design_weight_units,
        sum(surveys.answers_count) as answers_count
    from surveys
    inner join {{ ref('int_value_windows') }} as windows
        on
            surveys.entity_id = windows.entity_id
            and surveys.period_index = windows.period_index
    group by
        surveys.entity_id, windows.window_kind, windows.window_period_index, surveys.rated_id,
        surveys.customer_id, surveys.respondent_id, surveys.role, surveys.is_named

),

final as (

    select
        windowed.entity_id,
        windowed.window_kind,
        windowed.window_period_index,
        windowed.rated_id,
        windowed.customer_id,
        windowed.respondent_id,
        windowed.role,
        windowed.is_named,
        {%- for term in value_terms %}
        case
            when
                windowed.{{ term }}_answered_units > 0
                and windowed.{{ term }}_answered_units * 1000000000
                >= windowed.{{ term }}_asked_units * parameters.term_minimum_weight_share_units
                then {{ divide_rounded(
                    'windowed.' ~ term ~ '_weighted_units',
                    'nullif(windowed.' ~ term ~ '_answered_units, 0)'
                ) }}
        end as {{ term }}_units,
        {%- endfor %}
        {{ divide_rounded('windowed.design_weight_units', 'windowed.answers_count') }}
            as design_weight_units,
        windowed.answers_count
    from windowed
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            windowed.entity_id = parameters.entity_id
            and windowed.window_period_index = parameters.period_index

)

select * from final
where
    product_quality_units is not null
    or service_quality_units is not null
    or price_units is not null
    or hassle_units is not null
    or overall_units is not null
