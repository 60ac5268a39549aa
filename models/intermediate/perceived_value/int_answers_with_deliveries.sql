-- What a respondent could know of his delivery when he answered (R28). A late order that was still
-- within its promise on the day of the answer was not late to the one who answered. Drivers read
-- this; hassle does not, since an answer about a delivery contains it already.
with

answers as (

    select
        answers.entity_id,
        answers.record_source,
        answers.source_id,
        answers.customer_id,
        answers.document_id,
        answers.survey_id,
        answers.question_id,
        answers.term,
        answers.is_named,
        answers.score_units,
        answers.answered_on,
        answers.period_index,
        parameters.aggregate_minimum_customers
    from {{ ref('int_survey_answers_scored') }} as answers
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
            and answers.role = parameters.respondent_role
    where
        answers.document_id is not null
        and answers.rated_id = '(own)'

),

-- a document in several parcels is as late as its last
deliveries as (

    select
        entity_id,
        document_id,
        max(promised_on) as promised_on,
        case when count(*) = count(delivered_on) then max(delivered_on) end as delivered_on
    from {{ ref('input_deliveries') }}
    where promised_on is not null
    group by entity_id, document_id

),

final as (

    select
        answers.entity_id,
        answers.record_source,
        answers.source_id,
        answers.customer_id,
        answers.document_id,
        answers.survey_id,
        answers.question_id,
        answers.term,
        answers.is_named,
        answers.score_units,
        answers.answered_on,
        answers.period_index,
        answers.aggregate_minimum_customers,
        deliveries.promised_on,
        deliveries.delivered_on,
        deliveries.delivered_on is null or deliveries.delivered_on > deliveries.promised_on
            as is_late_in_the_end,
        deliveries.delivered_on is null or answers.answered_on < deliveries.delivered_on
            as is_answered_before_delivery,
        answers.answered_on > deliveries.promised_on
        and (deliveries.delivered_on is null or deliveries.delivered_on > deliveries.promised_on)
            as is_late_when_answered
    from answers
    inner join deliveries
        on
            answers.entity_id = deliveries.entity_id
            and answers.document_id = deliveries.document_id

)

select * from final
