-- What a late delivery does to the answer about it: mean score of answers about late orders less
-- that of the others, with customers as clusters, read twice (R28): late as known on the day of
-- the answer, and late in the end. The second calls many late who could not know it yet.
with

readings as (

    select
        entity_id,
        survey_id,
        question_id,
        customer_id,
        'known_when_answered' as reading,
        is_late_when_answered as is_late,
        is_late_when_answered,
        is_answered_before_delivery,
        score_units
    from {{ ref('int_answers_with_deliveries') }}
    where customer_id is not null

    union all

    select
        entity_id,
        survey_id,
        question_id,
        customer_id,
        'in_the_end' as reading,
        is_late_in_the_end as is_late,
        is_late_when_answered,
        is_answered_before_delivery,
        score_units
    from {{ ref('int_answers_with_deliveries') }}
    where customer_id is not null

),

totals as (

    select
        entity_id,
        survey_id,
        question_id,
        reading,
        count(*) as answers_count,
        count(distinct customer_id) as customers_count,
        sum(case when is_late then 1 else 0 end) as late_count,
        sum(case when is_late then 0 else 1 end) as other_count,
        sum(case when is_late and is_answered_before_delivery then 1 else 0 end)
            as late_before_delivery_count,
        sum(case when is_late <> is_late_when_answered then 1 else 0 end) as not_known_count,
        {{ divide_rounded(
            'sum(case when is_late then score_units else 0 end)',
            'nullif(sum(case when is_late then 1 else 0 end), 0)'
        ) }} as late_mean_units,
        {{ divide_rounded(
            'sum(case when is_late then 0 else score_units end)',
            'nullif(sum(case when is_late then 0 else 1 end), 0)'
        ) }} as other_mean_units
    from readings
    group by entity_id, survey_id, question_id, reading

),

-- what each customer moves the difference by
clusters as (

    select
        readings.entity_id,
        readings.survey_id,
        readings.question_id,
        readings.reading,
        readings.customer_id,
        {{ divide_rounded(
            'sum(case when readings.is_late'
            ~ ' then readings.score_units - totals.late_mean_units else 0 end)',
            'max(totals.late_count)'
        ) }} - {{ divide_rounded(
            'sum(case when readings.is_late'
            ~ ' then 0 else readings.score_units - totals.other_mean_units end)',
            'max(totals.other_count)'
        ) }} as pull_units
    from readings
    inner join totals
        on
            readings.entity_id = totals.entity_id
            and readings.survey_id = totals.survey_id
            and readings.question_id = totals.question_id
            and readings.reading = totals.reading
    where totals.late_count > 0 and totals.other_count > 0
    group by
        readings.entity_id, readings.survey_id, readings.question_id, readings.reading,
        readings.customer_id

),

pulls as (

    select
        entity_id,
        survey_id,
        question_id,
        reading,
        sum(pull_units * pull_units) as squares
    from clusters
    group by entity_id, survey_id, question_id, reading

),

final as (

    select
        totals.entity_id,
        totals.survey_id,
        totals.question_id,
        totals.reading,
        totals.answers_count,
        totals.customers_count,
        totals.late_count,
        totals.other_count,
        totals.late_before_delivery_count,
        max(totals.not_known_count) over (
            partition by totals.entity_id, totals.survey_id, totals.question_id
        ) as not_known_count,
        totals.late_mean_units,
        totals.other_mean_units,
        pulls.squares
    from totals
    left join pulls
        on
            totals.entity_id = pulls.entity_id
            and totals.survey_id = pulls.survey_id
            and totals.question_id = pulls.question_id
            and totals.reading = pulls.reading

)

select * from final
