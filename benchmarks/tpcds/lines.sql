-- TPC-DS as pnl.sql reads it, written apart from the staging models so that the two check each other.
-- A day is a Julian day number; 2450815 is 1 January 1998.
create view revenue_lines as
with

sold as (
    select
        'S' || ss_ticket_number as document_id, ss_item_sk as item, 'invoice' as document_type,
        ss_sold_date_sk as day, ss_customer_sk as customer, ss_quantity as quantity,
        ss_ext_list_price - ss_net_paid as discount, ss_net_paid as net, 0 as freight,
        ss_ext_wholesale_cost as cost
    from read_parquet('tpcds/store_sales*.parquet')
    union all
    select
        'C' || cs_order_number, cs_item_sk, 'invoice', cs_sold_date_sk, cs_bill_customer_sk,
        cs_quantity, cs_ext_list_price - cs_net_paid, cs_net_paid, cs_ext_ship_cost,
        cs_ext_wholesale_cost
    from read_parquet('tpcds/catalog_sales*.parquet')
    union all
    select
        'W' || ws_order_number, ws_item_sk, 'invoice', ws_sold_date_sk, ws_bill_customer_sk,
        ws_quantity, ws_ext_list_price - ws_net_paid, ws_net_paid, ws_ext_ship_cost,
        ws_ext_wholesale_cost
    from read_parquet('tpcds/web_sales*.parquet')
    union all
    select
        'SR' || sr_ticket_number, sr_item_sk, 'return', sr_returned_date_sk, sr_customer_sk,
        -sr_return_quantity, 0, -sr_return_amt, 0, null
    from read_parquet('tpcds/store_returns*.parquet')
    union all
    select
        'CR' || cr_order_number, cr_item_sk, 'return', cr_returned_date_sk,
        cr_returning_customer_sk, -cr_return_quantity, 0, -cr_return_amount, 0, null
    from read_parquet('tpcds/catalog_returns*.parquet')
    union all
    select
        'WR' || wr_order_number, wr_item_sk, 'return', wr_returned_date_sk,
        wr_returning_customer_sk, -wr_return_quantity, 0, -wr_return_amt, 0, null
    from read_parquet('tpcds/web_returns*.parquet')
)

select
    'tpcds' as entity_id,
    document_id,
    cast(item as bigint) as line_number,
    document_type,
    date '1998-01-01' + (day - 2450815) as posted_on,
    cast(customer as varchar) as customer_id,
    cast(item as varchar) as product_id,
    cast(quantity as decimal(18, 4)) as quantity,
    cast(discount as decimal(18, 4)) as discount_amount,
    cast(0 as decimal(18, 4)) as rebate_amount,
    cast(net as decimal(18, 4)) as net_amount,
    cast(null as decimal(18, 4)) as functional_amount,
    cast(freight as decimal(18, 4)) as freight_charged_amount,
    cast(null as decimal(18, 4)) as freight_paid_amount,
    -- a return brings no cost: its negative quantity takes the item's wholesale cost back
    cast(cost as decimal(18, 4)) as direct_cost_amount,
    'USD' as currency,
    cast(null as timestamp) as recorded_at
from sold;

create view products as
select
    'tpcds' as entity_id,
    cast(i_item_sk as varchar) as product_id,
    cast(i_wholesale_cost as decimal(18, 4)) as standard_cost,
    'USD' as currency,
    date '1900-01-01' as valid_from,
    cast(null as date) as valid_to
from read_parquet('tpcds/item*.parquet');
