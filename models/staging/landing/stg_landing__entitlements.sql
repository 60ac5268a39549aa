with

{{ rows_with_source_id(source('landing', 'entitlements'), 'entitlements', [
    'customer_id', 'segment', 'activity_type', 'quantity', 'period', 'valid_from', 'valid_to',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        customer_id,
        segment,
        activity_type,
        quantity,
        coalesce(period, 'month') as period,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        valid_to,
        coalesce(recorded_at, cast(coalesce(valid_from, date '1900-01-01') as timestamp))
            as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        segment,
        activity_type,
        quantity,
        period,
        valid_from,
        valid_to,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when activity_type is null then 'missing_activity_type'
            when quantity is null then 'missing_quantity'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
