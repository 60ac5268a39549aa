{{ config(materialized='view') }}
-- The wide mart unpivoted: one definition of every amount, read in the other shape and by the
-- lines of the tie-outs.
{%- set lines = [
    ('revenue', 10, 'invoice_amount - returned_amount + invoiced_discount_amount'),
    ('discounts', 20, '-invoiced_discount_amount'),
    ('returns', 25, 'returned_amount'),
    ('rebates', 30, '-rebate_amount'),
    ('freight_charged', 40, 'freight_charged_amount'),
    ('freight_paid', 50, '-freight_paid_amount'),
    ('direct_cost', 60, '-direct_cost_amount'),
    ('cost_to_serve', 70, '-cost_to_serve_amount'),
    ('customer_sustaining', 80, '-customer_sustaining_amount'),
    ('capital_charge', 90, '-capital_charge_amount'),
] %}
with

final as (

    {%- for pnl_line, display_order, amount in lines %}
    select
        entity_id,
        customer_id,
        month_start_date,
        '{{ pnl_line }}' as pnl_line,
        cast({{ display_order }} as bigint) as display_order,
        currency,
        cast({{ amount }} as decimal(18, 4)) as profit_effect_amount,
        signable
    from {{ ref('fct_customer_profitability_monthly') }}
    where ({{ amount }}) is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
