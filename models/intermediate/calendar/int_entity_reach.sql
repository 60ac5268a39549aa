-- From when to when an entity has postings, and the last day it shows: the end of the period that
-- both revenue and ledger have reached, or the day the build was told.
with

revenue_reach as (

    select
        entity_id,
        max(posted_on) as last_revenue_on,
        min(posted_on) as first_revenue_on
    from {{ ref('input_revenue_lines') }}
    group by entity_id

),

ledger_reach as (

    select
        entity_id,
        max(posted_on) as last_ledger_on,
        min(posted_on) as first_ledger_on
    from {{ ref('input_cost_entries') }}
    where scenario = 'actual'
    group by entity_id

),

-- a closed period is shown whatever became of its rows
closed_reach as (

    select
        entity_id,
        min(month_start_date) as first_closed_on,
        max(month_start_date) as last_closed_on
    from {{ source('books', 'periods') }}
    where served_version is not null
    group by entity_id

),

reach as (

    select
        entities.entity_id,
        entities.fiscal_calendar_id,
        least(
            revenue_reach.first_revenue_on,
            ledger_reach.first_ledger_on,
            closed_reach.first_closed_on
        ) as first_posted_on,
        greatest(
            least(revenue_reach.last_revenue_on, ledger_reach.last_ledger_on),
            closed_reach.last_closed_on
        ) as reached_on
    from {{ ref('int_entities') }} as entities
    left join revenue_reach on entities.entity_id = revenue_reach.entity_id
    left join ledger_reach on entities.entity_id = ledger_reach.entity_id
    left join closed_reach on entities.entity_id = closed_reach.entity_id

),

final as (

    select
        reach.entity_id,
        reach.first_posted_on,
        coalesce(parameters.as_of_date, calendar.period_end_date) as as_of_date
    from reach
    left join {{ ref('int_fiscal_periods') }} as calendar
        on
            reach.fiscal_calendar_id = calendar.fiscal_calendar_id
            and reach.reached_on between calendar.period_start_date and calendar.period_end_date
    cross join {{ source('build', 'parameters') }} as parameters

)

select * from final
