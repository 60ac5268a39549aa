{{ config(meta={"to_blame": "input"}) }}
-- A posting without a rate would drop out of its pool, and a sale without the base period's rate
-- out of constant currency; the failing rows name the currency and the day or period, and fx_rates
-- is what has to be delivered. Before the first rate of a currency nothing is asked for.
with

rates as (

    select
        entity_id,
        currency,
        month_start_date,
        min(month_start_date) over (partition by entity_id, currency) as first_month_start_date
    from {{ ref('int_fx_rates_monthly') }}

),

known_currencies as (

    select distinct
        entity_id,
        currency,
        first_month_start_date
    from rates

),

sales as (

    select distinct
        cells.entity_id,
        cells.month_start_date,
        cells.transaction_currency
    from {{ ref('int_profit_cells_monthly') }} as cells
    inner join {{ ref('int_entities') }} as entities
        on
            cells.entity_id = entities.entity_id
            and cells.transaction_currency <> entities.currency
    where cells.cell_kind = 'sale' and cells.gross_pocket_amount <> 0

)

select
    'ledger' as amounts,
    entries.entity_id,
    entries.currency,
    min(entries.posted_on) as missing_on,
    count(*) as rows_found
from {{ ref('input_cost_entries') }} as entries
inner join {{ ref('int_entities') }} as entities
    on
        entries.entity_id = entities.entity_id
        and entries.currency <> entities.currency
inner join {{ ref('int_entity_days') }} as days
    on
        entries.entity_id = days.entity_id
        and entries.posted_on = days.date_day
left join rates
    on
        entries.entity_id = rates.entity_id
        and entries.currency = rates.currency
        and days.month_start_date = rates.month_start_date
-- a count of units has no rate of exchange
left join {{ ref('policy_account_mapping') }} as statistical
    on
        entities.chart_id = statistical.chart_id
        and entries.account_code = cast(statistical.account_code as {{ dbt.type_string() }})
        and statistical.pnl_line = 'statistical'
where rates.entity_id is null and statistical.chart_id is null
group by entries.entity_id, entries.currency

union all

select
    'constant currency' as amounts,
    sales.entity_id,
    sales.transaction_currency as currency,
    bases.month_start_date as missing_on,
    count(*) as rows_found
from sales
inner join {{ ref('int_entity_months') }} as months
    on
        sales.entity_id = months.entity_id
        and sales.month_start_date = months.month_start_date
inner join {{ ref('int_entity_months') }} as bases
    on
        months.entity_id = bases.entity_id
        and (
            months.period_index = bases.period_index + 1
            or (
                months.fiscal_year = bases.fiscal_year + 1
                and months.fiscal_period = bases.fiscal_period
            )
        )
inner join known_currencies
    on
        sales.entity_id = known_currencies.entity_id
        and sales.transaction_currency = known_currencies.currency
        and bases.month_start_date >= known_currencies.first_month_start_date
left join rates
    on
        sales.entity_id = rates.entity_id
        and sales.transaction_currency = rates.currency
        and bases.month_start_date = rates.month_start_date
left join sales as base_sales
    on
        sales.entity_id = base_sales.entity_id
        and sales.transaction_currency = base_sales.transaction_currency
        and bases.month_start_date = base_sales.month_start_date
where rates.entity_id is null and base_sales.entity_id is null
group by sales.entity_id, sales.transaction_currency, bases.month_start_date
