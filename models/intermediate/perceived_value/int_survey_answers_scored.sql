-- One answer about us or a competitor on the common item scale of 1 to 10, in units of 10^-9
-- (R20): more always means more of the thing, so reversed items are turned round. An answer that is
-- not named counts in the period in which it was recorded: one that came late into a period already
-- told would be the difference of two publications. A customer whom nothing but a survey knows is
-- nobody's: his answers would move par and variances, and stand in no customer's row.
{%- set one = 1000000000 %}
with

answered as (

    select
        entity_id,
        record_source,
        source_id,
        response_id,
        coalesce(respondent_id, customer_id, response_id) as respondent_id,
        case when customer_id <> '{{ var("unknown_customer_id") }}' then customer_id end
            as customer_id,
        coalesce(competitor_id, '(own)') as rated_id,
        role,
        confidentiality,
        survey_id,
        question_id,
        document_id,
        cast(answered_at as date) as answered_on,
        cast(case
            when confidentiality = 'named' then answered_at
            else greatest(answered_at, recorded_at)
        end as date) as counted_on,
        {{ score_units('weight') }} as design_weight_units,
        {{ score_units('score') }} as raw_units,
        {{ score_units('scale_min') }} as low_units,
        {{ score_units('scale_max') }} as high_units
    from {{ ref('input_survey_responses') }}
    where
        score is not null
        and answered_at is not null
        and scale_max > scale_min
        and score between scale_min and scale_max

),

scaled as (

    select
        answered.entity_id,
        answered.record_source,
        answered.source_id,
        answered.response_id,
        answered.respondent_id,
        answered.customer_id,
        answered.rated_id,
        answered.role,
        answered.confidentiality,
        answered.survey_id,
        answered.question_id,
        answered.document_id,
        answered.answered_on,
        answered.design_weight_units,
        days.month_start_date,
        days.period_index,
        questions.attribute_id,
        questions.term,
        questions.direction,
        questions.weight_units,
        questions.asked_weight_units,
        {{ one }} + {{ divide_rounded(
            '(9 * (answered.raw_units - answered.low_units) * ' ~ one ~ ')',
            '(answered.high_units - answered.low_units)'
        ) }} as upward_units
    from answered
    inner join {{ ref('int_entity_days') }} as days
        on
            answered.entity_id = days.entity_id
            and answered.counted_on = days.date_day
    inner join {{ ref('int_value_questions') }} as questions
        on
            answered.entity_id = questions.entity_id
            and days.period_index = questions.period_index
            and answered.survey_id = questions.survey_id
            and answered.question_id = questions.question_id
    left join {{ ref('int_customers') }} as customers
        on
            answered.entity_id = customers.entity_id
            and answered.customer_id = customers.customer_id
    where answered.customer_id is null or customers.customer_id is not null

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        response_id,
        respondent_id,
        customer_id,
        rated_id,
        role,
        confidentiality,
        confidentiality = 'named' as is_named,
        survey_id,
        question_id,
        attribute_id,
        term,
        weight_units,
        asked_weight_units,
        design_weight_units,
        document_id,
        answered_on,
        month_start_date,
        period_index,
        case direction
            when 'reversed' then {{ 11 * one }} - upward_units
            else upward_units
        end as score_units
    from scaled

)

select * from final
