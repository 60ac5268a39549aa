-- What was invoiced against what customers owe for it: the value of each document, with freight and
-- tax, against its receivable, in the currency of the document. Both are turned into the entity's
-- currency at the mean rate of the document's period, so that no rate makes a difference.
with

-- a document that is spread over two periods stands in the first
documents as (

    select
        lines.entity_id,
        lines.document_id,
        lines.currency,
        min(days.month_start_date) as month_start_date,
        sum(lines.net_amount + lines.freight_charged_amount + lines.tax_amount) as invoice_amount
    from {{ ref('input_revenue_lines') }} as lines
    inner join {{ ref('int_receivable_entities') }} as entities
        on lines.entity_id = entities.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            lines.entity_id = days.entity_id
            and lines.posted_on = days.date_day
    where lines.document_type <> 'rebate_settlement'
    group by lines.entity_id, lines.document_id, lines.currency

),

refused as (

    select
        entity_id,
        document_id,
        currency,
        sum(net_amount + coalesce(freight_charged_amount, 0) + coalesce(tax_amount, 0))
            as quarantined_amount
    from {{ ref('quarantine_revenue_lines') }}
    where quarantine_reason <> 'superseded'
    group by entity_id, document_id, currency

),

items as (

    select
        receivables.entity_id,
        receivables.document_id,
        receivables.currency,
        min(days.month_start_date) as month_start_date,
        sum(receivables.open_amount) as receivable_amount
    from {{ ref('input_receivables') }} as receivables
    left join {{ ref('int_entity_days') }} as days
        on
            receivables.entity_id = days.entity_id
            and coalesce(receivables.issued_on, receivables.due_on) = days.date_day
    group by receivables.entity_id, receivables.document_id, receivables.currency

),

compared as (

    select
        coalesce(documents.entity_id, items.entity_id) as entity_id,
        coalesce(documents.document_id, items.document_id) as document_id,
        coalesce(documents.currency, items.currency) as currency,
        coalesce(documents.month_start_date, items.month_start_date) as month_start_date,
        case
            when items.document_id is null and documents.invoice_amount < 0
                then 'credits_without_receivable'
            when items.document_id is null then 'invoices_without_receivable'
            when documents.document_id is null then 'receivables_without_invoice'
            else 'receivables'
        end as pnl_line,
        items.document_id is not null as has_item,
        coalesce(documents.invoice_amount, 0) as invoice_amount,
        coalesce(items.receivable_amount, 0) as receivable_amount
    from documents
    full join items
        on
            documents.entity_id = items.entity_id
            and documents.document_id = items.document_id
            and documents.currency = items.currency

),

totals as (

    select
        compared.entity_id,
        compared.month_start_date,
        compared.pnl_line,
        compared.currency,
        count(*) as documents_count,
        sum(
            case
                when
                    compared.receivable_amount
                    <> compared.invoice_amount + coalesce(refused.quarantined_amount, 0)
                    then 1
                else 0
            end
        )
            as differing_count,
        cast(sum(compared.invoice_amount) as decimal(18, 4)) as invoice_amount,
        cast(sum(compared.receivable_amount) as decimal(18, 4)) as receivable_amount,
        cast(sum(coalesce(refused.quarantined_amount, 0)) as decimal(18, 4)) as quarantined_amount
    from compared
    left join refused
        on
            compared.has_item
            and compared.entity_id = refused.entity_id
            and compared.document_id = refused.document_id
            and compared.currency = refused.currency
    where compared.month_start_date is not null
    group by
        compared.entity_id, compared.month_start_date, compared.pnl_line, compared.currency

),

final as (

    select
        totals.entity_id,
        totals.month_start_date,
        totals.pnl_line,
        cast(sum(totals.documents_count) as bigint) as documents_count,
        cast(sum(totals.differing_count) as bigint) as differing_count,
        {%- for amount in ['invoice_amount', 'receivable_amount', 'quarantined_amount'] %}
        cast(
            sum({{ convert_currency(
                'totals.' ~ amount, 'rates.rate_numerator', 'rates.rate_denominator',
                'totals.currency <> entities.currency'
            ) }}) as decimal(18, 4)
        )
            as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from totals
    inner join {{ ref('int_entities') }} as entities
        on totals.entity_id = entities.entity_id
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            totals.entity_id = rates.entity_id
            and totals.month_start_date = rates.month_start_date
            and totals.currency = rates.currency
    group by totals.entity_id, totals.month_start_date, totals.pnl_line

)

select * from final
