with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, employee_id) as source_id,
        employee_id,
        name,
        function,
        grade,
        coalesce(recorded_at, timestamp '1900-01-01') as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'employees') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        employee_id,
        name,
        function,
        grade,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when employee_id is null then 'missing_employee_id'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
