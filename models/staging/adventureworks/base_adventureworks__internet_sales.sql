with

final as (

    select
        salesordernumber as document_id,
        cast(salesorderlinenumber as bigint) as line_number,
        productkey as product_key,
        customerkey as customer_key,
        salesterritorykey as territory_key,
        cast(orderdate as date) as ordered_on,
        cast(orderquantity as decimal(18, 4)) as quantity,
        cast(discountamount as decimal(18, 4)) as discount_amount,
        cast(salesamount as decimal(18, 4)) as net_amount,
        cast(freight as decimal(18, 4)) as freight_charged_amount,
        cast(taxamt as decimal(18, 4)) as tax_amount,
        cast(totalproductcost as decimal(18, 4)) as direct_cost_amount,
        orderdate as recorded_at
    from {{ source('adventureworks', 'fact_internet_sales') }}

)

select * from final
