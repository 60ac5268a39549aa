with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, source_system || '|' || source_key) as source_id,
        source_system,
        source_key,
        customer_id,
        name,
        email,
        phone,
        address,
        tax_id,
        birth_date,
        coalesce(recorded_at, timestamp '1900-01-01') as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'identities') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        source_system,
        source_key,
        customer_id,
        name,
        email,
        phone,
        address,
        tax_id,
        birth_date,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when source_system is null then 'missing_source_system'
            when source_key is null then 'missing_source_key'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
