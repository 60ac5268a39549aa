-- A customer's row counts exactly the answers he gave under his name (R27), as it is computed; a
-- closed period keeps the answers it closed with.
with

named_answers as (

    select
        answers.entity_id,
        answers.customer_id,
        windows.window_period_index,
        count(*) as answers_count
    from {{ ref('int_survey_answers_scored') }} as answers
    inner join {{ ref('int_value_windows') }} as windows
        on
            answers.entity_id = windows.entity_id
            and answers.period_index = windows.period_index
            and windows.window_kind = 'trailing'
    where
        answers.confidentiality = 'named'
        and answers.rated_id = '(own)'
        and answers.term in ('product_quality', 'service_quality', 'price', 'hassle', 'overall')
    group by answers.entity_id, answers.customer_id, windows.window_period_index

)

select
    value.entity_id,
    value.customer_id,
    value.month_start_date,
    value.responses_count,
    named_answers.answers_count
from {{ ref('int_customer_perceived_value_computed_monthly') }} as value
inner join {{ ref('int_entity_months') }} as months
    on
        value.entity_id = months.entity_id
        and value.month_start_date = months.month_start_date
left join named_answers
    on
        value.entity_id = named_answers.entity_id
        and value.customer_id = named_answers.customer_id
        and months.period_index = named_answers.window_period_index
where value.responses_count > coalesce(named_answers.answers_count, 0)
