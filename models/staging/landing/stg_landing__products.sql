with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            product_id || '|'
            || cast(coalesce(valid_from, date '1900-01-01') as {{ dbt.type_string() }})
        ) as source_id,
        product_id,
        name,
        category,
        standard_cost,
        list_price,
        currency,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        valid_to,
        coalesce(recorded_at, cast(coalesce(valid_from, date '1900-01-01') as timestamp))
            as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'products') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        product_id,
        name,
        category,
        standard_cost,
        list_price,
        currency,
        valid_from,
        valid_to,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when product_id is null then 'missing_product_id'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
