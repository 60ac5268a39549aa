{{ config(meta={"to_blame": "input"}) }}
-- A balance without the period's closing rate would have no value at its end; the failing rows name
-- the currency and the period, and fx_rates is what has to be delivered. Before the first closing
-- rate of a currency nothing is asked for.
with

first_rates as (

    select
        entity_id,
        currency,
        min(month_start_date) as month_start_date
    from {{ ref('int_fx_closing_rates_monthly') }}
    group by entity_id, currency

)

select
    balances.entity_id,
    balances.transaction_currency as currency,
    balances.month_start_date as missing_on,
    count(*) as rows_found
from {{ ref('rpt_receivable_revaluation') }} as balances
inner join first_rates
    on
        balances.entity_id = first_rates.entity_id
        and balances.transaction_currency = first_rates.currency
        and balances.month_start_date > first_rates.month_start_date
where balances.closing_amount is null
group by balances.entity_id, balances.transaction_currency, balances.month_start_date
