-- Share of invitations of the trailing window that were answered, for the entity, its segments, and
-- each supplier by the invitations that asked about him; for ourselves beside the competitors, by
-- those that asked about any, customers or others (R29). Invitations of those whose role is read
-- count, in every survey and confidentiality. Who took part is not what was said: the rate stands
-- in closed rows too, in whole percents, unless fewer than the minimum took part.
with

invited as (

    select
        invitations.entity_id,
        invitations.response_id,
        invitations.customer_id,
        invitations.period_index,
        invitations.is_answered
    from {{ ref('int_survey_invitations') }} as invitations
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            invitations.entity_id = parameters.entity_id
            and invitations.period_index = parameters.period_index
            and invitations.role = parameters.respondent_role

),

periods as (

    select
        invited.entity_id,
        invited.period_index,
        coalesce(customers.segment, '(none)') as segment,
        count(*) as invited_count,
        sum(invited.is_answered) as answered_count
    from invited
    inner join {{ ref('int_customers') }} as customers
        on
            invited.entity_id = customers.entity_id
            and invited.customer_id = customers.customer_id
    group by
        invited.entity_id, invited.period_index, coalesce(customers.segment, '(none)')

),

asked_about as (

    select distinct
        entity_id,
        response_id,
        competitor_id as rated_id
    from {{ ref('input_survey_responses') }}
    where competitor_id is not null

),

supplier_questions as (

    select entity_id, response_id, rated_id
    from asked_about

    union all

    select distinct entity_id, response_id, '(own)' as rated_id
    from asked_about

),

suppliers as (

    select
        invited.entity_id,
        invited.period_index,
        supplier_questions.rated_id,
        invited.customer_id is not null as is_customer,
        count(*) as invited_count,
        sum(invited.is_answered) as answered_count
    from invited
    inner join supplier_questions
        on
            invited.entity_id = supplier_questions.entity_id
            and invited.response_id = supplier_questions.response_id
    group by
        invited.entity_id, invited.period_index, supplier_questions.rated_id,
        invited.customer_id is not null

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

    union all

    select
        entity_id, period_index, 'supplier' as map_level, rated_id,
        invited_count, answered_count
    from suppliers

    union all

    select
        entity_id, period_index, 'raters' as map_level,
        case when is_customer then 'customers' else 'others' end as rated_id,
        invited_count, answered_count
    from suppliers
    where rated_id = '(own)'

),

-- the trailing window to the last period of a year is the year
months as (

    select
        entity_id,
        period_index,
        case
            when period_index = max(period_index) over (partition by entity_id, fiscal_year)
                then fiscal_year
        end as fiscal_year
    from {{ ref('int_entity_months') }}

),

final as (

    select
        levels.entity_id,
        windows.window_period_index,
        max(months.fiscal_year) as fiscal_year,
        levels.map_level,
        levels.rated_id,
        case
            when sum(levels.answered_count) >= max(parameters.aggregate_minimum_customers)
                then {{ response_rate_units(
                    'sum(levels.answered_count)', 'sum(levels.invited_count)'
                ) }}
        end as response_rate_units
    from levels
    inner join {{ ref('int_value_windows') }} as windows
        on
            levels.entity_id = windows.entity_id
            and levels.period_index = windows.period_index
            and windows.window_kind = 'trailing'
    inner join months
        on
            windows.entity_id = months.entity_id
            and windows.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            windows.entity_id = parameters.entity_id
            and windows.window_period_index = parameters.period_index
    group by
        levels.entity_id, windows.window_period_index, levels.map_level, levels.rated_id

)

select * from final
