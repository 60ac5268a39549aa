-- Answers to questions that stand for themselves, by block of periods: the latest of a respondent
-- to whether he would recommend us ('recommendation') and what he says matters to him
-- ('importance'), by segment.
with

answers as (

    select
        answers.entity_id,
        windows.window_period_index as block_period_index,
        case answers.term when 'importance' then 'importance' else 'recommendation' end as family,
        coalesce(customers.segment, '(none)') as cell_id,
        answers.customer_id,
        answers.respondent_id,
        answers.is_named,
        answers.attribute_id,
        answers.score_units,
        answers.answered_on,
        answers.period_index,
        row_number() over (
            partition by
                answers.entity_id, windows.window_period_index, answers.respondent_id,
                answers.is_named, answers.attribute_id
            order by
                answers.answered_on desc, answers.record_source desc, answers.source_id desc
        ) as place_from_latest
    from {{ ref('int_survey_answers_scored') }} as answers
    inner join {{ ref('int_value_windows') }} as windows
        on
            answers.entity_id = windows.entity_id
            and answers.period_index = windows.period_index
            and windows.window_kind = 'block'
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
            and answers.role = parameters.respondent_role
    inner join {{ ref('int_customers') }} as customers
        on
            answers.entity_id = customers.entity_id
            and answers.customer_id = customers.customer_id
    where
        answers.rated_id = '(own)'
        and (
            answers.term = 'importance'
            or (answers.term = 'outcome' and answers.attribute_id = 'recommend')
        )

),

final as (

    select
        entity_id,
        block_period_index,
        family,
        cell_id,
        customer_id,
        respondent_id,
        is_named,
        attribute_id,
        score_units,
        answered_on,
        period_index
    from answers
    where place_from_latest = 1

)

select * from final
