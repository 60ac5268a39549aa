with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            customer_id || '|' || related_customer_id || '|' || relation || '|'
            || cast(coalesce(valid_from, date '1900-01-01') as {{ dbt.type_string() }})
        ) as source_id,
        customer_id,
        related_customer_id,
        relation,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        valid_to,
        coalesce(recorded_at, cast(coalesce(valid_from, date '1900-01-01') as timestamp))
            as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'party_relations') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        related_customer_id,
        relation,
        valid_from,
        valid_to,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when related_customer_id is null then 'missing_related_customer_id'
            when relation is null then 'missing_relation'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
