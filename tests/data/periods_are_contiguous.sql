-- Every period starts the day after the one before ended.
select
    entity_id,
    month_start_date,
    previous_end_date
from (
    select
        entity_id,
        month_start_date,
        lag(month_end_date) over (partition by entity_id order by month_start_date)
            as previous_end_date
    from {{ ref('dim_months') }}
) as months
where
    previous_end_date is not null
    and {{ dbt.datediff('previous_end_date', 'month_start_date', 'day') }} <> 1
