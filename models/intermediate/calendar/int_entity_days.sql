-- Maps any date to the entity's period by equality, so that no fact needs a range join.
with

day_numbers as (

    select cast(row_number() over (order by fiscal_calendar_id, period_start_date) - 1 as int) as n
    from {{ ref('policy_fiscal_calendar') }}

),

final as (

    select
        months.entity_id,
        cast({{ dbt.dateadd('day', 'day_numbers.n', 'months.month_start_date') }} as date)
            as date_day,
        months.month_start_date,
        months.period_index
    from {{ ref('int_entity_months') }} as months
    inner join day_numbers
        on day_numbers.n <= {{ dbt.datediff(
            'months.month_start_date', 'months.month_end_date', 'day'
        ) }}

)

select * from final
