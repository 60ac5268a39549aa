-- One invitation of one respondent, and whether anything came back. Competitor questions of the
-- same invitation do not make a second one. An entity whose sources never tell of silence delivers
-- answers and not invitations: who was asked is not known, and there is no row.
with

invited as (

    select
        entity_id,
        response_id,
        coalesce(respondent_id, customer_id, response_id) as respondent_id,
        case when customer_id <> '{{ var("unknown_customer_id") }}' then customer_id end
            as customer_id,
        role,
        confidentiality = 'named' as is_named,
        cast(coalesce(asked_at, answered_at) as date) as asked_on,
        case when score is not null and answered_at is not null then 1 else 0 end as is_answered
    from {{ ref('input_survey_responses') }}

),

invitations as (

    select
        invited.entity_id,
        invited.response_id,
        invited.respondent_id,
        invited.customer_id,
        invited.role,
        invited.is_named,
        min(days.period_index) as period_index,
        max(invited.is_answered) as is_answered
    from invited
    inner join {{ ref('int_entity_days') }} as days
        on
            invited.entity_id = days.entity_id
            and invited.asked_on = days.date_day
    group by
        invited.entity_id, invited.response_id, invited.respondent_id, invited.customer_id,
        invited.role, invited.is_named

),

silent_entities as (

    select distinct entity_id
    from invitations
    where is_answered = 0

),

final as (

    select
        invitations.entity_id,
        invitations.response_id,
        invitations.respondent_id,
        invitations.customer_id,
        invitations.role,
        invitations.is_named,
        invitations.period_index,
        invitations.is_answered
    from invitations
    inner join silent_entities
        on invitations.entity_id = silent_entities.entity_id

)

select * from final
