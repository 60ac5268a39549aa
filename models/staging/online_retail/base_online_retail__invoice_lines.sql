{{ config(materialized='table') }}
-- Invoice lines with a number of their own, since the file has none: their place when the lines of
-- an invoice are sorted by all their columns. Lines that are equal throughout are real lines and
-- get different numbers. A table: every reader needs the sort.
with

lines as (

    select
        invoiceno as invoice_number,
        upper(trim(stockcode)) as stock_code,
        trim(description) as description,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(unitprice as decimal(18, 4)) as unit_price,
        invoicedate as invoiced_at,
        cast(cast(customerid as bigint) as {{ dbt.type_string() }}) as customer_id,
        trim(country) as country
    from {{ source('online_retail', 'invoice_lines') }}

),

final as (

    select
        invoice_number,
        cast(row_number() over (
            partition by invoice_number
            order by
                invoiced_at nulls last,
                stock_code nulls last,
                description nulls last,
                quantity nulls last,
                unit_price nulls last,
                customer_id nulls last,
                country nulls last
        ) as bigint) as line_number,
        stock_code,
        description,
        quantity,
        unit_price,
        cast(quantity * unit_price as decimal(18, 4)) as net_amount,
        invoiced_at,
        customer_id,
        country
    from lines

)

select * from final
