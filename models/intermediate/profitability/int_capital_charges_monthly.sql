-- Imputed interest on what customers owe: every day's open items times the annual rate over 365, in
-- the entity's currency, deposits below zero. An item is open from the day it was issued (or due,
-- where the source does not say) until the day before it is paid. It is no cost of the ledger.
with

rates as (

    select
        entity_id,
        month_start_date,
        {{ to_units('cast(value as decimal(18, 9))', 9) }} as rate_units
    from {{ ref('int_costing_parameters_monthly') }}
    where parameter = 'capital_charge_rate'

),

items as (

    select
        receivables.entity_id,
        receivables.customer_id,
        receivables.currency,
        receivables.open_amount,
        months.month_start_date,
        {{ dbt.datediff(
            'greatest(coalesce(receivables.issued_on, receivables.due_on), months.month_start_date)',
            "least(coalesce(receivables.paid_on, date '9999-12-31'),"
            ~ " cast(" ~ dbt.dateadd('day', 1, 'months.month_end_date') ~ " as date))",
            'day'
        ) }} as open_days
    from {{ ref('input_receivables') }} as receivables
    inner join {{ ref('int_entity_months') }} as months
        on
            receivables.entity_id = months.entity_id
            and coalesce(receivables.issued_on, receivables.due_on) <= months.month_end_date
            and (receivables.paid_on is null or receivables.paid_on > months.month_start_date)

),

converted as (

    select
        items.entity_id,
        items.customer_id,
        items.month_start_date,
        items.open_days,
        {{ convert_currency(
            'items.open_amount', 'fx.rate_numerator', 'fx.rate_denominator',
            'items.currency <> entities.currency'
        ) }} as open_amount
    from items
    inner join {{ ref('int_entities') }} as entities
        on items.entity_id = entities.entity_id
    left join {{ ref('int_fx_rates_monthly') }} as fx
        on
            items.entity_id = fx.entity_id
            and items.month_start_date = fx.month_start_date
            and items.currency = fx.currency
    where items.open_days > 0

),

balances as (

    select
        entity_id,
        customer_id,
        month_start_date,
        -- one item without a rate leaves the customer's charge unmeasured
        case
            when count(*) = count(open_amount)
                then {{ to_units('sum(open_amount * open_days)', 4) }}
        end as amount_day_units
    from converted
    group by entity_id, customer_id, month_start_date

),

final as (

    select
        balances.entity_id,
        balances.customer_id,
        balances.month_start_date,
        {{ units_to_money(divide_rounded(
            '(balances.amount_day_units * rates.rate_units)', '365000000000'
        )) }} as capital_charge_amount
    from balances
    inner join rates
        on
            balances.entity_id = rates.entity_id
            and balances.month_start_date = rates.month_start_date

)

select * from final
