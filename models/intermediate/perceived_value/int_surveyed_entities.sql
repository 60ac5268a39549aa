-- Entities that asked anyone anything. A model of its own, so that new answers do not make every
-- period due that only asks whether there are any.
with

final as (

    select distinct entity_id
    from {{ ref('int_survey_answers_scored') }}

)

select * from final
