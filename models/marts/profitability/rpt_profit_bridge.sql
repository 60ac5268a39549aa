-- Why profit changed, by customer, from the period before, from the same period of the year before
-- and, down to the gross margin, from the budget. Every cell (customer, product, transaction
-- currency; customer, pool, activity) is a product of factors, and its change is shared among them
-- by Shapley: the mean over all orders in which they could have changed. Sums of cells are the
-- bridge of any whole; nothing is left over. Beside it stands the classic convention: volume at the
-- base mix and margin, then mix, price at the base rate of exchange, exchange (which is constant
-- currency), cost rates last.
{#- quantities are whole numbers of 10^-8, money per unit of 10^-14: products are of 10^-22 -#}
{%- set money_scale = '1' ~ '0' * 18 -%}
{%- set shapley_scale = '24' ~ '0' * 18 -%}
{%- set factors = ['volume', 'mix', 'efficiency', 'price', 'exchange', 'cost_rate'] %}
with

ledger_months as (

    select distinct
        entity_id,
        month_start_date
    from {{ ref('int_ledger_entries_monthly') }}

),

pairs as (

    select
        months.entity_id,
        case when bases.period_index = months.period_index - 1 then 1 else 0 end as is_previous,
        case
            when
                bases.fiscal_year = months.fiscal_year - 1
                and bases.fiscal_period = months.fiscal_period
                then 1
            else 0
        end as is_prior_year,
        months.month_start_date,
        bases.month_start_date as base_month_start_date,
        bases.month_end_date as base_month_end_date,
        bases.period_index as base_period_index,
        ledger_months.entity_id is not null and base_ledgers.entity_id is not null as has_ledgers
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entity_months') }} as bases
        on
            months.entity_id = bases.entity_id
            and (
                bases.period_index = months.period_index - 1
                or (
                    bases.fiscal_year = months.fiscal_year - 1
                    and bases.fiscal_period = months.fiscal_period
                )
            )
    left join ledger_months
        on
            months.entity_id = ledger_months.entity_id
            and months.month_start_date = ledger_months.month_start_date
    left join ledger_months as base_ledgers
        on
            bases.entity_id = base_ledgers.entity_id
            and bases.month_start_date = base_ledgers.month_start_date

),

cells as (

    select
        'actual' as scenario,
        entity_id,
        month_start_date,
        customer_id,
        cell_kind,
        item_id,
        activity,
        transaction_currency,
        method,
        quantity,
        effort_quantity,
        pocket_amount,
        transaction_pocket_amount,
        gross_pocket_amount,
        gross_transaction_amount,
        freight_charged_amount,
        cost_amount
    from {{ ref('int_profit_cells_monthly') }}

    union all

    select
        'budget' as scenario,
        entity_id,
        month_start_date,
        customer_id,
        'sale' as cell_kind,
        item_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        transaction_currency,
        cast(null as {{ dbt.type_string() }}) as method,
        quantity,
        quantity as effort_quantity,
        pocket_amount,
        transaction_pocket_amount,
        abs(pocket_amount) as gross_pocket_amount,
        abs(transaction_pocket_amount) as gross_transaction_amount,
        cast(0 as decimal(18, 4)) as freight_charged_amount,
        cost_amount
    from {{ ref('int_budget_cells_monthly') }}

),

budgeted as (

    select distinct
        entity_id,
        month_start_date,
        is_by_customer
    from {{ ref('int_budget_cells_monthly') }}

),

comparisons as (

    {%- for comparison, flag in [
        ('previous_period', 'is_previous'), ('prior_year', 'is_prior_year'),
    ] %}
    select
        entity_id,
        '{{ comparison }}' as comparison,
        month_start_date,
        base_month_start_date,
        base_month_end_date,
        base_period_index,
        has_ledgers,
        'actual' as base_scenario,
        true as is_by_customer
    from pairs
    where {{ flag }} = 1

    union all
    {%- endfor %}

    select
        months.entity_id,
        'budget' as comparison,
        months.month_start_date,
        months.month_start_date as base_month_start_date,
        months.month_end_date as base_month_end_date,
        months.period_index as base_period_index,
        false as has_ledgers,
        'budget' as base_scenario,
        budgeted.is_by_customer
    from {{ ref('int_entity_months') }} as months
    inner join budgeted
        on
            months.entity_id = budgeted.entity_id
            and months.month_start_date = budgeted.month_start_date

),

-- both sides of a comparison, one under the other
sides as (

    {%- for side, scenario in [
        ('base_month_start_date', 'comparisons.base_scenario'), ('month_start_date', "'actual'"),
    ] %}
    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        case when comparisons.is_by_customer then cells.customer_id else '(all)' end
            as customer_id,
        cells.cell_kind,
        cells.item_id,
        cells.activity,
        cells.transaction_currency,
        {{ loop.index0 }} as side,
        cells.method,
        cells.quantity,
        cells.effort_quantity,
        cells.pocket_amount,
        cells.transaction_pocket_amount,
        cells.freight_charged_amount,
        cells.cost_amount
    from comparisons
    inner join cells
        on
            comparisons.entity_id = cells.entity_id
            and comparisons.{{ side }} = cells.month_start_date
            and {{ scenario }} = cells.scenario
            -- nobody plans the cost to serve of a customer
            and (comparisons.base_scenario = 'actual' or cells.cell_kind = 'sale')
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        entity_id,
        comparison,
        month_start_date,
        customer_id,
        cell_kind,
        item_id,
        activity,
        transaction_currency,
        {%- for side in [0, 1] %}
        max(case when side = {{ side }} and cell_kind = 'sale' then method end)
            as cost_basis_{{ side }},
        {%- for amount in [
            'quantity', 'effort_quantity', 'pocket_amount', 'transaction_pocket_amount',
            'freight_charged_amount', 'cost_amount',
        ] %}
        coalesce(sum(case when side = {{ side }} then {{ amount }} end), 0)
            as {{ amount }}_{{ side }},
        {%- endfor %}
        {%- endfor %}
        count(*) as sides_count
    from sides
    group by
        entity_id, comparison, month_start_date, customer_id, cell_kind, item_id, activity,
        transaction_currency

),

-- how deep the profit of a customer was measured on both sides
measured_sides as (

    {%- for side in ['base_month_start_date', 'month_start_date'] %}
    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        case when comparisons.is_by_customer then profitability.customer_id else '(all)' end
            as customer_id,
        case when profitability.gross_margin_amount is null then 0 else 1 end as has_margin,
        case
            when comparisons.has_ledgers and profitability.operating_profit_amount is not null
                then 1
            else 0
        end as has_profit
    from comparisons
    inner join {{ ref('int_customer_profitability_computed_monthly') }} as profitability
        on
            comparisons.entity_id = profitability.entity_id
            and comparisons.{{ side }} = profitability.month_start_date
    where not profitability.is_receivable_only

    union all
    {%- endfor %}

    select
        entity_id,
        'budget' as comparison,
        month_start_date,
        customer_id,
        case when cost_amount is null then 0 else 1 end as has_margin,
        0 as has_profit
    from {{ ref('int_budget_cells_monthly') }}

),

measured as (

    select
        entity_id,
        comparison,
        month_start_date,
        customer_id,
        case
            when min(has_profit) = 1 then 'operating_profit'
            when min(has_margin) = 1 then 'gross_margin'
            else 'pocket'
        end as profit_level
    from measured_sides
    group by entity_id, comparison, month_start_date, customer_id

),

-- new and lost by being active (R11); where the data do not reach back a year, the source's day of
-- acquisition tells a customer of long standing from a new one
customers as (

    select
        measured.entity_id,
        measured.comparison,
        measured.month_start_date,
        measured.customer_id,
        measured.profit_level,
        (
            active.customer_id is not null
            and base_active.customer_id is null
            and (
                comparisons.base_period_index >= {{ trailing_periods() }}
                or parties.acquired_on is null
                or parties.acquired_on > comparisons.base_month_end_date
            )
        ) as is_new,
        active.customer_id is null and base_active.customer_id is not null as is_lost
    from measured
    inner join comparisons
        on
            measured.entity_id = comparisons.entity_id
            and measured.comparison = comparisons.comparison
            and measured.month_start_date = comparisons.month_start_date
    left join {{ ref('int_active_customer_months') }} as active
        on
            measured.entity_id = active.entity_id
            and measured.customer_id = active.customer_id
            and measured.month_start_date = active.month_start_date
    left join {{ ref('int_active_customer_months') }} as base_active
        on
            measured.entity_id = base_active.entity_id
            and measured.customer_id = base_active.customer_id
            and comparisons.base_month_start_date = base_active.month_start_date
    left join {{ ref('int_customers') }} as parties
        on
            measured.entity_id = parties.entity_id
            and measured.customer_id = parties.customer_id

),

-- a product is on offer in a period when it was sold in it or in the eleven before
product_months as (

    select distinct
        cells.entity_id,
        cells.item_id,
        months.period_index
    from {{ ref('int_profit_cells_monthly') }} as cells
    inner join {{ ref('int_entity_months') }} as months
        on
            cells.entity_id = months.entity_id
            and cells.month_start_date = months.month_start_date
    where cells.cell_kind = 'sale' and cells.item_id is not null

),

product_spans as (

    select
        entity_id,
        item_id,
        period_index as first_period_index,
        least(
            period_index + {{ trailing_periods() - 1 }},
            coalesce(
                lead(period_index) over (partition by entity_id, item_id order by period_index)
                - 1,
                period_index + {{ trailing_periods() - 1 }}
            )
        ) as last_period_index
    from product_months

),

offered as (

    select
        spans.entity_id,
        spans.item_id,
        months.month_start_date
    from product_spans as spans
    inner join {{ ref('int_entity_months') }} as months
        on
            spans.entity_id = months.entity_id
            and months.period_index between spans.first_period_index and spans.last_period_index

),

-- how a pool is costed, whatever of it a customer used
pool_methods as (

    select
        entity_id,
        month_start_date,
        item_id,
        max(method) as method
    from {{ ref('int_profit_cells_monthly') }}
    where cell_kind <> 'sale'
    group by entity_id, month_start_date, item_id

),

-- the rate a period's sales were booked at; without any, the mean of its daily rates
booked_rates as (

    select
        scenario,
        entity_id,
        month_start_date,
        transaction_currency as currency,
        sum(gross_pocket_amount) as gross_pocket_amount,
        sum(gross_transaction_amount) as gross_transaction_amount
    from cells
    where cell_kind = 'sale'
    group by scenario, entity_id, month_start_date, transaction_currency

),

rates as (

    select
        coalesce(booked.scenario, 'actual') as scenario,
        coalesce(booked.entity_id, quoted.entity_id) as entity_id,
        coalesce(booked.month_start_date, quoted.month_start_date) as month_start_date,
        coalesce(booked.currency, quoted.currency) as currency,
        case
            when booked.gross_pocket_amount > 0 and booked.gross_transaction_amount > 0
                then {{ divide_rounded(
                    to_units('booked.gross_pocket_amount', 4) ~ ' * ' ~ to_units('1', 12),
                    to_units('booked.gross_transaction_amount', 4)
                ) }}
            else {{ divide_rounded(
                'quoted.rate_numerator * ' ~ to_units('1', 12), 'quoted.rate_denominator'
            ) }}
        end as rate_units
    from booked_rates as booked
    full join {{ ref('int_fx_rates_monthly') }} as quoted
        on
            booked.entity_id = quoted.entity_id
            and booked.month_start_date = quoted.month_start_date
            and booked.currency = quoted.currency

),

-- what each cell is compared as: by its factors, or whole where it has none to compare
classified as (

    select
        compared.entity_id,
        compared.comparison,
        compared.month_start_date,
        comparisons.base_month_start_date,
        compared.customer_id,
        entities.currency,
        coalesce(customers.profit_level, 'operating_profit') as profit_level,
        compared.cell_kind,
        case
            when customers.is_new then 'new_customers'
            when customers.is_lost then 'lost_customers'
            when
                compared.cell_kind = 'sale' and compared.item_id is not null
                and comparisons.base_scenario = 'actual' and base_offered.item_id is null
                then 'new_products'
            when
                compared.cell_kind = 'sale' and compared.item_id is not null
                and comparisons.base_scenario = 'actual' and offered.item_id is null
                then 'lost_products'
            when compared.cell_kind <> 'sale' and methods.method <> base_methods.method
                then 'method_change'
            when compared.cell_kind in ('dedicated', 'unused') then 'capacity'
            when compared.cell_kind in ('traced', 'unassigned') then 'cost_rate'
            else 'factors'
        end as outcome,
        -- another basis of direct cost leaves price and volume comparable, and cost not
        compared.cost_basis_0 <> compared.cost_basis_1
            as is_cost_basis_changed,
        compared.transaction_currency <> entities.currency as is_foreign,
        {%- for side in [0, 1] %}
        {{ to_units('compared.quantity_' ~ side, 4) }} as quantity_{{ side }},
        {{ to_units('compared.effort_quantity_' ~ side, 4) }} as effort_{{ side }},
        {{ to_units('compared.pocket_amount_' ~ side, 4) }} as pocket_{{ side }},
        {{ to_units('compared.transaction_pocket_amount_' ~ side, 4) }} as transaction_{{ side }},
        {{ to_units('compared.pocket_amount_' ~ side, 4) }}
        + case
            when customers.profit_level = 'pocket' then 0
            else {{ to_units('compared.freight_charged_amount_' ~ side, 4) }}
        end as revenue_{{ side }},
        case
            when customers.profit_level = 'pocket' then 0
            else {{ to_units('compared.cost_amount_' ~ side, 4) }}
        end as cost_{{ side }},
        {%- endfor %}
        base_rates.rate_units as rate_0,
        case
            when compared.transaction_currency = entities.currency then {{ to_units('1', 12) }}
            when base_rates.rate_units > 0 and rates.rate_units > 0
                then {{ divide_rounded(
                    'rates.rate_units * ' ~ to_units('1', 12), 'base_rates.rate_units'
                ) }}
            else {{ to_units('1', 12) }}
        end as rate_ratio
    from compared
    inner join comparisons
        on
            compared.entity_id = comparisons.entity_id
            and compared.comparison = comparisons.comparison
            and compared.month_start_date = comparisons.month_start_date
    inner join {{ ref('int_entities') }} as entities
        on compared.entity_id = entities.entity_id
    left join customers
        on
            compared.entity_id = customers.entity_id
            and compared.comparison = customers.comparison
            and compared.month_start_date = customers.month_start_date
            and compared.customer_id = customers.customer_id
    left join offered
        on
            compared.entity_id = offered.entity_id
            and compared.item_id = offered.item_id
            and compared.month_start_date = offered.month_start_date
    left join offered as base_offered
        on
            compared.entity_id = base_offered.entity_id
            and compared.item_id = base_offered.item_id
            and comparisons.base_month_start_date = base_offered.month_start_date
    left join pool_methods as methods
        on
            compared.cell_kind <> 'sale'
            and compared.entity_id = methods.entity_id
            and compared.item_id = methods.item_id
            and compared.month_start_date = methods.month_start_date
    left join pool_methods as base_methods
        on
            compared.cell_kind <> 'sale'
            and compared.entity_id = base_methods.entity_id
            and compared.item_id = base_methods.item_id
            and comparisons.base_month_start_date = base_methods.month_start_date
    left join rates
        on
            compared.entity_id = rates.entity_id
            and compared.month_start_date = rates.month_start_date
            and compared.transaction_currency = rates.currency
            and rates.scenario = 'actual'
    left join rates as base_rates
        on
            compared.entity_id = base_rates.entity_id
            and comparisons.base_month_start_date = base_rates.month_start_date
            and compared.transaction_currency = base_rates.currency
            and comparisons.base_scenario = base_rates.scenario
    -- cost that is not measured for a customer is no part of his profit, nor what pools kept of a
    -- period without a ledger
    where
        compared.cell_kind = 'sale'
        or customers.profit_level = 'operating_profit'
        or (compared.customer_id is null and comparisons.has_ledgers)

),

-- money without a quantity has no price of its own: its change is one of price, or of cost rate
parted as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
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
    from classified

),

volumes as (

    select
        entity_id,
        comparison,
        month_start_date,
        cast(sum(quantity_0) as {{ type_whole() }}) as volume_0,
        cast(sum(quantity_1) as {{ type_whole() }}) as volume_1
    from parted
    where cell_kind = 'sale' and outcome = 'factors'
    group by entity_id, comparison, month_start_date

),

-- the quantity in its four states: volume of the base or now, share in it (time a unit) of the
-- base or now; and money per unit of it in its states. A side that is not there has the price, cost
-- and time of the other, so that what came or went is volume and mix.
states as (

    select
        parted.entity_id,
        parted.comparison,
        parted.month_start_date,
        parted.base_month_start_date,
        parted.customer_id,
        parted.currency,
        parted.profit_level,
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
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
        cell_kind,
        outcome,
        pocket_0,
        pocket_1,
        case
            when not coalesce(is_foreign, false) then pocket_1
            when rate_0 is not null
                then {{ divide_rounded('transaction_1 * rate_0', to_units('1', 12)) }}
        end as constant_currency,
        profit_0,
        profit_1,
        loose_revenue_effect,
        loose_cost_effect,
        cost_basis_effect,
        quantity_00,
        quantity_10,
        quantity_01,
        quantity_11,
        revenue_per_unit_0,
        revenue_per_unit_1,
        case
            when rate_ratio = {{ to_units('1', 12) }} then revenue_per_unit_0
            else {{ divide_rounded('revenue_per_unit_0 * rate_ratio', to_units('1', 12)) }}
        end as revenue_per_unit_0_at_other_rate,
        case
            when rate_ratio = {{ to_units('1', 12) }} then revenue_per_unit_1
            else {{ divide_rounded('revenue_per_unit_1 * ' ~ to_units('1', 12), 'rate_ratio') }}
        end as revenue_per_unit_1_at_other_rate,
        cost_per_unit_0,
        cost_per_unit_1
    from states

),

-- price first, rate of exchange second
prices as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
        cell_kind,
        outcome,
        pocket_0,
        pocket_1,
        constant_currency,
        profit_0,
        profit_1,
        loose_revenue_effect,
        loose_cost_effect,
        cost_basis_effect,
        quantity_00,
        quantity_10,
        quantity_01,
        quantity_11,
        coalesce(
            revenue_per_unit_0,
            revenue_per_unit_1_at_other_rate,
            0
        ) as price_00,
        coalesce(
            revenue_per_unit_1_at_other_rate,
            revenue_per_unit_0,
            0
        ) as price_10,
        coalesce(
            revenue_per_unit_0_at_other_rate,
            revenue_per_unit_1,
            0
        ) as price_01,
        coalesce(
            revenue_per_unit_1,
            revenue_per_unit_0_at_other_rate,
            0
        ) as price_11,
        coalesce(cost_per_unit_0, cost_per_unit_1, 0) as cost_0,
        coalesce(cost_per_unit_1, cost_per_unit_0, 0) as cost_1
    from exchanged

),

-- Shapley in twenty-fourths: with three others, an order that has none or all of them before has
-- weight six, any other two; cost has two others, so two and one of sixths
effects as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
        cell_kind,
        outcome,
        pocket_0,
        pocket_1,
        constant_currency,
        profit_0,
        profit_1,
        loose_revenue_effect,
        loose_cost_effect,
        cost_basis_effect,
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

customers_effects as (

    select
        entity_id,
        comparison,
        month_start_date,
        base_month_start_date,
        customer_id,
        currency,
        profit_level,
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
            'lost_products',
        ] %}
        sum(case when outcome = '{{ outcome }}' then profit_1 - profit_0 else 0 end)
            as {{ outcome }},
        {%- endfor %}
        sum(
            cost_basis_effect
            + case when outcome = 'method_change' then profit_1 - profit_0 else 0 end
        ) as method_change
    from effects
    group by
        entity_id, comparison, month_start_date, base_month_start_date, customer_id, currency,
        profit_level

),

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
        method_change
    from customers_effects

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
