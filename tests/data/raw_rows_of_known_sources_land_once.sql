-- Every raw row of a source in its own shape becomes exactly one row of the contract, sound or not.
-- A stated reason is repeated on every line of its order and counts once an order.
with

counted as (

    select
        'adventureworks lines' as what,
        (select count(*) from {{ source('adventureworks', 'fact_reseller_sales') }})
        + (select count(*) from {{ source('adventureworks', 'fact_internet_sales') }}) as raw_rows,
        (select count(*) from {{ ref('stg_adventureworks__revenue_lines') }}) as staged_rows

    union all

    select
        'adventureworks postings' as what,
        (select count(*) from {{ source('adventureworks', 'fact_finance') }}) as raw_rows,
        (select count(*) from {{ ref('stg_adventureworks__cost_entries') }}) as staged_rows

    union all

    select
        'adventureworks rates' as what,
        (select count(*) from {{ source('adventureworks', 'fact_currency_rate') }}) as raw_rows,
        (
            select count(*) from {{ ref('stg_adventureworks__fx_rates') }}
            where entity_id = 'adventureworks_us'
        ) as staged_rows

    union all

    select
        'adventureworks reasons' as what,
        (
            select
                count(distinct
                    salesordernumber || '|' || cast(salesreasonkey as {{ dbt.type_string() }})
                )
            from {{ source('adventureworks', 'fact_internet_sales_reason') }}
        ) as raw_rows,
        (select count(*) from {{ ref('stg_adventureworks__stated_reasons') }}) as staged_rows

    union all

    select
        'olist items' as what,
        (select count(*) from {{ source('olist', 'order_items') }}) as raw_rows,
        (select count(*) from {{ ref('stg_olist__revenue_lines') }}) as staged_rows

    union all

    select
        'olist orders' as what,
        (select count(*) from {{ source('olist', 'orders') }}) as raw_rows,
        (select count(*) from {{ ref('stg_olist__deliveries') }}) as staged_rows

    union all

    select
        'olist reviews' as what,
        (select count(*) from {{ source('olist', 'order_reviews') }}) as raw_rows,
        (select count(*) from {{ ref('stg_olist__survey_responses') }}) as staged_rows

    union all

    select
        'online_retail lines' as what,
        (select count(*) from {{ source('online_retail', 'invoice_lines') }}) as raw_rows,
        (select count(*) from {{ ref('stg_online_retail__revenue_lines') }}) as staged_rows

)

select
    what,
    raw_rows,
    staged_rows
from counted
where raw_rows is distinct from staged_rows
