with

{{ rows_with_source_id(source('landing', 'service_cases'), 'service_cases', [
    'customer_id', 'opened_at', 'closed_at', 'contacts', 'reopens', 'transfers', 'wait_minutes',
    'category', 'comment_text',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        customer_id,
        opened_at,
        closed_at,
        contacts,
        reopens,
        transfers,
        wait_minutes,
        category,
        comment_text,
        coalesce(recorded_at, opened_at) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        opened_at,
        closed_at,
        contacts,
        reopens,
        transfers,
        wait_minutes,
        category,
        comment_text,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when opened_at is null then 'missing_opened_at'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
