with

{{ rows_with_source_id(source('landing', 'benefits'), 'benefits', [
    'period', 'customer_id', 'benefit_type', 'area', 'units', 'need_units', 'budget_amount',
    'currency',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        period,
        customer_id,
        benefit_type,
        area,
        units,
        need_units,
        budget_amount,
        currency,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        period,
        customer_id,
        benefit_type,
        area,
        units,
        need_units,
        budget_amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when period is null then 'missing_period'
            when benefit_type is null then 'missing_benefit_type'
            when units is null then 'missing_units'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
