-- The periods an entity shows: from its first posting to the build's day, without a gap.
with

final as (

    select
        entities.entity_id,
        periods.period_start_date as month_start_date,
        periods.period_end_date as month_end_date,
        periods.fiscal_year,
        periods.fiscal_period,
        cast(row_number() over (
            partition by entities.entity_id order by periods.period_start_date
        ) as bigint) as period_index
    from {{ ref('int_entities') }} as entities
    inner join {{ ref('int_fiscal_periods') }} as periods
        on entities.fiscal_calendar_id = periods.fiscal_calendar_id
    inner join {{ ref('int_entity_reach') }} as reach
        on entities.entity_id = reach.entity_id
    where
        periods.period_end_date >= reach.first_posted_on
        and periods.period_end_date <= reach.as_of_date

)

select * from final
