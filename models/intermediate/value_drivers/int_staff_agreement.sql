-- How many people of management and of the other staff agree with a statement, by fiscal year:
-- years do not overlap, so that no answer can be worked out from two of them, and a year is told
-- once it is over: two nights of a running one differ by the answers of a day, so that one which
-- came late counts in the year in which it was recorded. Nobody is shown by name. One vote a
-- person: the last answer of the year. Where the source does not say who a person is, nobody is
-- twice in what was asked on one day, so that the day with most answers stands for the year.
with

asked as (

    select
        responses.entity_id,
        months.fiscal_year,
        responses.statement_id,
        case when responses.grade in ('executive', 'manager') then 'management' else 'staff' end
            as staff_group,
        case when responses.respondent_id is null then cast(responses.asked_at as date) end
            as wave_date,
        coalesce(responses.respondent_id, responses.source_id) as voter_id,
        case when responses.respondent_id is null then 0 else 1 end as is_known,
        responses.source_id,
        responses.asked_at,
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

votes as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        staff_group,
        wave_date,
        is_answered,
        is_agreed
    from asked
    -- whoever changed from one group to the other counts where he answered last
    qualify row_number() over (
        partition by entity_id, fiscal_year, statement_id, wave_date, voter_id, is_known
        order by is_answered desc, asked_at desc, source_id desc
    ) = 1

),

waves as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        staff_group,
        wave_date,
        count(*) as asked_count,
        sum(is_answered) as respondents_count,
        sum(is_agreed) as agree_count
    from votes
    group by entity_id, fiscal_year, statement_id, staff_group, wave_date

),

final as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        staff_group,
        asked_count,
        respondents_count,
        agree_count
    from waves
    qualify row_number() over (
        partition by entity_id, fiscal_year, statement_id, staff_group
        order by respondents_count desc, asked_count desc, wave_date desc nulls first
    ) = 1

)

select * from final
