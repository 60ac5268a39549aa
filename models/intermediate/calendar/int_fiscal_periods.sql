-- A period ends the day before the next one starts; the calendar's last start only closes the
-- one before.
with

starts as (

    select
        fiscal_calendar_id,
        fiscal_year,
        fiscal_period,
        cast(period_start_date as date) as period_start_date,
        lead(cast(period_start_date as date)) over (
            partition by fiscal_calendar_id order by period_start_date
        ) as next_start_date
    from {{ ref('policy_fiscal_calendar') }}

),

final as (

    select
        fiscal_calendar_id,
        fiscal_year,
        fiscal_period,
        period_start_date,
        cast({{ dbt.dateadd('day', -1, 'next_start_date') }} as date) as period_end_date
    from starts
    where next_start_date is not null

)

select * from final
