-- What one respondent says of one supplier in a window: each term is the weighted mean of the
-- attributes answered, missing when under half of its weight was answered (R21).
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle', 'overall'] %}
with

answers as (

    select
        entity_id,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        survey_id,
        question_id,
        term,
        period_index,
        max(weight_units) as weight_units,
        max(asked_weight_units) as asked_weight_units,
        sum(score_units) as score_units,
        sum(design_weight_units) as design_weight_units,
        count(*) as answers_count
    from {{ ref('int_survey_answers_scored') }}
    where term in ('{{ value_terms | join("', '") }}')
    group by
        entity_id, rated_id, customer_id, respondent_id, role, is_named, survey_id, question_id,
        term, period_index

),

attributes as (

    select
        answers.entity_id,
        windows.window_kind,
        windows.window_period_index,
        answers.rated_id,
        answers.customer_id,
        answers.respondent_id,
        answers.role,
        answers.is_named,
        answers.survey_id,
        answers.term,
        answers.question_id,
        max(answers.weight_units) as weight_units,
        max(answers.asked_weight_units) as asked_weight_units,
        {{ divide_rounded('sum(answers.score_units)', 'sum(answers.answers_count)') }}
            as score_units,
        sum(answers.design_weight_units) as design_weight_units,
        sum(answers.answers_count) as answers_count
    from answers
    inner join {{ ref('int_value_windows') }} as windows
        on
            answers.entity_id = windows.entity_id
            and answers.period_index = windows.period_index
    group by
        answers.entity_id, windows.window_kind, windows.window_period_index, answers.rated_id,
        answers.customer_id, answers.respondent_id, answers.role, answers.is_named,
        answers.survey_id, answers.term, answers.question_id

),

survey_terms as (

    select
        entity_id,
        window_kind,
        window_period_index,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        survey_id,
        term,
        sum(weight_units * score_units) as weighted_score_units,
        sum(weight_units) as answered_weight_units,
        max(asked_weight_units) as asked_weight_units,
        sum(design_weight_units) as design_weight_units,
        sum(answers_count) as answers_count
    from attributes
    group by
        entity_id, window_kind, window_period_index, rated_id, customer_id, respondent_id, role,
        is_named, survey_id, term

),

summed_terms as (

    select
        entity_id,
        window_kind,
        window_period_index,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        term,
        sum(weighted_score_units) as weighted_score_units,
        sum(answered_weight_units) as answered_weight_units,
        sum(asked_weight_units) as asked_weight_units,
        sum(design_weight_units) as design_weight_units,
        sum(answers_count) as answers_count
    from survey_terms
    group by
        entity_id, window_kind, window_period_index, rated_id, customer_id, respondent_id, role,
        is_named, term

),

sufficient_terms as (

    select
        summed_terms.entity_id,
        summed_terms.window_kind,
        summed_terms.window_period_index,
        summed_terms.rated_id,
        summed_terms.customer_id,
        summed_terms.respondent_id,
        summed_terms.role,
        summed_terms.is_named,
        summed_terms.term,
        summed_terms.design_weight_units,
        summed_terms.answers_count,
        case
            when
                summed_terms.answered_weight_units * 1000000000
                >= summed_terms.asked_weight_units * parameters.term_minimum_weight_share_units
                then {{ divide_rounded(
                    'summed_terms.weighted_score_units',
                    'nullif(summed_terms.answered_weight_units, 0)'
                ) }}
        end as term_units
    from summed_terms
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            summed_terms.entity_id = parameters.entity_id
            and summed_terms.window_period_index = parameters.period_index

),

final as (

    select
        entity_id,
        window_kind,
        window_period_index,
        rated_id,
        customer_id,
        respondent_id,
        role,
        is_named,
        {%- for term in value_terms %}
        max(case when term = '{{ term }}' then term_units end) as {{ term }}_units,
        {%- endfor %}
        {{ divide_rounded('sum(design_weight_units)', 'sum(answers_count)') }}
            as design_weight_units,
        sum(answers_count) as answers_count
    from sufficient_terms
    group by
        entity_id, window_kind, window_period_index, rated_id, customer_id, respondent_id, role,
        is_named
    having max(term_units) is not null

)

select * from final
