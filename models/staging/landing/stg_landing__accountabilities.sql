with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            customer_id || '|' || employee_id || '|' || coalesce(responsibility, 'accountable')
            || '|' || cast(coalesce(valid_from, date '1900-01-01') as {{ dbt.type_string() }})
        ) as source_id,
        customer_id,
        employee_id,
        coalesce(responsibility, 'accountable') as responsibility,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        valid_to,
        coalesce(recorded_at, cast(coalesce(valid_from, date '1900-01-01') as timestamp))
            as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'accountabilities') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        employee_id,
        responsibility,
        valid_from,
        valid_to,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when employee_id is null then 'missing_employee_id'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
