with

{{ rows_with_source_id(source('landing', 'deliveries'), 'deliveries', [
    'document_id', 'promised_on', 'delivered_on', 'attempts', 'damaged',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        document_id,
        promised_on,
        delivered_on,
        attempts,
        damaged,
        coalesce(recorded_at, cast(promised_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        document_id,
        promised_on,
        delivered_on,
        attempts,
        damaged,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when document_id is null then 'missing_document_id'
            when promised_on is null then 'missing_promised_on'
            when attempts < 1 then 'no_attempt'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
