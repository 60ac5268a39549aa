-- Answers that reports by fiscal year may read, in one role (no mart mixes payers and users). Those
-- that are not named count once the year is over, so that no two nights differ by one of them, and
-- where the minimum of customers, or of respondents who are none, gave some: who knows the others
-- cannot work out one of them.
with

answers as (

    select
        answers.entity_id,
        months.fiscal_year,
        answers.period_index,
        answers.response_id,
        answers.respondent_id,
        answers.customer_id,
        case
            when answers.customer_id is not null then coalesce(customers.segment, '(none)')
        end as segment,
        answers.rated_id,
        answers.confidentiality,
        answers.is_named,
        answers.survey_id,
        answers.question_id,
        answers.attribute_id,
        answers.term,
        answers.weight_units,
        answers.asked_weight_units,
        answers.score_units,
        coalesce(released.is_year_over, false) as is_year_over,
        parameters.aggregate_minimum_customers
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
    left join {{ ref('int_released_periods') }} as released
        on
            answers.entity_id = released.entity_id
            and answers.period_index = released.period_index
    left join {{ ref('int_customers') }} as customers
        on
            answers.entity_id = customers.entity_id
            and answers.customer_id = customers.customer_id

),

not_named as (

    select
        entity_id,
        fiscal_year,
        attribute_id,
        rated_id,
        coalesce(segment, '(nobody)') as cell_id,
        count(distinct coalesce(customer_id, '(nobody) ' || respondent_id)) as clusters_count,
        max(aggregate_minimum_customers) as minimum_count
    from answers
    where not is_named and is_year_over
    group by entity_id, fiscal_year, attribute_id, rated_id, coalesce(segment, '(nobody)')

),

final as (

    select
        answers.entity_id,
        answers.fiscal_year,
        answers.period_index,
        answers.response_id,
        answers.respondent_id,
        answers.customer_id,
        answers.segment,
        answers.rated_id,
        answers.confidentiality,
        answers.is_named,
        answers.survey_id,
        answers.question_id,
        answers.attribute_id,
        answers.term,
        answers.weight_units,
        answers.asked_weight_units,
        answers.score_units
    from answers
    left join not_named
        on
            answers.entity_id = not_named.entity_id
            and answers.fiscal_year = not_named.fiscal_year
            and answers.attribute_id = not_named.attribute_id
            and answers.rated_id = not_named.rated_id
            and coalesce(answers.segment, '(nobody)') = not_named.cell_id
            and answers.is_year_over
    where
        answers.is_named
        or not_named.clusters_count >= not_named.minimum_count

)

select * from final
