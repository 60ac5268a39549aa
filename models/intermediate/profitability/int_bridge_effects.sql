-- Every cell is a product of factors, and its change is shared among them by Shapley: the mean over
-- all orders in which they could have changed. Beside it stands the classic convention: volume at
-- the base mix and margin, then mix, price at the base rate of exchange, exchange (constant
-- currency), cost rates last. Summed by customer before anything is rounded. Quantities are whole
-- numbers of 10^-8, money per unit of 10^-14: effects are of 10^-22, Shapley's of 24ths of that.
{%- set keys = [
    'entity_id', 'comparison', 'month_start_date', 'base_month_start_date', 'customer_id', 'currency',
    'profit_level',
] %}
{#- what the steps hand on as it is -#}
{%- set passed_on = keys + [
    'cell_kind', 'outcome', 'pocket_0', 'pocket_1', 'profit_0', 'profit_1', 'loose_revenue_effect',
    'loose_cost_effect', 'cost_basis_effect',
] %}
{%- set quantities = ['quantity_00', 'quantity_10', 'quantity_01', 'quantity_11'] %}
with

-- money without a quantity has no price of its own: its change is one of price, or of cost rate
parted as (

    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        cell_kind,
        outcome,
        is_foreign,
        pocket_0,
        pocket_1,
        transaction_1,
        rate_0,
        rate_ratio,
        {%- for side in [0, 1] %}
        revenue_{{ side }} - cost_{{ side }} as profit_{{ side }},
        case when outcome = 'factors' then quantity_{{ side }} else 0 end as quantity_{{ side }},
        case when outcome = 'factors' then effort_{{ side }} else 0 end as effort_{{ side }},
        case
            when outcome = 'factors' and quantity_{{ side }} <> 0 then revenue_{{ side }}
            else 0
        end as revenue_{{ side }},
        case
            when
                outcome = 'factors' and quantity_{{ side }} <> 0
                and not coalesce(is_cost_basis_changed, false)
                then cost_{{ side }}
            else 0
        end as cost_{{ side }},
        case when outcome = 'factors' and quantity_{{ side }} = 0 then revenue_{{ side }} else 0 end
            as loose_revenue_{{ side }},
        case
            when
                outcome = 'factors' and quantity_{{ side }} = 0
                and not coalesce(is_cost_basis_changed, false)
                then cost_{{ side }}
            else 0
        end as loose_cost_{{ side }},
        {%- endfor %}
        case
            when outcome = 'factors' and coalesce(is_cost_basis_changed, false)
                then cost_0 - cost_1
            else 0
        end as cost_basis_effect
    from {{ ref('int_bridge_cells') }}

),

-- read anew and not of `parted`, which would then be made whole before any period is chosen
volumes as (

    select
        entity_id,
        comparison,
        month_start_date,
        cast(sum(quantity_0) as {{ type_whole() }}) as volume_0,
        cast(sum(quantity_1) as {{ type_whole() }}) as volume_1
    from {{ ref('int_bridge_cells') }}
    where cell_kind = 'sale' and outcome = 'factors'
    group by entity_id, comparison, month_start_date

),

-- the quantity in its four states: volume of the base or now, share in it (time a unit) of the
-- base or now; and money per unit of it in its states. A side that is not there has the price, cost
-- and time of the other, so that what came or went is volume and mix.
states as (

    select
        {%- for key in keys %}
        parted.{{ key }},
        {%- endfor %}
        parted.cell_kind,
        parted.outcome,
        parted.is_foreign,
        parted.pocket_0,
        parted.pocket_1,
        parted.transaction_1,
        parted.rate_0,
        parted.rate_ratio,
        parted.profit_0,
        parted.profit_1,
        parted.loose_revenue_1 - parted.loose_revenue_0 as loose_revenue_effect,
        parted.loose_cost_0 - parted.loose_cost_1 as loose_cost_effect,
        parted.cost_basis_effect,
        parted.effort_0 * 10000 as quantity_00,
        parted.effort_1 * 10000 as quantity_11,
        {%- for side, other, state in [(0, 1, '10'), (1, 0, '01')] %}
        case
            when parted.cell_kind = 'sale' and volumes.volume_0 > 0 and volumes.volume_1 > 0
                then case
                    when parted.effort_{{ side }} = 0 then 0
                    else {{ divide_rounded(
                        'parted.effort_' ~ side ~ ' * 10000 * volumes.volume_' ~ other,
                        'volumes.volume_' ~ side
                    ) }}
                end
            when
                parted.cell_kind = 'sale' or parted.quantity_0 <= 0 or parted.quantity_1 <= 0
                or (
                    parted.effort_0 = parted.quantity_0 and parted.effort_1 = parted.quantity_1
                )
                then parted.effort_{{ other }} * 10000
            else {{ divide_rounded(
                'parted.effort_' ~ side ~ ' * 10000 * parted.quantity_' ~ other,
                'parted.quantity_' ~ side
            ) }}
        end as quantity_{{ state }},
        {%- endfor %}
        {%- for side in [0, 1] %}
        {%- for money in ['revenue', 'cost'] %}
        case
            when parted.effort_{{ side }} = 0 then null
            when parted.{{ money }}_{{ side }} = 0 then 0
            else case when parted.effort_{{ side }} < 0 then -1 else 1 end * {{ divide_rounded(
                'parted.' ~ money ~ '_' ~ side ~ ' * 10000 * ' ~ to_units('1', 10),
                'abs(parted.effort_' ~ side ~ ')'
            ) }}
        end as {{ money }}_per_unit_{{ side }}{{ ',' if not (loop.last and side == 1) }}
        {%- endfor %}
        {%- endfor %}
    from parted
    left join volumes
        on
            parted.entity_id = volumes.entity_id
            and parted.comparison = volumes.comparison
            and parted.month_start_date = volumes.month_start_date

),

-- price of one side at the other side's rate of exchange
exchanged as (

    select
        {%- for column in passed_on + quantities %}
        {{ column }},
        {%- endfor %}
        case
            when not coalesce(is_foreign, false) then pocket_1
            when rate_0 is not null
                then {{ divide_rounded('transaction_1 * rate_0', to_units('1', 12)) }}
        end as constant_currency,
        {%- for side, at_other_rate in [
            (0, ('revenue_per_unit_0 * rate_ratio', to_units('1', 12))),
            (1, ('revenue_per_unit_1 * ' ~ to_units('1', 12), 'rate_ratio')),
        ] %}
        revenue_per_unit_{{ side }},
        case
            when rate_ratio = {{ to_units('1', 12) }} then revenue_per_unit_{{ side }}
            else {{ divide_rounded(at_other_rate[0], at_other_rate[1]) }}
        end as revenue_per_unit_{{ side }}_at_other_rate,
        {%- endfor %}
        cost_per_unit_0,
        cost_per_unit_1
    from states

),

-- price first, rate of exchange second; a side that is not there has the other's
prices as (

    select
        {%- for column in passed_on + quantities %}
        {{ column }},
        {%- endfor %}
        constant_currency,
        {%- for state, own, other in [
            ('00', 'revenue_per_unit_0', 'revenue_per_unit_1_at_other_rate'),
            ('10', 'revenue_per_unit_1_at_other_rate', 'revenue_per_unit_0'),
            ('01', 'revenue_per_unit_0_at_other_rate', 'revenue_per_unit_1'),
            ('11', 'revenue_per_unit_1', 'revenue_per_unit_0_at_other_rate'),
        ] %}
        coalesce({{ own }}, {{ other }}, 0) as price_{{ state }},
        {%- endfor %}
        coalesce(cost_per_unit_0, cost_per_unit_1, 0) as cost_0,
        coalesce(cost_per_unit_1, cost_per_unit_0, 0) as cost_1
    from exchanged

),

-- Shapley in twenty-fourths: with three others, an order that has none or all of them before has
-- weight six, any other two; cost has two others, so two and one of sixths
effects as (

    select
        {%- for column in passed_on %}
        {{ column }},
        {%- endfor %}
        constant_currency,
        -- what the factors of the cell have to add up to
        case
            when outcome = 'factors'
                then profit_1 - profit_0 - loose_revenue_effect - loose_cost_effect
                    - cost_basis_effect
            else 0
        end as factors_effect,
        2 * (quantity_10 - quantity_00) * (3 * price_00 + price_10 + price_01 + price_11)
        + 2 * (quantity_11 - quantity_01) * (price_00 + price_10 + price_01 + 3 * price_11)
        - 4 * (quantity_10 - quantity_00) * (2 * cost_0 + cost_1)
        - 4 * (quantity_11 - quantity_01) * (cost_0 + 2 * cost_1) as shapley_volume,
        2 * (quantity_01 - quantity_00) * (3 * price_00 + price_10 + price_01 + price_11)
        + 2 * (quantity_11 - quantity_10) * (price_00 + price_10 + price_01 + 3 * price_11)
        - 4 * (quantity_01 - quantity_00) * (2 * cost_0 + cost_1)
        - 4 * (quantity_11 - quantity_10) * (cost_0 + 2 * cost_1) as shapley_share,
        2 * (price_10 - price_00) * (3 * quantity_00 + quantity_10 + quantity_01 + quantity_11)
        + 2 * (price_11 - price_01) * (quantity_00 + quantity_10 + quantity_01 + 3 * quantity_11)
            as shapley_price,
        2 * (price_01 - price_00) * (3 * quantity_00 + quantity_10 + quantity_01 + quantity_11)
        + 2 * (price_11 - price_10) * (quantity_00 + quantity_10 + quantity_01 + 3 * quantity_11)
            as shapley_exchange,
        (quantity_10 - quantity_00) * (price_00 - cost_0) as classic_volume,
        (quantity_11 - quantity_10) * (price_00 - cost_0) as classic_share,
        quantity_11 * (price_10 - price_00) as classic_price,
        (quantity_11 - quantity_00) * (price_10 - price_00) as classic_joint,
        quantity_11 * (price_11 - price_10) as classic_exchange
    from prices

),

final as (

    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        sum(profit_0) as profit_0,
        sum(profit_1) as profit_1,
        sum(pocket_0) as pocket_0,
        sum(pocket_1) as pocket_1,
        case when count(*) = count(constant_currency) then sum(constant_currency) end
            as constant_currency,
        sum(loose_revenue_effect) as loose_revenue_effect,
        sum(loose_cost_effect) as loose_cost_effect,
        sum(factors_effect) as factors_effect,
        {%- for convention in ['shapley', 'classic'] %}
        sum({{ convention }}_volume) as {{ convention }}_volume,
        sum(case when cell_kind = 'sale' then {{ convention }}_share else 0 end)
            as {{ convention }}_mix,
        sum(case when cell_kind = 'sale' then 0 else {{ convention }}_share end)
            as {{ convention }}_efficiency,
        sum({{ convention }}_price) as {{ convention }}_price,
        sum({{ convention }}_exchange) as {{ convention }}_exchange,
        {%- endfor %}
        sum(classic_joint) as classic_joint,
        {%- for outcome in [
            'cost_rate', 'capacity', 'new_customers', 'lost_customers', 'new_products',
            'lost_products', 'frozen_difference',
        ] %}
        sum(case when outcome = '{{ outcome }}' then profit_1 - profit_0 else 0 end)
            as {{ outcome }},
        {%- endfor %}
        sum(
            cost_basis_effect
            + case when outcome = 'method_change' then profit_1 - profit_0 else 0 end
        ) as method_change
    from effects
    group by {{ keys | join(', ') }}

)

select * from final
