with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, customer_id || '|' || coalesce(document_id, '') || '|' || reason)
            as source_id,
        customer_id,
        document_id,
        reason,
        stated_on,
        coalesce(recorded_at, cast(stated_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'stated_reasons') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        document_id,
        reason,
        stated_on,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when reason is null then 'missing_reason'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
