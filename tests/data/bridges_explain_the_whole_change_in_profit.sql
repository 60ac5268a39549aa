-- The factors of a bridge add up to the change of profit, to the last digit, and its two profits
-- are those of the published waterfall, as frozen where a period is closed, and in rows of nobody
-- those of the published tie-outs: no residual, nothing left out.
with

bridges as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        profit_level,
        base_profit_amount,
        profit_amount,
        profit_change_amount,
        volume_effect_amount + mix_effect_amount + efficiency_effect_amount + price_effect_amount
        + exchange_effect_amount + cost_rate_effect_amount as factors_amount,
        classic_volume_effect_amount + classic_mix_effect_amount
        + classic_efficiency_effect_amount + classic_price_effect_amount
        + classic_exchange_effect_amount + classic_cost_rate_effect_amount as classic_amount,
        capacity_effect_amount + new_customers_amount + lost_customers_amount
        + new_products_amount + lost_products_amount + method_change_amount
        + frozen_difference_amount as other_amount
    from {{ ref('rpt_profit_bridge') }}

),

profits as (

    select
        entity_id,
        month_start_date,
        customer_id,
        pocket_amount,
        gross_margin_amount,
        operating_profit_amount
    from {{ ref('fct_customer_profitability_monthly') }}

    union all

    select
        entity_id,
        month_start_date,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as decimal(18, 4)) as pocket_amount,
        cast(null as decimal(18, 4)) as gross_margin_amount,
        -sum(unused_capacity_amount + unassigned_amount) as operating_profit_amount
    from {{ ref('rpt_ledger_reconciliation') }}
    where tie_out = 'T2'
    group by entity_id, month_start_date

),

expected as (

    select
        bridges.entity_id,
        bridges.comparison,
        bridges.month_start_date,
        bridges.customer_id,
        bridges.base_profit_amount,
        bridges.profit_amount,
        bridges.profit_change_amount,
        bridges.factors_amount,
        bridges.classic_amount,
        bridges.other_amount,
        {%- for side in ['base_profits', 'profits'] %}
        coalesce(
            case bridges.profit_level
                when 'operating_profit' then {{ side }}.operating_profit_amount
                when 'gross_margin' then {{ side }}.gross_margin_amount
                else {{ side }}.pocket_amount
            end, 0
        ) as expected_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from bridges
    left join profits as base_profits
        on
            bridges.entity_id = base_profits.entity_id
            and bridges.base_month_start_date = base_profits.month_start_date
            and coalesce(bridges.customer_id, '') = coalesce(base_profits.customer_id, '')
    left join profits
        on
            bridges.entity_id = profits.entity_id
            and bridges.month_start_date = profits.month_start_date
            and coalesce(bridges.customer_id, '') = coalesce(profits.customer_id, '')

)

select
    entity_id,
    comparison,
    month_start_date,
    customer_id,
    base_profit_amount,
    expected_base_profits,
    profit_amount,
    expected_profits,
    profit_change_amount - factors_amount - other_amount as residual_amount,
    profit_change_amount - classic_amount - other_amount as classic_residual_amount
from expected
where
    -- a plan has no waterfall to compare its profit with
    (
        comparison <> 'budget'
        and (
            base_profit_amount is distinct from expected_base_profits
            or profit_amount is distinct from expected_profits
        )
    )
    or profit_change_amount is distinct from profit_amount - base_profit_amount
    or profit_change_amount is distinct from factors_amount + other_amount
    or profit_change_amount is distinct from classic_amount + other_amount
