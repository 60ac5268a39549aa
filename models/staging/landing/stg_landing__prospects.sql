with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, prospect_id) as source_id,
        prospect_id,
        name,
        segment,
        country,
        first_contact_on,
        potential_amount,
        currency,
        coalesce(recorded_at, timestamp '1900-01-01') as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'prospects') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        prospect_id,
        name,
        segment,
        country,
        first_contact_on,
        potential_amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when prospect_id is null then 'missing_prospect_id'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
