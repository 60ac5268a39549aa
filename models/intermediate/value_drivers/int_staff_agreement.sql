-- How many of management and of the other staff agree with a statement, by fiscal year: years do
-- not overlap, so that no answer can be worked out from two of them, and a year is told once it is
-- over: two nights of a running one differ by the answers of a day, so that one which came late
-- counts in the year in which it was recorded. Nobody is shown by name.
with

asked as (

    select
        responses.entity_id,
        months.fiscal_year,
        responses.statement_id,
        case when responses.grade in ('executive', 'manager') then 'management' else 'staff' end
            as staff_group,
        case when responses.agrees is not null then 1 else 0 end as is_answered,
        case when responses.agrees then 1 else 0 end as is_agreed
    from {{ ref('input_employee_survey_responses') }} as responses
    inner join {{ ref('int_entity_days') }} as days
        on
            responses.entity_id = days.entity_id
            and cast(greatest(responses.asked_at, responses.recorded_at) as date) = days.date_day
    inner join {{ ref('int_released_periods') }} as months
        on
            days.entity_id = months.entity_id
            and days.month_start_date = months.month_start_date
    where months.is_year_over

),

totalled as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        staff_group,
        count(*) as asked_count,
        sum(is_answered) as answers_count,
        sum(is_agreed) as agree_count
    from asked
    group by entity_id, fiscal_year, statement_id, staff_group

),

final as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        staff_group,
        asked_count,
        answers_count,
        {{ share_units('agree_count', 'answers_count') }} as agree_share_units
    from totalled

)

select * from final
