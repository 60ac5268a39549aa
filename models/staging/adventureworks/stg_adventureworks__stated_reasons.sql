-- The file repeats a reason on every line of an order; the customer gave it once, for the order.
with

orders as (

    select
        sales.document_id,
        min(customers.customeralternatekey) as customer_id,
        min(territories.entity_id) as entity_id,
        min(sales.ordered_on) as ordered_on
    from {{ ref('base_adventureworks__internet_sales') }} as sales
    left join {{ source('adventureworks', 'dim_customer') }} as customers
        on sales.customer_key = customers.customerkey
    left join {{ ref('base_adventureworks__territories') }} as territories
        on sales.territory_key = territories.territory_key
    group by sales.document_id

),

stated as (

    select distinct
        salesordernumber as document_id,
        salesreasonkey as reason_key
    from {{ source('adventureworks', 'fact_internet_sales_reason') }}

),

final as (

    select
        coalesce(orders.entity_id, 'adventureworks_unknown') as entity_id,
        'adventureworks' as record_source,
        coalesce(stated.document_id, '') || '|'
        || coalesce(cast(stated.reason_key as {{ dbt.type_string() }}), '') as source_id,
        orders.customer_id,
        stated.document_id,
        -- one name in the file has a doubled blank
        trim(replace(reasons.salesreasonname, '  ', ' ')) as reason,
        orders.ordered_on as stated_on,
        cast(orders.ordered_on as timestamp) as recorded_at,
        case
            when orders.customer_id is null then 'missing_customer_id'
            when reasons.salesreasonname is null then 'missing_reason'
            when orders.entity_id is null then 'unknown_territory'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from stated
    left join orders
        on stated.document_id = orders.document_id
    left join {{ source('adventureworks', 'dim_sales_reason') }} as reasons
        on stated.reason_key = reasons.salesreasonkey

)

select * from final
