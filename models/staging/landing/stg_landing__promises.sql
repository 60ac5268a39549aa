with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(source_id, promise_id) as source_id,
        promise_id,
        statement,
        promised_on,
        measure,
        target_value,
        coalesce(recorded_at, cast(promised_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'promises') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        promise_id,
        statement,
        promised_on,
        measure,
        target_value,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when promise_id is null then 'missing_promise_id'
            when statement is null then 'missing_statement'
            when promised_on is null then 'missing_promised_on'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
