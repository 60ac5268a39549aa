-- How much of each driver a customer used in a period, for the drivers that some pool asks for.
-- A driver is never negative: a return is work and counts one.
with

drivers_in_use as (

    select distinct
        entity_id,
        month_start_date,
        driver
    from {{ ref('int_activity_drivers_monthly') }}
    where not is_effort_only

),

revenue as (

    select
        entity_id,
        month_start_date,
        customer_id,
        orders_count,
        lines_count,
        returns_count,
        sold_quantity,
        invoiced_amount
    from {{ ref('int_customer_revenue_monthly') }}
    where is_in_ledger_scope

),

activities as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        events.customer_id,
        events.activity_type,
        sum(events.quantity) as quantity,
        sum(events.minutes) as minutes
    from {{ ref('input_activities') }} as events
    {{ booked_days('events', 'activities', 'occurred_at') }}
    where events.customer_id is not null and {{ is_booked() }}
    group by
        events.entity_id, {{ booked_month() }}, events.customer_id, events.activity_type

),

cases as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        events.customer_id,
        count(*) as quantity
    from {{ ref('input_service_cases') }} as events
    {{ booked_days('events', 'service_cases', 'opened_at') }}
    where {{ is_booked() }}
    group by events.entity_id, {{ booked_month() }}, events.customer_id

),

measured as (

    select
        entity_id,
        month_start_date,
        customer_id,
        'orders' as driver,
        orders_count as driver_quantity
    from revenue
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'lines' as driver,
        lines_count as driver_quantity
    from revenue
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'returns' as driver,
        returns_count as driver_quantity
    from revenue
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'quantity' as driver,
        sold_quantity as driver_quantity
    from revenue
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'revenue' as driver,
        invoiced_amount as driver_quantity
    from revenue
    union all
    select entity_id, month_start_date, customer_id, 'customers' as driver, 1 as driver_quantity
    from revenue
    union all
    select entity_id, month_start_date, customer_id, 'cases' as driver, quantity as driver_quantity
    from cases
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'deliveries' as driver,
        deliveries_count as driver_quantity
    from {{ ref('int_customer_deliveries_monthly') }}
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'delivery_attempts' as driver,
        attempts_count as driver_quantity
    from {{ ref('int_customer_deliveries_monthly') }}
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'activity:' || activity_type as driver,
        quantity as driver_quantity
    from activities
    union all
    select
        entity_id,
        month_start_date,
        customer_id,
        'activity_minutes:' || activity_type as driver,
        minutes as driver_quantity
    from activities

),

final as (

    select
        measured.entity_id,
        measured.month_start_date,
        measured.driver,
        measured.customer_id,
        cast(sum(measured.driver_quantity) as decimal(18, 4)) as driver_quantity
    from measured
    inner join drivers_in_use
        on
            measured.entity_id = drivers_in_use.entity_id
            and measured.month_start_date = drivers_in_use.month_start_date
            and measured.driver = drivers_in_use.driver
    where measured.driver_quantity > 0
    group by
        measured.entity_id, measured.month_start_date, measured.driver, measured.customer_id

)

select * from final
