-- What one customer answered in a fiscal year about each outcome and, in the same responses, about
-- the four terms: one vote a customer, in one role, and never the index, whose terms the drivers
-- are (R30). An outcome is a question that is no term. Anonymous answers stand under no customer.
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

answers as (

    select
        answers.entity_id,
        months.fiscal_year,
        answers.response_id,
        answers.customer_id,
        answers.survey_id,
        answers.attribute_id,
        answers.term,
        answers.weight_units,
        answers.asked_weight_units,
        answers.score_units,
        parameters.term_minimum_weight_share_units
    from {{ ref('int_survey_answers_scored') }} as answers
    inner join {{ ref('int_entity_months') }} as months
        on
            answers.entity_id = months.entity_id
            and answers.period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
            and answers.role = parameters.respondent_role
    where
        answers.rated_id = '(own)'
        and answers.customer_id is not null
        and answers.confidentiality <> 'anonymous'
        and answers.term in ('product_quality', 'service_quality', 'price', 'hassle', 'outcome')

),

outcomes as (

    select
        entity_id,
        fiscal_year,
        response_id,
        customer_id,
        attribute_id as outcome,
        {{ divide_rounded('sum(score_units)', 'count(*)') }} as outcome_units
    from answers
    where term = 'outcome'
    group by entity_id, fiscal_year, response_id, customer_id, attribute_id

),

summed as (

    select
        entity_id,
        response_id,
        term_minimum_weight_share_units,
        {%- for term in value_terms %}
        sum(case when term = '{{ term }}' then weight_units * score_units else 0 end)
            as {{ term }}_weighted_units,
        sum(case when term = '{{ term }}' then weight_units else 0 end)
            as {{ term }}_answered_units,
        max(case when term = '{{ term }}' then asked_weight_units else 0 end)
            as {{ term }}_asked_units{{ ',' if not loop.last }}
        {%- endfor %}
    from answers
    where term <> 'outcome'
    group by entity_id, response_id, term_minimum_weight_share_units

),

responses as (

    select
        entity_id,
        response_id,
        {%- for term in value_terms %}
        {{ divide_rounded(term ~ '_weighted_units', 'nullif(' ~ term ~ '_answered_units, 0)') }}
            as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from summed
    where
        {%- for term in value_terms %}
        {{ 'and ' if not loop.first }}{{ term }}_answered_units > 0
        and {{ term }}_answered_units * 1000000000
        >= {{ term }}_asked_units * term_minimum_weight_share_units
        {%- endfor %}

),

final as (

    select
        outcomes.entity_id,
        outcomes.fiscal_year,
        outcomes.outcome,
        outcomes.customer_id,
        coalesce(customers.segment, '(none)') as segment,
        {%- for term in value_terms %}
        {{ divide_rounded('sum(responses.' ~ term ~ '_units)', 'count(*)') }} as {{ term }}_units,
        {%- endfor %}
        {{ divide_rounded('sum(outcomes.outcome_units)', 'count(*)') }} as outcome_units
    from outcomes
    inner join responses
        on
            outcomes.entity_id = responses.entity_id
            and outcomes.response_id = responses.response_id
    left join {{ ref('int_customers') }} as customers
        on
            outcomes.entity_id = customers.entity_id
            and outcomes.customer_id = customers.customer_id
    group by
        outcomes.entity_id, outcomes.fiscal_year, outcomes.outcome, outcomes.customer_id,
        coalesce(customers.segment, '(none)')

)

select * from final
