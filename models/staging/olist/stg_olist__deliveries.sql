-- One promise an order. Goods on the promised day are on time, whatever the hour. An order that was
-- called off before delivery is no longer a promise and is set aside. How often a courier came and
-- whether goods were damaged, Olist does not say.
with

final as (

    select
        'olist' as entity_id,
        'olist' as record_source,
        coalesce(order_id, '') as source_id,
        order_id as document_id,
        promised_on,
        delivered_on,
        cast(null as bigint) as attempts,
        cast(null as boolean) as damaged,
        ordered_at as recorded_at,
        case
            when order_id is null then 'missing_document_id'
            when promised_on is null then 'missing_promised_on'
            when order_status in ('canceled', 'unavailable') and delivered_on is null
                then 'order_called_off'
        end as quarantine_reason,
        case
            when order_status in ('canceled', 'unavailable') and delivered_on is null
                then 'status ' || order_status
        end as quarantine_detail
    from {{ ref('base_olist__orders') }}

)

select * from final
