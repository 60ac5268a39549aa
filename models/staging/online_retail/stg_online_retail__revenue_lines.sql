{{ config(materialized='table') }}
-- Cancellations (invoice numbers with a C) of goods are returns, each linked to the latest earlier
-- invoice of the same customer for at least as many of the same product at the same price; where
-- there is none it stays unlinked. Fee codes are lines without a product: their credits are credit
-- notes, since no goods come back. Postage stays in the net amount, as invoiced. Negative
-- quantities without a price are stock corrections: worth nothing, no order and no return.
-- A table: the search for originals is dear and the lines are read more than once.
with

lines as (

    select
        lines.invoice_number,
        lines.line_number,
        lines.stock_code,
        lines.quantity,
        lines.unit_price,
        lines.net_amount,
        lines.invoiced_at,
        lines.customer_id,
        fees.stock_code is not null as is_fee,
        coalesce(fees.treatment, 'product') as treatment,
        case
            when upper(lines.invoice_number) like 'C%' and fees.stock_code is null then 'return'
            when upper(lines.invoice_number) like 'C%' then 'credit_note'
            when lines.net_amount < 0 then 'credit_note'
            when lines.net_amount = 0 and lines.quantity < 0 then 'credit_note'
            else 'invoice'
        end as document_type
    from {{ ref('base_online_retail__invoice_lines') }} as lines
    left join {{ ref('lookup_online_retail_fee_codes') }} as fees
        on lines.stock_code = fees.stock_code

),

originals as (

    select
        returned.invoice_number,
        returned.line_number,
        sold.invoice_number as original_document_id,
        row_number() over (
            partition by returned.invoice_number, returned.line_number
            order by sold.invoiced_at desc, sold.invoice_number desc
        ) as recency
    from lines as returned
    inner join lines as sold
        on
            returned.customer_id = sold.customer_id
            and returned.stock_code = sold.stock_code
            and returned.unit_price = sold.unit_price
            and sold.invoiced_at <= returned.invoiced_at
            and sold.quantity >= -returned.quantity
    where
        returned.document_type = 'return'
        and sold.document_type = 'invoice'

),

final as (

    select
        'online_retail' as entity_id,
        'online_retail' as record_source,
        coalesce(lines.invoice_number, '') || '|'
        || cast(lines.line_number as {{ dbt.type_string() }})
            as source_id,
        lines.invoice_number as document_id,
        lines.line_number,
        lines.document_type,
        originals.original_document_id,
        cast(lines.invoiced_at as date) as posted_on,
        cast(null as date) as service_period,
        coalesce(lines.customer_id, '{{ var("unknown_customer_id") }}') as customer_id,
        case when not lines.is_fee then lines.stock_code end as product_id,
        'online' as channel,
        lines.quantity,
        cast(
            case when lines.treatment = 'discount' then 0 else lines.net_amount end
            as decimal(18, 4)
        )
            as list_amount,
        cast(
            case when lines.treatment = 'discount' then -lines.net_amount else 0 end
            as decimal(18, 4)
        )
            as discount_amount,
        cast(0 as decimal(18, 4)) as rebate_amount,
        lines.net_amount,
        cast(null as decimal(18, 4)) as functional_amount,
        cast(0 as decimal(18, 4)) as freight_charged_amount,
        cast(null as decimal(18, 4)) as freight_paid_amount,
        cast(0 as decimal(18, 4)) as tax_amount,
        cast(null as decimal(18, 4)) as direct_cost_amount,
        'GBP' as currency,
        lines.invoiced_at as recorded_at,
        case
            when lines.invoice_number is null then 'missing_document_id'
            when lines.invoiced_at is null then 'missing_posted_on'
            when lines.net_amount is null then 'missing_net_amount'
            when lines.document_type = 'return' and lines.net_amount > 0
                then 'sign_contradicts_type'
            when lines.document_type = 'credit_note' and lines.net_amount > 0
                then 'sign_contradicts_type'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from lines
    left join originals
        on
            lines.invoice_number = originals.invoice_number
            and lines.line_number = originals.line_number
            and originals.recency = 1

)

select * from final
