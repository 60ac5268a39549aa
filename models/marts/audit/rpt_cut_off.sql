-- Cut-off: what was posted in another period than that of the delivery or service, document by
-- document, and what the ledger posted for a document in another period than its invoice.
with

invoices as (

    select
        entity_id,
        document_id,
        month_start_date,
        service_period,
        max(customer_id) as customer_id,
        max(posted_on) as posted_on,
        sum(net_amount) as amount
    from {{ ref('int_revenue_lines') }}
    -- returns, credits and settlements speak of an earlier sale by their nature
    where document_type = 'invoice'
    group by entity_id, document_id, month_start_date, service_period

),

period_revenue as (

    select
        entity_id,
        month_start_date,
        sum(amount) as amount
    from invoices
    group by entity_id, month_start_date

),

deliveries as (

    select
        entity_id,
        document_id,
        case when count(*) = count(delivered_on) then max(delivered_on) end as delivered_on
    from {{ ref('input_deliveries') }}
    group by entity_id, document_id

),

-- the source's own word on the period of the service goes before the day of delivery
occurred as (

    select
        invoices.entity_id,
        invoices.document_id,
        invoices.month_start_date,
        invoices.customer_id,
        invoices.posted_on,
        invoices.amount,
        case
            when invoices.service_period is not null then 'service_period'
            when deliveries.delivered_on is not null then 'delivery'
            else 'not_delivered'
        end as cut_off_type,
        coalesce(invoices.service_period, deliveries.delivered_on) as occurred_on
    from invoices
    left join deliveries
        on
            invoices.entity_id = deliveries.entity_id
            and invoices.document_id = deliveries.document_id
    where invoices.service_period is not null or deliveries.document_id is not null

),

documents as (

    select
        entity_id,
        document_id,
        min(month_start_date) as month_start_date,
        max(customer_id) as customer_id,
        max(posted_on) as posted_on
    from invoices
    group by entity_id, document_id

),

account_lines as (

    select distinct
        entity_id,
        month_start_date,
        account_code,
        cost_centre_id
    from {{ ref('int_ledger_entries_monthly') }}
    where mapped_pnl_line not in ('balance_sheet', 'statistical')

),

postings as (

    select
        entries.entity_id,
        entries.document_id,
        {{ booked_month() }} as month_start_date,
        entries.account_code,
        documents.customer_id,
        max(entries.posted_on) as posted_on,
        max(documents.posted_on) as occurred_on,
        -sum({{ convert_currency(
            'entries.amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'entries.currency <> entities.currency'
        ) }}) as amount
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entities') }} as entities
        on entries.entity_id = entities.entity_id
    inner join documents
        on
            entries.entity_id = documents.entity_id
            and entries.document_id = documents.document_id
    {{ booked_days('entries', 'cost_entries', 'posted_on') }}
    inner join account_lines
        on
            entries.entity_id = account_lines.entity_id
            and {{ booked_month() }} = account_lines.month_start_date
            and entries.account_code = account_lines.account_code
            and entries.cost_centre_id is not distinct from account_lines.cost_centre_id
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            entries.entity_id = rates.entity_id
            and {{ booked_month() }} = rates.month_start_date
            and entries.currency = rates.currency
    where
        entries.scenario = 'actual'
        and {{ is_booked() }}
        and {{ booked_month() }} <> documents.month_start_date
    group by
        entries.entity_id, entries.document_id, {{ booked_month() }}, entries.account_code,
        documents.customer_id

),

candidates as (

    select
        entity_id, document_id, month_start_date, cut_off_type, customer_id,
        cast(null as {{ dbt.type_string() }}) as account_code, posted_on, occurred_on, amount
    from occurred
    union all
    select
        entity_id, document_id, month_start_date, 'ledger' as cut_off_type, customer_id,
        account_code, posted_on, occurred_on, amount
    from postings

),

placed as (

    select
        candidates.entity_id,
        candidates.month_start_date,
        -- of a day before or after the periods shown no period is known
        days.month_start_date as occurred_month_start_date,
        candidates.cut_off_type,
        candidates.document_id,
        candidates.customer_id,
        candidates.account_code,
        candidates.posted_on,
        candidates.occurred_on,
        entities.currency,
        candidates.amount,
        sum(candidates.amount) over (
            partition by
                candidates.entity_id, candidates.month_start_date, candidates.cut_off_type
        ) as period_amount,
        greatest(
            coalesce(materiality.amount, 0),
            coalesce({{ amount_at_rate('abs(period_revenue.amount)', 'materiality.rate') }}, 0)
        ) as materiality_amount
    from candidates
    inner join {{ ref('int_entities') }} as entities
        on candidates.entity_id = entities.entity_id
    left join {{ ref('int_entity_days') }} as days
        on
            candidates.entity_id = days.entity_id
            and candidates.occurred_on = days.date_day
    left join {{ ref('int_materiality') }} as materiality
        on
            candidates.entity_id = materiality.entity_id
            and candidates.month_start_date = materiality.month_start_date
    left join period_revenue
        on
            candidates.entity_id = period_revenue.entity_id
            and candidates.month_start_date = period_revenue.month_start_date
    where days.month_start_date is distinct from candidates.month_start_date

),

final as (

    select
        entity_id,
        month_start_date,
        occurred_month_start_date,
        cut_off_type,
        document_id,
        customer_id,
        account_code,
        posted_on,
        occurred_on,
        case
            when occurred_on is null then 'open'
            when occurred_on > posted_on then 'posted_early'
            else 'posted_late'
        end as timing,
        currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(period_amount as decimal(18, 4)) as period_amount,
        cast(materiality_amount as decimal(18, 4)) as materiality_amount,
        abs(period_amount) > materiality_amount as is_material
    from placed

)

select * from final
