with

{{ rows_with_source_id(source('landing', 'contacts'), 'contacts', [
    'customer_id', 'sent_at', 'channel', 'campaign_id', 'cost_amount', 'currency', 'opened',
    'opted_out',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        customer_id,
        sent_at,
        channel,
        campaign_id,
        cost_amount,
        currency,
        opened,
        opted_out,
        coalesce(recorded_at, sent_at) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        sent_at,
        channel,
        campaign_id,
        cost_amount,
        currency,
        opened,
        opted_out,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when sent_at is null then 'missing_sent_at'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
