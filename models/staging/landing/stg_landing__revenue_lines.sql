with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, document_id || '|' || cast(line_number as {{ dbt.type_string() }}))
            as source_id,
        document_id,
        line_number,
        coalesce(document_type, 'invoice') as document_type,
        original_document_id,
        posted_on,
        service_period,
        coalesce(customer_id, '{{ var('unknown_customer_id') }}') as customer_id,
        product_id,
        channel,
        quantity,
        coalesce(list_amount, net_amount + coalesce(discount_amount, 0)) as list_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(rebate_amount, 0) as rebate_amount,
        net_amount,
        functional_amount,
        coalesce(freight_charged_amount, 0) as freight_charged_amount,
        freight_paid_amount,
        coalesce(tax_amount, 0) as tax_amount,
        direct_cost_amount,
        currency,
        coalesce(recorded_at, cast(posted_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'revenue_lines') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        document_id,
        line_number,
        document_type,
        original_document_id,
        posted_on,
        service_period,
        customer_id,
        product_id,
        channel,
        quantity,
        list_amount,
        discount_amount,
        rebate_amount,
        net_amount,
        functional_amount,
        freight_charged_amount,
        freight_paid_amount,
        tax_amount,
        direct_cost_amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when document_id is null then 'missing_document_id'
            when line_number is null then 'missing_line_number'
            when posted_on is null then 'missing_posted_on'
            when net_amount is null then 'missing_net_amount'
            when currency is null then 'missing_currency'
            when document_type not in ('invoice', 'credit_note', 'return', 'rebate_settlement')
                then 'unknown_document_type'
            when document_type in ('credit_note', 'return') and net_amount > 0
                then 'sign_contradicts_type'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
