-- An order with the person behind its customer key.
with

final as (

    select
        orders.order_id,
        customers.customer_unique_id as customer_id,
        orders.order_status,
        cast(orders.order_purchase_timestamp as date) as ordered_on,
        orders.order_purchase_timestamp as ordered_at,
        cast(orders.order_estimated_delivery_date as date) as promised_on,
        cast(orders.order_delivered_customer_date as date) as delivered_on
    from {{ source('olist', 'orders') }} as orders
    left join {{ source('olist', 'customers') }} as customers
        on orders.customer_id = customers.customer_id

)

select * from final
