{{ config(materialized='view') }}
-- The wide mart unpivoted: one definition of every amount, read in the other shape and by the
-- lines of the tie-outs.
with

final as (

    {%- for pnl_line, display_order, amount in pnl_lines() %}
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
