with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            pool_id || '|' || cast(period as {{ dbt.type_string() }}) || '|'
            || coalesce(dedicated_customer_id, '')
        ) as source_id,
        pool_id,
        period,
        practical_minutes,
        theoretical_minutes,
        dedicated_customer_id,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'capacity') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        pool_id,
        period,
        practical_minutes,
        theoretical_minutes,
        dedicated_customer_id,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when pool_id is null then 'missing_pool_id'
            when period is null then 'missing_period'
            when practical_minutes is null then 'missing_practical_minutes'
            when practical_minutes < 0 then 'negative_capacity'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
