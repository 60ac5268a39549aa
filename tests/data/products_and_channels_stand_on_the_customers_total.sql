-- Profit by product and channel is the customers' profit read in another way: line by line the same
-- total in every entity and period, closed or not: a close freezes both. What stands above the
-- customer is what pools kept.
{%- set lines = [
    ('revenue', 'invoice_amount - returned_amount + invoiced_discount_amount'),
    ('discounts', '-invoiced_discount_amount'),
    ('returns', 'returned_amount'),
    ('rebates', '-rebate_amount'),
    ('freight_charged', 'freight_charged_amount'),
    ('freight_paid', '-freight_paid_amount'),
    ('direct_cost', '-direct_cost_amount'),
    ('cost_to_serve', '-cost_to_serve_amount'),
    ('customer_sustaining', '-customer_sustaining_amount'),
    ('capital_charge', '-capital_charge_amount'),
    ('above_customer', '-above_customer_amount'),
] %}
with

product_totals as (

    select
        entity_id,
        month_start_date,
        {%- for pnl_line, amount in lines %}
        sum({{ amount }}) as {{ pnl_line }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_product_profitability_monthly') }}
    group by entity_id, month_start_date

),

totals as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        profit_effect_amount as customers_amount,
        0 as products_amount
    from {{ ref('fct_customer_pnl_lines_monthly') }}

    union all

    select
        entity_id,
        month_start_date,
        'above_customer' as pnl_line,
        -(unused_capacity_amount + unassigned_amount) as customers_amount,
        0 as products_amount
    from {{ ref('rpt_ledger_reconciliation') }}
    where tie_out = 'T2'

    {%- for pnl_line, _ in lines %}

    union all

    select
        entity_id,
        month_start_date,
        '{{ pnl_line }}' as pnl_line,
        0 as customers_amount,
        {{ pnl_line }}_amount as products_amount
    from product_totals
    {%- endfor %}

)

select
    totals.entity_id,
    totals.month_start_date,
    totals.pnl_line,
    sum(totals.customers_amount) as customers_amount,
    sum(totals.products_amount) as products_amount
from totals
group by totals.entity_id, totals.month_start_date, totals.pnl_line
having coalesce(sum(totals.customers_amount), 0) <> coalesce(sum(totals.products_amount), 0)
