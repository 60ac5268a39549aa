-- What was promised in public against what was done, by fiscal year. A promise about each event
-- ("no longer than ten minutes") is a promise of all of them; an open event counts once it can no
-- longer keep it. What no measure of ours can show is listed as not measured.
with

last_days as (

    select
        entity_id,
        max(month_end_date) as last_day
    from {{ ref('int_entity_months') }}
    group by entity_id

),

deliveries as (

    select
        entity_id,
        'on_time_share' as measure,
        promised_on as event_date,
        cast(null as decimal(18, 4)) as quantity,
        true as is_over,
        1 - is_late as is_on_time
    from {{ ref('int_deliveries_due') }}

),

cases as (

    select
        cases.entity_id,
        'wait_minutes' as measure,
        cast(cases.opened_at as date) as event_date,
        cases.wait_minutes as quantity,
        true as is_over,
        0 as is_on_time
    from {{ ref('input_service_cases') }} as cases
    where cases.wait_minutes is not null

    union all

    select
        cases.entity_id,
        'case_days' as measure,
        cast(cases.opened_at as date) as event_date,
        cast(
            {{ dbt.datediff(
                'cast(cases.opened_at as date)',
                'coalesce(cast(cases.closed_at as date), last_days.last_day)',
                'day'
            ) }}
            as decimal(18, 4)
        ) as quantity,
        cases.closed_at is not null as is_over,
        0 as is_on_time
    from {{ ref('input_service_cases') }} as cases
    inner join last_days
        on cases.entity_id = last_days.entity_id

),

events as (

    select entity_id, measure, event_date, quantity, is_over, is_on_time
    from deliveries

    union all

    select entity_id, measure, event_date, quantity, is_over, is_on_time
    from cases

),

-- an event counts for a promise that had been published
outcomes as (

    select
        promises.entity_id,
        promises.promise_id,
        months.fiscal_year,
        {{ to_units('events.quantity', 4) }} as quantity_units,
        case
            when events.measure = 'on_time_share' then events.is_on_time
            when events.quantity <= promises.target_value then 1
            else 0
        end as is_kept
    from {{ ref('input_promises') }} as promises
    inner join events
        on
            promises.entity_id = events.entity_id
            and promises.measure = events.measure
            and promises.promised_on <= events.event_date
    inner join {{ ref('int_entity_days') }} as days
        on
            events.entity_id = days.entity_id
            and events.event_date = days.date_day
    inner join {{ ref('int_entity_months') }} as months
        on
            days.entity_id = months.entity_id
            and days.month_start_date = months.month_start_date
    where
        promises.target_value is not null
        and (
            events.is_over
            or events.quantity > promises.target_value
        )

),

totalled as (

    select
        entity_id,
        promise_id,
        fiscal_year,
        count(*) as events_count,
        {{ share_units('sum(is_kept)', 'count(*)') }} as kept_share_units,
        {{ divide_rounded('sum(quantity_units)', 'nullif(count(quantity_units), 0)') }}
            as mean_units
    from outcomes
    group by entity_id, promise_id, fiscal_year

),

years as (

    select
        entity_id,
        fiscal_year,
        max(month_end_date) as last_day
    from {{ ref('int_entity_months') }}
    group by entity_id, fiscal_year

),

compared as (

    select
        promises.entity_id,
        years.fiscal_year,
        promises.promise_id,
        promises.statement,
        promises.promised_on,
        promises.measure,
        promises.target_value,
        totalled.events_count,
        totalled.kept_share_units,
        totalled.mean_units,
        case
            when totalled.events_count is null then null
            when promises.measure = 'on_time_share'
                then cast(promises.target_value as decimal(18, 9))
            else cast(1 as decimal(18, 9))
        end as promised_share,
        case when totalled.events_count is not null
                then {{ share_end('totalled.kept_share_units', 'totalled.events_count', '-') }}
        end as kept_share_low,
        case when totalled.events_count is not null
                then {{ share_end('totalled.kept_share_units', 'totalled.events_count', '+') }}
        end as kept_share_high
    from {{ ref('input_promises') }} as promises
    inner join years
        on
            promises.entity_id = years.entity_id
            and promises.promised_on <= years.last_day
    left join totalled
        on
            promises.entity_id = totalled.entity_id
            and promises.promise_id = totalled.promise_id
            and years.fiscal_year = totalled.fiscal_year

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        promise_id,
        statement,
        promised_on,
        measure,
        target_value,
        {{ units_to_money('mean_units') }} as delivered_mean,
        promised_share,
        {{ units_to_score('kept_share_units') }} as kept_share,
        kept_share_low,
        kept_share_high,
        cast({{ units_to_score('kept_share_units') }} - promised_share as decimal(18, 9))
            as say_do_gap,
        case when events_count is not null then cast(1 as decimal(18, 9)) end as own_answer_share,
        cast(coalesce(events_count, 0) as bigint) as events_count,
        case
            when events_count is not null then 'share of events; beta posterior' else 'none'
        end as method,
        case
            when events_count is null then 'not_measured'
            when {{ units_to_score('kept_share_units') }} >= promised_share then 'kept'
            when kept_share_high < promised_share then 'broken'
            else 'unclear'
        end as promise_status
    from compared

)

select * from final
