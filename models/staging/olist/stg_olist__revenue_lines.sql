-- One line an item. Olist is an agent: the price is gross merchandise value, most of it the
-- seller's.
with

final as (

    select
        'olist' as entity_id,
        'olist' as record_source,
        items.order_id || '|' || cast(items.order_item_id as {{ dbt.type_string() }}) as source_id,
        items.order_id as document_id,
        items.order_item_id as line_number,
        'invoice' as document_type,
        cast(null as {{ dbt.type_string() }}) as original_document_id,
        orders.ordered_on as posted_on,
        cast(null as date) as service_period,
        coalesce(orders.customer_id, '{{ var("unknown_customer_id") }}') as customer_id,
        items.product_id,
        'marketplace' as channel,
        cast(1 as decimal(18, 4)) as quantity,
        cast(items.price as decimal(18, 4)) as list_amount,
        cast(0 as decimal(18, 4)) as discount_amount,
        cast(0 as decimal(18, 4)) as rebate_amount,
        cast(items.price as decimal(18, 4)) as net_amount,
        cast(null as decimal(18, 4)) as functional_amount,
        cast(coalesce(items.freight_value, 0) as decimal(18, 4)) as freight_charged_amount,
        cast(null as decimal(18, 4)) as freight_paid_amount,
        cast(0 as decimal(18, 4)) as tax_amount,
        cast(null as decimal(18, 4)) as direct_cost_amount,
        'BRL' as currency,
        orders.ordered_at as recorded_at,
        case
            when items.order_id is null then 'missing_document_id'
            when items.order_item_id is null then 'missing_line_number'
            when orders.order_id is null then 'unknown_order'
            when orders.ordered_on is null then 'missing_posted_on'
            when items.price is null then 'missing_net_amount'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from {{ source('olist', 'order_items') }} as items
    left join {{ ref('base_olist__orders') }} as orders
        on items.order_id = orders.order_id

)

select * from final
