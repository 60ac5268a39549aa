-- Where rows are booked that were recorded while their own period was closed: in the first later
-- period that was open when they were recorded. Closing that one later moves nothing, since the row
-- was known by then. Without an open period yet, the row waits for one. Each way stands in both
-- periods (is_origin in the row's own), so that either is due when it changes.
with

intervals as (

    select
        closed.entity_id,
        closed.month_start_date,
        closed.closed_at,
        closed.reopened_at,
        months.period_index
    from {{ source('books', 'closed_intervals') }} as closed
    inner join {{ ref('int_entity_months') }} as months
        on
            closed.entity_id = months.entity_id
            and closed.month_start_date = months.month_start_date
    where closed.kind = 'profit'

),

points as (

    select entity_id, closed_at as recorded_from from intervals
    union distinct
    select entity_id, reopened_at as recorded_from from intervals

),

spans as (

    select
        entity_id,
        recorded_from,
        lead(recorded_from) over (partition by entity_id order by recorded_from) as recorded_before
    from points

),

late as (

    select
        intervals.entity_id,
        intervals.month_start_date,
        intervals.period_index,
        spans.recorded_from,
        spans.recorded_before
    from intervals
    inner join spans
        on
            intervals.entity_id = spans.entity_id
            and spans.recorded_from >= intervals.closed_at
            and spans.recorded_from < intervals.reopened_at
    -- a company may book late rows in their own period, and restate it each time
    left join {{ ref('int_costing_parameters_monthly') }} as parameters
        on
            intervals.entity_id = parameters.entity_id
            and intervals.month_start_date = parameters.month_start_date
            and parameters.parameter = 'late_postings'
    where coalesce(parameters.value, 'open_period') = 'open_period'

),

open_periods as (

    select
        late.entity_id,
        late.month_start_date,
        late.recorded_from,
        min(months.period_index) as booked_period_index
    from late
    inner join {{ ref('int_entity_months') }} as months
        on
            late.entity_id = months.entity_id
            and late.period_index < months.period_index
    left join intervals
        on
            months.entity_id = intervals.entity_id
            and months.period_index = intervals.period_index
            and late.recorded_from >= intervals.closed_at
            and late.recorded_from < intervals.reopened_at
    where intervals.entity_id is null
    group by late.entity_id, late.month_start_date, late.recorded_from

),

ways as (

    select
        late.entity_id,
        late.month_start_date,
        late.recorded_from,
        late.recorded_before,
        open_periods.booked_period_index,
        months.month_start_date as booked_month_start_date
    from late
    left join open_periods
        on
            late.entity_id = open_periods.entity_id
            and late.month_start_date = open_periods.month_start_date
            and late.recorded_from = open_periods.recorded_from
    left join {{ ref('int_entity_months') }} as months
        on
            open_periods.entity_id = months.entity_id
            and open_periods.booked_period_index = months.period_index

),

final as (

    select
        entity_id,
        month_start_date,
        month_start_date as original_month_start_date,
        recorded_from,
        recorded_before,
        booked_month_start_date,
        booked_period_index,
        true as is_origin
    from ways

    union all

    select
        entity_id,
        booked_month_start_date as month_start_date,
        month_start_date as original_month_start_date,
        recorded_from,
        recorded_before,
        booked_month_start_date,
        booked_period_index,
        false as is_origin
    from ways
    where booked_month_start_date is not null

)

select * from final
