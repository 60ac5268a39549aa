-- Both sides of every cell that a bridge compares (customer, product, transaction currency;
-- customer, pool, activity), in whole numbers of 10^-4, and what its change is: of the factors, or
-- outside them as new, lost or not comparable. A closed period has the profit that was published of
-- it: where that is not what its cells make now, a cell of its own makes up for it.
{%- set amounts = [
    'quantity', 'effort_quantity', 'pocket_amount', 'transaction_pocket_amount',
    'freight_charged_amount', 'cost_amount',
] %}
with

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
        freight_charged_amount,
        cost_amount
    from {{ ref('int_budget_cells_monthly') }}

    {%- for cell_kind, pocket, cost in [
        (
            'frozen_margin',
            'pocket_difference_amount',
            'pocket_difference_amount - gross_margin_difference_amount',
        ),
        (
            'frozen_profit',
            'cast(0 as decimal(18, 4))',
            'gross_margin_difference_amount - operating_profit_difference_amount',
        ),
    ] %}

    union all

    select
        'actual' as scenario,
        entity_id,
        month_start_date,
        customer_id,
        '{{ cell_kind }}' as cell_kind,
        cast(null as {{ dbt.type_string() }}) as item_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as transaction_currency,
        cast(null as {{ dbt.type_string() }}) as method,
        cast(0 as decimal(18, 4)) as quantity,
        cast(0 as decimal(18, 4)) as effort_quantity,
        {{ pocket }} as pocket_amount,
        cast(0 as decimal(18, 4)) as transaction_pocket_amount,
        cast(0 as decimal(18, 4)) as freight_charged_amount,
        {{ cost }} as cost_amount
    from {{ ref('int_frozen_profit_differences') }}
    where {{ pocket }} <> 0 or {{ cost }} <> 0
    {%- endfor %}

),

-- a budget is of sales to others (the ledger keeps what is within the group apart), and where it
-- names no customers it is compared with all of them together
budgeted_cells as (

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
        case when cells.scenario = 'actual' then 1 else 0 end as side,
        max(cells.method) as method,
        {%- for amount in amounts %}
        cast(sum(cells.{{ amount }}) as decimal(18, 4)) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_bridge_comparisons') }} as comparisons
    inner join cells
        on
            comparisons.entity_id = cells.entity_id
            and comparisons.month_start_date = cells.month_start_date
    left join {{ ref('int_customers') }} as parties
        on
            cells.entity_id = parties.entity_id
            and cells.customer_id = parties.customer_id
    where
        comparisons.base_scenario = 'budget'
        -- nobody plans the cost to serve of a customer
        and cells.cell_kind in ('sale', 'frozen_margin')
        and not coalesce(parties.is_intercompany, false)
    group by
        comparisons.entity_id, comparisons.comparison, comparisons.month_start_date,
        case when comparisons.is_by_customer then cells.customer_id else '(all)' end,
        cells.cell_kind, cells.item_id, cells.activity, cells.transaction_currency,
        cells.scenario

),

-- both sides of a comparison, one under the other
sides as (

    {%- for month in ['base_month_start_date', 'month_start_date'] %}
    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        cells.customer_id,
        cells.cell_kind,
        cells.item_id,
        cells.activity,
        cells.transaction_currency,
        {{ loop.index0 }} as side,
        cells.method,
        {%- for amount in amounts %}
        cells.{{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_bridge_comparisons') }} as comparisons
    inner join cells
        on
            comparisons.entity_id = cells.entity_id
            and comparisons.{{ month }} = cells.month_start_date
    where comparisons.base_scenario = 'actual' and cells.scenario = 'actual'

    union all
    {%- endfor %}

    select
        entity_id, comparison, month_start_date, customer_id, cell_kind, item_id, activity,
        transaction_currency, side, method,
        {%- for amount in amounts %}
        {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from budgeted_cells

),

-- one row a side: taken, not summed, since sums of money take twice the memory and time
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
        {%- for amount in amounts %}
        coalesce(max(case when side = {{ side }} then {{ amount }} end), 0)
            as {{ amount }}_{{ side }}{{ ',' if not (loop.last and side == 1) }}
        {%- endfor %}
        {%- endfor %}
    from sides
    group by
        entity_id, comparison, month_start_date, customer_id, cell_kind, item_id, activity,
        transaction_currency

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

rate_changes as (

    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        base_rates.currency,
        base_rates.rate_units as rate_0,
        case
            when base_rates.rate_units > 0 and rates.rate_units > 0
                then {{ divide_rounded(
                    'rates.rate_units * ' ~ to_units('1', 12), 'base_rates.rate_units'
                ) }}
        end as rate_ratio
    from {{ ref('int_bridge_comparisons') }} as comparisons
    inner join {{ ref('int_bridge_rates_monthly') }} as base_rates
        on
            comparisons.entity_id = base_rates.entity_id
            and comparisons.base_month_start_date = base_rates.month_start_date
            and comparisons.base_scenario = base_rates.scenario
    left join {{ ref('int_bridge_rates_monthly') }} as rates
        on
            comparisons.entity_id = rates.entity_id
            and comparisons.month_start_date = rates.month_start_date
            and base_rates.currency = rates.currency
            and rates.scenario = 'actual'

),

-- what each cell is compared as: by its factors, or whole where it has none to compare
final as (

    select
        compared.entity_id,
        compared.comparison,
        compared.month_start_date,
        comparisons.base_month_start_date,
        compared.customer_id,
        entities.currency,
        coalesce(customers.profit_level, 'operating_profit') as profit_level,
        compared.cell_kind,
        compared.item_id,
        compared.activity,
        compared.transaction_currency,
        case
            when compared.cell_kind like 'frozen%' then 'frozen_difference'
            when customers.is_new then 'new_customers'
            when customers.is_lost then 'lost_customers'
            when
                compared.cell_kind = 'sale' and compared.item_id is not null
                and comparisons.base_scenario = 'actual' and base_offered.product_id is null
                then 'new_products'
            when
                compared.cell_kind = 'sale' and compared.item_id is not null
                and comparisons.base_scenario = 'actual' and offered.product_id is null
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
        rate_changes.rate_0,
        case
            when compared.transaction_currency = entities.currency then {{ to_units('1', 12) }}
            else coalesce(rate_changes.rate_ratio, {{ to_units('1', 12) }})
        end as rate_ratio
    from compared
    inner join {{ ref('int_bridge_comparisons') }} as comparisons
        on
            compared.entity_id = comparisons.entity_id
            and compared.comparison = comparisons.comparison
            and compared.month_start_date = comparisons.month_start_date
    inner join {{ ref('int_entities') }} as entities
        on compared.entity_id = entities.entity_id
    left join {{ ref('int_bridge_customers') }} as customers
        on
            compared.entity_id = customers.entity_id
            and compared.comparison = customers.comparison
            and compared.month_start_date = customers.month_start_date
            and compared.customer_id = customers.customer_id
    left join {{ ref('int_products_on_offer_monthly') }} as offered
        on
            compared.entity_id = offered.entity_id
            and compared.item_id = offered.product_id
            and compared.month_start_date = offered.month_start_date
    left join {{ ref('int_products_on_offer_monthly') }} as base_offered
        on
            compared.entity_id = base_offered.entity_id
            and compared.item_id = base_offered.product_id
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
    left join rate_changes
        on
            compared.entity_id = rate_changes.entity_id
            and compared.comparison = rate_changes.comparison
            and compared.month_start_date = rate_changes.month_start_date
            and compared.transaction_currency = rate_changes.currency
    -- cost that is not measured for a customer is no part of his profit, nor what pools kept of a
    -- period without a ledger
    where
        compared.cell_kind in ('sale', 'frozen_margin')
        or customers.profit_level = 'operating_profit'
        or (compared.customer_id is null and comparisons.has_ledgers)

)

select * from final
