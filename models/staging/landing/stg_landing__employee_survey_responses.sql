with

{{ rows_with_source_id(
    source('landing', 'employee_survey_responses'), 'employee_survey_responses', [
    'respondent_id', 'grade', 'function', 'statement_id', 'agrees', 'asked_at',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        respondent_id,
        grade,
        function,
        statement_id,
        agrees,
        asked_at,
        coalesce(recorded_at, asked_at) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        respondent_id,
        grade,
        function,
        statement_id,
        agrees,
        asked_at,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when grade is null then 'missing_grade'
            when statement_id is null then 'missing_statement_id'
            when asked_at is null then 'missing_asked_at'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
