-- How many of a customer's named invitations of the trailing window were answered (R29).
with

periods as (

    select
        entity_id,
        customer_id,
        role,
        period_index,
        count(*) as invited_count,
        sum(is_answered) as answered_count
    from {{ ref('int_survey_invitations') }}
    where is_named and customer_id is not null
    group by entity_id, customer_id, role, period_index

),

final as (

    select
        periods.entity_id,
        periods.customer_id,
        windows.window_period_index,
        sum(periods.invited_count) as invited_count,
        sum(periods.answered_count) as answered_count,
        {{ share_units('sum(periods.answered_count)', 'sum(periods.invited_count)') }}
            as response_rate_units
    from periods
    inner join {{ ref('int_value_windows') }} as windows
        on
            periods.entity_id = windows.entity_id
            and periods.period_index = windows.period_index
            and windows.window_kind = 'trailing'
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            periods.entity_id = parameters.entity_id
            and windows.window_period_index = parameters.period_index
            and periods.role = parameters.respondent_role
    group by periods.entity_id, periods.customer_id, windows.window_period_index

)

select * from final
