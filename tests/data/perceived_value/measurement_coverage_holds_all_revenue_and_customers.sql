-- Coverage leaves nobody out: its revenue is the mart's, its customers are the active ones.
with

covered as (

    select
        entity_id,
        month_start_date,
        sum(revenue_amount) as revenue_amount,
        sum(customers_count) as customers_count
    from {{ ref('rpt_measurement_coverage') }}
    group by entity_id, month_start_date

),

revenue as (

    select
        entity_id,
        month_start_date,
        sum(invoice_amount) as revenue_amount
    from {{ ref('fct_customer_profitability_monthly') }}
    group by entity_id, month_start_date

),

customers as (

    select
        entity_id,
        month_start_date,
        count(*) as customers_count
    from {{ ref('int_active_customer_months') }}
    group by entity_id, month_start_date

)

select
    covered.entity_id,
    covered.month_start_date
from covered
left join revenue
    on
        covered.entity_id = revenue.entity_id
        and covered.month_start_date = revenue.month_start_date
left join customers
    on
        covered.entity_id = customers.entity_id
        and covered.month_start_date = customers.month_start_date
where
    covered.revenue_amount is distinct from coalesce(revenue.revenue_amount, 0)
    or covered.customers_count is distinct from coalesce(customers.customers_count, 0)
