-- What customers owe in a foreign currency at the end of each period, as it was booked and at the
-- closing rate. The difference is a financial result, below operating profit: it is in no
-- customer's profit and in no pool. An item was booked at the rate the source booked its document
-- at, else at the mean rate of the period it was issued in.
with

-- of documents in a foreign currency; without signs, as a credit is booked at the same rate
booked_documents as (

    select
        lines.entity_id,
        lines.document_id,
        lines.currency,
        sum(abs(lines.functional_amount)) as functional_amount,
        sum(abs(lines.net_amount)) as net_amount
    from {{ ref('input_revenue_lines') }} as lines
    inner join {{ ref('int_entities') }} as entities
        on
            lines.entity_id = entities.entity_id
            and lines.currency <> entities.currency
    where lines.functional_amount is not null and lines.net_amount <> 0
    group by lines.entity_id, lines.document_id, lines.currency

),

items as (

    select
        receivables.entity_id,
        receivables.customer_id,
        receivables.currency as transaction_currency,
        entities.currency,
        receivables.open_amount,
        coalesce(receivables.issued_on, receivables.due_on) as issued_on,
        receivables.paid_on,
        case
            when documents.functional_amount > 0
                then {{ to_units('documents.functional_amount', 4) }}
            else rates.rate_numerator
        end as rate_numerator,
        case
            when documents.functional_amount > 0 then {{ to_units('documents.net_amount', 4) }}
            else rates.rate_denominator
        end as rate_denominator
    from {{ ref('input_receivables') }} as receivables
    inner join {{ ref('int_entities') }} as entities
        on
            receivables.entity_id = entities.entity_id
            and receivables.currency <> entities.currency
    left join booked_documents as documents
        on
            receivables.entity_id = documents.entity_id
            and receivables.document_id = documents.document_id
            and receivables.currency = documents.currency
    left join {{ ref('int_entity_days') }} as days
        on
            receivables.entity_id = days.entity_id
            and coalesce(receivables.issued_on, receivables.due_on) = days.date_day
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            receivables.entity_id = rates.entity_id
            and receivables.currency = rates.currency
            and days.month_start_date = rates.month_start_date

),

balances as (

    select
        items.entity_id,
        months.month_start_date,
        items.customer_id,
        items.transaction_currency,
        items.currency,
        count(*) as items_count,
        sum(items.open_amount) as open_transaction_amount,
        -- one item without a rate leaves the balance without a difference
        case
            when count(*) = count(items.rate_numerator)
                then sum({{ units_to_money(divide_rounded(
                    '(' ~ to_units('items.open_amount', 4) ~ ' * items.rate_numerator)',
                    'items.rate_denominator'
                )) }})
        end as booked_amount
    from items
    inner join {{ ref('int_entity_months') }} as months
        on
            items.entity_id = months.entity_id
            and items.issued_on <= months.month_end_date
            and (items.paid_on is null or items.paid_on > months.month_end_date)
    group by
        items.entity_id, months.month_start_date, items.customer_id, items.transaction_currency,
        items.currency

),

valued as (

    select
        balances.entity_id,
        balances.month_start_date,
        balances.customer_id,
        balances.transaction_currency,
        balances.currency,
        balances.items_count,
        cast(balances.open_transaction_amount as decimal(18, 4)) as open_transaction_amount,
        cast(balances.booked_amount as decimal(18, 4)) as booked_amount,
        rates.rate_date as closing_rate_date,
        {{ units_to_money(divide_rounded(
            '(' ~ to_units('balances.open_transaction_amount', 4) ~ ' * rates.rate_numerator)',
            'rates.rate_denominator'
        )) }} as closing_amount
    from balances
    left join {{ ref('int_fx_closing_rates_monthly') }} as rates
        on
            balances.entity_id = rates.entity_id
            and balances.month_start_date = rates.month_start_date
            and balances.transaction_currency = rates.currency

),

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        transaction_currency,
        currency,
        cast(items_count as bigint) as items_count,
        open_transaction_amount,
        booked_amount,
        closing_rate_date,
        closing_amount,
        cast(closing_amount - booked_amount as decimal(18, 4)) as exchange_difference_amount
    from valued

)

select * from final
