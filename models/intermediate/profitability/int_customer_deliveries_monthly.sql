-- Deliveries by customer. A delivery is work when it happens; one whose document is not known is
-- the unknown customer's. It took at least one attempt; where no delivery of the period says how
-- many, attempts are not measured and drive nothing.
with

final as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        coalesce(documents.customer_id, '{{ var("unknown_customer_id") }}') as customer_id,
        cast(count(*) as bigint) as deliveries_count,
        cast(
            case
                when
                    sum(count(events.attempts)) over (
                        partition by events.entity_id, {{ booked_month() }}
                    ) > 0
                    then sum(coalesce(events.attempts, 1))
            end as bigint
        ) as attempts_count
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
