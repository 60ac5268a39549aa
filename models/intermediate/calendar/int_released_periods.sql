-- The periods that are over, and whether their fiscal year is: what may be told of answers that are
-- not named. While a period runs, two nights differ by the answers of a day.
with

years as (

    select
        entities.entity_id,
        periods.fiscal_year,
        max(periods.period_end_date) as year_end_date
    from {{ ref('int_entities') }} as entities
    inner join {{ ref('int_fiscal_periods') }} as periods
        on entities.fiscal_calendar_id = periods.fiscal_calendar_id
    group by entities.entity_id, periods.fiscal_year

),

final as (

    select
        months.entity_id,
        months.period_index,
        months.month_start_date,
        months.fiscal_year,
        years.year_end_date < reach.as_of_date
        or (years.year_end_date = reach.as_of_date and last_days.is_last_day_over) as is_year_over
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entity_reach') }} as reach
        on months.entity_id = reach.entity_id
    inner join {{ ref('int_last_day_status') }} as last_days
        on months.entity_id = last_days.entity_id
    inner join years
        on
            months.entity_id = years.entity_id
            and months.fiscal_year = years.fiscal_year
    where
        months.month_end_date < reach.as_of_date
        or last_days.is_last_day_over

)

select * from final
