with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            base_currency || '|' || quote_currency || '|'
            || cast(rate_date as {{ dbt.type_string() }})
        ) as source_id,
        base_currency,
        quote_currency,
        rate_date,
        average_rate,
        coalesce(closing_rate, average_rate) as closing_rate,
        coalesce(recorded_at, cast(rate_date as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'fx_rates') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        base_currency,
        quote_currency,
        rate_date,
        average_rate,
        closing_rate,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when base_currency is null then 'missing_base_currency'
            when quote_currency is null then 'missing_quote_currency'
            when rate_date is null then 'missing_rate_date'
            when average_rate is null then 'missing_average_rate'
            when average_rate <= 0 then 'rate_not_positive'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
