-- Deliveries whose promised day is over, or that came before it, by that day, and whether they
-- came late. The share late is one quantity: what is said of lateness, and of a promise to be on
-- time, reads it here. As for every event, a delivery of a document that is in nobody's books is
-- left out. Lateness can be known from the day after the promise (R28); not yet come is late.
with

last_days as (

    select
        entity_id,
        max(month_end_date) as last_day
    from {{ ref('int_entity_months') }}
    group by entity_id

),

final as (

    select
        deliveries.entity_id,
        deliveries.record_source,
        deliveries.source_id,
        documents.customer_id,
        deliveries.promised_on,
        days.month_start_date,
        days.period_index,
        case
            when deliveries.delivered_on is null or deliveries.delivered_on > deliveries.promised_on
                then 1
            else 0
        end as is_late
    from {{ ref('input_deliveries') }} as deliveries
    inner join last_days
        on deliveries.entity_id = last_days.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            deliveries.entity_id = days.entity_id
            and deliveries.promised_on = days.date_day
    inner join {{ ref('int_document_customers') }} as documents
        on
            deliveries.entity_id = documents.entity_id
            and deliveries.document_id = documents.document_id
    where deliveries.promised_on < last_days.last_day or deliveries.delivered_on is not null

)

select * from final
