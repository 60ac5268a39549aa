-- Share of invitations of the trailing window that were answered, for the entity and its segments
-- (R29). Invitations of customers in every confidentiality count.
with

periods as (

    select
        invitations.entity_id,
        invitations.period_index,
        coalesce(customers.segment, '(none)') as segment,
        count(*) as invited_count,
        sum(invitations.is_answered) as answered_count
    from {{ ref('int_survey_invitations') }} as invitations
    inner join {{ ref('int_customers') }} as customers
        on
            invitations.entity_id = customers.entity_id
            and invitations.customer_id = customers.customer_id
    group by
        invitations.entity_id, invitations.period_index, coalesce(customers.segment, '(none)')

),

levels as (

    select
        entity_id, period_index, 'segment' as map_level, segment as rated_id,
        invited_count, answered_count
    from periods

    union all

    select
        entity_id, period_index, 'entity' as map_level, '(all)' as rated_id,
        invited_count, answered_count
    from periods

),

final as (

    select
        levels.entity_id,
        windows.window_period_index,
        levels.map_level,
        levels.rated_id,
        sum(levels.invited_count) as invited_count,
        sum(levels.answered_count) as answered_count
    from levels
    inner join {{ ref('int_value_windows') }} as windows
        on
            levels.entity_id = windows.entity_id
            and levels.period_index = windows.period_index
            and windows.window_kind = 'trailing'
    group by
        levels.entity_id, windows.window_period_index, levels.map_level, levels.rated_id

)

select * from final
