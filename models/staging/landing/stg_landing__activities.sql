with

{{ rows_with_source_id(source('landing', 'activities'), 'activities', [
    'activity_type', 'occurred_at', 'customer_id', 'document_id', 'quantity', 'minutes',
    'attributes', 'employee_id', 'channel', 'activity_class',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        activity_type,
        occurred_at,
        customer_id,
        document_id,
        coalesce(quantity, 1) as quantity,
        minutes,
        attributes,
        employee_id,
        channel,
        coalesce(activity_class, 'serve') as activity_class,
        coalesce(recorded_at, occurred_at) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        activity_type,
        occurred_at,
        customer_id,
        document_id,
        quantity,
        minutes,
        attributes,
        employee_id,
        channel,
        activity_class,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when activity_type is null then 'missing_activity_type'
            when occurred_at is null then 'missing_occurred_at'
            when quantity < 0 or minutes < 0 then 'negative_driver'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
