-- A day is a Julian day number; 2450815 is 1 January 1998. A return brings no cost of its own: its
-- negative quantity takes the item's wholesale cost back.
with

lines as (

    select
        'S' || cast(ss_ticket_number as {{ dbt.type_string() }}) as document_id,
        ss_item_sk as item_sk,
        'invoice' as document_type,
        cast(null as {{ dbt.type_string() }}) as original_document_id,
        ss_sold_date_sk as day_sk,
        ss_customer_sk as customer_sk,
        'store' as channel,
        ss_quantity as quantity,
        ss_ext_list_price - ss_net_paid as discount_amount,
        ss_net_paid as net_amount,
        cast(0 as decimal(7, 2)) as freight_charged_amount,
        ss_ext_tax as tax_amount,
        ss_ext_wholesale_cost as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'store_sales') }}

    union all

    select
        'C' || cast(cs_order_number as {{ dbt.type_string() }}) as document_id,
        cs_item_sk as item_sk,
        'invoice' as document_type,
        cast(null as {{ dbt.type_string() }}) as original_document_id,
        cs_sold_date_sk as day_sk,
        cs_bill_customer_sk as customer_sk,
        'catalog' as channel,
        cs_quantity as quantity,
        cs_ext_list_price - cs_net_paid as discount_amount,
        cs_net_paid as net_amount,
        cs_ext_ship_cost as freight_charged_amount,
        cs_ext_tax as tax_amount,
        cs_ext_wholesale_cost as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'catalog_sales') }}

    union all

    select
        'W' || cast(ws_order_number as {{ dbt.type_string() }}) as document_id,
        ws_item_sk as item_sk,
        'invoice' as document_type,
        cast(null as {{ dbt.type_string() }}) as original_document_id,
        ws_sold_date_sk as day_sk,
        ws_bill_customer_sk as customer_sk,
        'web' as channel,
        ws_quantity as quantity,
        ws_ext_list_price - ws_net_paid as discount_amount,
        ws_net_paid as net_amount,
        ws_ext_ship_cost as freight_charged_amount,
        ws_ext_tax as tax_amount,
        ws_ext_wholesale_cost as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'web_sales') }}

    union all

    select
        'SR' || cast(sr_ticket_number as {{ dbt.type_string() }}) as document_id,
        sr_item_sk as item_sk,
        'return' as document_type,
        'S' || cast(sr_ticket_number as {{ dbt.type_string() }}) as original_document_id,
        sr_returned_date_sk as day_sk,
        sr_customer_sk as customer_sk,
        'store' as channel,
        -sr_return_quantity as quantity,
        cast(0 as decimal(7, 2)) as discount_amount,
        -sr_return_amt as net_amount,
        cast(0 as decimal(7, 2)) as freight_charged_amount,
        -sr_return_tax as tax_amount,
        cast(null as decimal(7, 2)) as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'store_returns') }}

    union all

    select
        'CR' || cast(cr_order_number as {{ dbt.type_string() }}) as document_id,
        cr_item_sk as item_sk,
        'return' as document_type,
        'C' || cast(cr_order_number as {{ dbt.type_string() }}) as original_document_id,
        cr_returned_date_sk as day_sk,
        cr_returning_customer_sk as customer_sk,
        'catalog' as channel,
        -cr_return_quantity as quantity,
        cast(0 as decimal(7, 2)) as discount_amount,
        -cr_return_amount as net_amount,
        cast(0 as decimal(7, 2)) as freight_charged_amount,
        -cr_return_tax as tax_amount,
        cast(null as decimal(7, 2)) as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'catalog_returns') }}

    union all

    select
        'WR' || cast(wr_order_number as {{ dbt.type_string() }}) as document_id,
        wr_item_sk as item_sk,
        'return' as document_type,
        'W' || cast(wr_order_number as {{ dbt.type_string() }}) as original_document_id,
        wr_returned_date_sk as day_sk,
        wr_returning_customer_sk as customer_sk,
        'web' as channel,
        -wr_return_quantity as quantity,
        cast(0 as decimal(7, 2)) as discount_amount,
        -wr_return_amt as net_amount,
        cast(0 as decimal(7, 2)) as freight_charged_amount,
        -wr_return_tax as tax_amount,
        cast(null as decimal(7, 2)) as direct_cost_amount,
        unparsable_cells
    from {{ source('tpcds', 'web_returns') }}

),

final as (

    select
        'tpcds' as entity_id,
        'tpcds' as record_source,
        document_id || '|' || cast(item_sk as {{ dbt.type_string() }}) as source_id,
        document_id,
        cast(item_sk as bigint) as line_number,
        document_type,
        original_document_id,
        cast({{ dbt.dateadd('day', 'day_sk - 2450815', "date '1998-01-01'") }} as date)
            as posted_on,
        cast(null as date) as service_period,
        coalesce(
            cast(customer_sk as {{ dbt.type_string() }}), '{{ var("unknown_customer_id") }}'
        ) as customer_id,
        cast(item_sk as {{ dbt.type_string() }}) as product_id,
        channel,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(net_amount + coalesce(discount_amount, 0) as decimal(18, 4)) as list_amount,
        cast(coalesce(discount_amount, 0) as decimal(18, 4)) as discount_amount,
        cast(0 as decimal(18, 4)) as rebate_amount,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cast(null as decimal(18, 4)) as functional_amount,
        cast(coalesce(freight_charged_amount, 0) as decimal(18, 4)) as freight_charged_amount,
        cast(null as decimal(18, 4)) as freight_paid_amount,
        cast(coalesce(tax_amount, 0) as decimal(18, 4)) as tax_amount,
        cast(direct_cost_amount as decimal(18, 4)) as direct_cost_amount,
        'USD' as currency,
        cast(
            {{ dbt.dateadd('day', 'day_sk - 2450815', "date '1998-01-01'") }} as timestamp
        ) as recorded_at,
        case
            when unparsable_cells is not null then 'unparsable_cell'
            when document_id is null then 'missing_document_id'
            when item_sk is null then 'missing_line_number'
            when day_sk is null then 'missing_posted_on'
            when net_amount is null then 'missing_net_amount'
            when document_type = 'return' and net_amount > 0 then 'sign_contradicts_type'
        end as quarantine_reason,
        unparsable_cells as quarantine_detail
    from lines

)

select * from final
