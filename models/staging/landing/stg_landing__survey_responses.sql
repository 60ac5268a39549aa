with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, response_id || '|' || question_id || '|' || coalesce(competitor_id, ''))
            as source_id,
        response_id,
        respondent_id,
        customer_id,
        coalesce(role, 'payer') as role,
        document_id,
        coalesce(asked_at, answered_at) as asked_at,
        answered_at,
        survey_id,
        question_id,
        score,
        coalesce(scale_min, 1) as scale_min,
        coalesce(scale_max, 10) as scale_max,
        competitor_id,
        coalesce(weight, 1) as weight,
        coalesce(confidentiality, 'confidential') as confidentiality,
        comment_text,
        coalesce(recorded_at, coalesce(answered_at, asked_at)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'survey_responses') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        response_id,
        respondent_id,
        customer_id,
        role,
        document_id,
        asked_at,
        answered_at,
        survey_id,
        question_id,
        score,
        scale_min,
        scale_max,
        competitor_id,
        weight,
        confidentiality,
        comment_text,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when response_id is null then 'missing_response_id'
            when respondent_id is null then 'missing_respondent_id'
            when survey_id is null then 'missing_survey_id'
            when question_id is null then 'missing_question_id'
            when scale_max <= scale_min then 'empty_scale'
            when score < scale_min or score > scale_max then 'score_outside_scale'
            when score is not null and answered_at is null then 'answer_without_time'
            when weight <= 0 then 'weight_not_above_zero'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
