with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            customer_id || '|'
            || cast(coalesce(valid_from, date '1900-01-01') as {{ dbt.type_string() }})
        ) as source_id,
        customer_id,
        name,
        coalesce(party_type, 'organisation') as party_type,
        parent_customer_id,
        segment,
        country,
        acquired_on,
        closed_on,
        lock_in_level,
        partner_entity_id,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        valid_to,
        coalesce(recorded_at, cast(coalesce(valid_from, date '1900-01-01') as timestamp))
            as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'customers') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        name,
        party_type,
        parent_customer_id,
        segment,
        country,
        acquired_on,
        closed_on,
        lock_in_level,
        partner_entity_id,
        valid_from,
        valid_to,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when party_type not in ('person', 'organisation') then 'unknown_party_type'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
