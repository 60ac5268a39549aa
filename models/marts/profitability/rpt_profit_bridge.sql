-- Why profit changed, by customer, from the period before, from the same period of the year before
-- and, down to the gross margin, from the budget. Sums of rows of one comparison are the bridge of
-- any whole; nothing is left over. A closed period has the profit that was published of it: what
-- is computed of it now and what was frozen differ by one line with a name, which is no factor.
{#- effects are of 10^-22, Shapley's of 24ths of that; money is of 10^-4 -#}
{%- set money_scale = '1' ~ '0' * 18 -%}
{%- set shapley_scale = '24' ~ '0' * 18 -%}
{%- set factors = ['volume', 'mix', 'efficiency', 'price', 'exchange', 'cost_rate'] %}
with

-- rounded as running totals, the last of which is the exact change: nothing is left over
running as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
        profit_0,
        profit_1,
        pocket_0,
        pocket_1,
        constant_currency,
        loose_revenue_effect,
        loose_cost_effect,
        factors_effect,
        {%- for convention, scale in [('shapley', shapley_scale), ('classic', money_scale)] %}
        {%- for factor in factors[:-1] %}
        {%- set so_far = factors[:loop.index] | join(' + ' ~ convention ~ '_') %}
        {{ divide_rounded('(' ~ convention ~ '_' ~ so_far ~ ')', scale) }}
            as {{ convention }}_to_{{ factor }},
        {%- endfor %}
        {%- endfor %}
        {{ divide_rounded('classic_joint', money_scale) }} as classic_joint,
        cost_rate,
        capacity,
        new_customers,
        lost_customers,
        new_products,
        lost_products,
        method_change,
        frozen_difference
    from {{ ref('int_bridge_effects') }}

),

final as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
        'shapley' as convention,
        {{ units_to_money('profit_0') }} as base_profit_amount,
        {{ units_to_money('profit_1') }} as profit_amount,
        {{ units_to_money('profit_1 - profit_0') }} as profit_change_amount,
        {%- for convention, prefix in [('shapley', ''), ('classic', 'classic_')] %}
        {%- for factor in factors %}
        {%- set until = 'factors_effect' if loop.last else convention ~ '_to_' ~ factor %}
        {%- set since = ' - ' ~ convention ~ '_to_' ~ loop.previtem if loop.previtem else '' %}
        {%- set loose = {'price': ' + loose_revenue_effect',
            'cost_rate': ' + loose_cost_effect + cost_rate'}.get(factor, '') %}
        {{ units_to_money(until ~ since ~ loose) }} as {{ prefix }}{{ factor }}_effect_amount,
        {%- endfor %}
        {%- if not prefix %}
        {{ units_to_money('capacity') }} as capacity_effect_amount,
        {%- for bar in [
            'new_customers', 'lost_customers', 'new_products', 'lost_products', 'method_change',
            'frozen_difference',
        ] %}
        {{ units_to_money(bar) }} as {{ bar }}_amount,
        {%- endfor %}
        {%- endif %}
        {%- endfor %}
        {{ units_to_money('classic_joint') }} as classic_joint_effect_amount,
        {{ units_to_money('pocket_0') }} as base_pocket_amount,
        {{ units_to_money('pocket_1') }} as pocket_amount,
        {{ units_to_money('constant_currency') }} as constant_currency_pocket_amount
    from running

)

select * from final
