with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, document_id) as source_id,
        document_id,
        customer_id,
        issued_on,
        due_on,
        paid_on,
        open_amount,
        currency,
        coalesce(recorded_at, cast(due_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'receivables') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        document_id,
        customer_id,
        issued_on,
        due_on,
        paid_on,
        open_amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when document_id is null then 'missing_document_id'
            when customer_id is null then 'missing_customer_id'
            when due_on is null then 'missing_due_on'
            when open_amount is null then 'missing_open_amount'
            when currency is null then 'missing_currency'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
