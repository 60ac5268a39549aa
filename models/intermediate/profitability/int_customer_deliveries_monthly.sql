-- Deliveries by customer. A delivery is work when it happens; one whose document is not known is
-- the unknown customer's.
with

final as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        coalesce(documents.customer_id, '{{ var("unknown_customer_id") }}') as customer_id,
        cast(count(*) as bigint) as deliveries_count,
        cast(sum(events.attempts) as bigint) as attempts_count
    from {{ ref('input_deliveries') }} as events
    {{ booked_days('events', 'deliveries', 'delivered_on') }}
    left join {{ ref('int_document_customers') }} as documents
        on
            events.entity_id = documents.entity_id
            and events.document_id = documents.document_id
    where {{ is_booked() }}
    group by
        events.entity_id,
        {{ booked_month() }},
        coalesce(documents.customer_id, '{{ var("unknown_customer_id") }}')

)

select * from final
