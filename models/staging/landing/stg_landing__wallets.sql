with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            customer_id || '|' || cast(period as {{ dbt.type_string() }}) || '|'
            || coalesce(source, '')
        ) as source_id,
        customer_id,
        period,
        wallet_amount,
        currency,
        source,
        low,
        high,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'wallets') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        customer_id,
        period,
        wallet_amount,
        currency,
        source,
        low,
        high,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when customer_id is null then 'missing_customer_id'
            when period is null then 'missing_period'
            when wallet_amount is null then 'missing_wallet_amount'
            when currency is null then 'missing_currency'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
