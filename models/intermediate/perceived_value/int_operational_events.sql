-- What happened to customers that a policy counts for or against perceived value. One event feeds
-- one term; a delivery that is late and damaged is two events (R24). Each is dated by the day it
-- could be known: lateness the day after the promise (R28). What a source does not say of a
-- delivery or a case did not fail to happen: the row of either lists it as not measured.
with

deliveries as (

    select
        deliveries.entity_id,
        deliveries.record_source,
        deliveries.source_id,
        documents.customer_id,
        deliveries.promised_on,
        deliveries.delivered_on,
        deliveries.attempts,
        deliveries.damaged,
        case when deliveries.attempts is null then '|delivery_repeated|' else '' end
        || case when deliveries.damaged is null then '|delivery_damaged|' else '' end
            as not_measured,
        coalesce(deliveries.delivered_on, deliveries.promised_on) as received_on,
        cast({{ dbt.dateadd('day', 1, 'deliveries.promised_on') }} as date) as late_on
    from {{ ref('input_deliveries') }} as deliveries
    inner join {{ ref('int_document_customers') }} as documents
        on
            deliveries.entity_id = documents.entity_id
            and deliveries.document_id = documents.document_id

),

cases as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        cast(opened_at as date) as opened_on,
        contacts,
        reopens,
        transfers,
        wait_minutes,
        case when contacts is null then '|case_contact|' else '' end
        || case when reopens is null then '|case_reopened|' else '' end
        || case when transfers is null then '|case_transferred|' else '' end
        || case when wait_minutes is null then '|case_waiting|' else '' end
            as not_measured
    from {{ ref('input_service_cases') }}
    where customer_id <> '{{ var("unknown_customer_id") }}'

),

events as (

    select
        entity_id, record_source, source_id, customer_id,
        'delivery_received' as event_type, received_on as event_date,
        cast(1 as decimal(18, 4)) as quantity,
        not_measured
    from deliveries
    where delivered_on is not null

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'delivery_late' as event_type, late_on as event_date,
        cast(1 as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from deliveries
    where delivered_on > promised_on or delivered_on is null

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'delivery_repeated' as event_type, received_on as event_date,
        cast(attempts - 1 as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from deliveries
    where attempts > 1

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'delivery_damaged' as event_type, received_on as event_date,
        cast(1 as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from deliveries
    where damaged and delivered_on is not null

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'case_opened' as event_type, opened_on as event_date,
        cast(1 as decimal(18, 4)) as quantity,
        not_measured
    from cases

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'case_contact' as event_type, opened_on as event_date,
        cast(contacts as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from cases
    where contacts > 0

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'case_waiting' as event_type, opened_on as event_date,
        cast(wait_minutes as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from cases
    where wait_minutes > 0

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'case_reopened' as event_type, opened_on as event_date,
        cast(reopens as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from cases
    where reopens > 0

    union all

    select
        entity_id, record_source, source_id, customer_id,
        'case_transferred' as event_type, opened_on as event_date,
        cast(transfers as decimal(18, 4)) as quantity,
        cast(null as string) as not_measured
    from cases
    where transfers > 0

),

final as (

    select
        events.entity_id,
        events.record_source,
        events.source_id,
        events.event_type,
        events.customer_id,
        events.event_date,
        events.quantity,
        events.not_measured,
        days.month_start_date,
        days.period_index
    from events
    inner join {{ ref('int_entity_days') }} as days
        on
            events.entity_id = days.entity_id
            and events.event_date = days.date_day

)

select * from final
