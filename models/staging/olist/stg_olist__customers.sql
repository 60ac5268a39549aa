-- The file has a key for every order; the person behind it is the customer, an order or not.
with

persons as (

    select
        customers.customer_unique_id as customer_id,
        min(orders.order_purchase_timestamp) as first_ordered_at
    from {{ source('olist', 'customers') }} as customers
    left join {{ source('olist', 'orders') }} as orders
        on customers.customer_id = orders.customer_id
    group by customers.customer_unique_id

),

final as (

    select
        'olist' as entity_id,
        'olist' as record_source,
        coalesce(customer_id, '') as source_id,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as name,
        'person' as party_type,
        cast(null as {{ dbt.type_string() }}) as parent_customer_id,
        'Marketplace buyer' as segment,
        'BR' as country,
        cast(first_ordered_at as date) as acquired_on,
        cast(null as date) as closed_on,
        cast(null as {{ dbt.type_string() }}) as lock_in_level,
        cast(null as {{ dbt.type_string() }}) as partner_entity_id,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        coalesce(first_ordered_at, cast('1900-01-01' as timestamp)) as recorded_at,
        case when customer_id is null then 'missing_customer_id' end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from persons

)

select * from final
