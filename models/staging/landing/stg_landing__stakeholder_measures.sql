with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            stakeholder || '|' || measure || '|' || cast(period as {{ dbt.type_string() }})
        ) as source_id,
        stakeholder,
        measure,
        period,
        value,
        respondents,
        coalesce(higher_is_better, true) as higher_is_better,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'stakeholder_measures') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        stakeholder,
        measure,
        period,
        value,
        respondents,
        higher_is_better,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when stakeholder is null then 'missing_stakeholder'
            when measure is null then 'missing_measure'
            when period is null then 'missing_period'
            when value is null then 'missing_value'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
