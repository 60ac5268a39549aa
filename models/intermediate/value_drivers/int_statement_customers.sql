-- What customers say about the subject of a staff statement, by fiscal year: how many people
-- answer on the agreeing side of the scale's middle, and of those who are not named. One vote a
-- person: the last answer of the year.
with

statements as (

    select
        months.entity_id,
        months.month_start_date,
        months.period_index,
        months.fiscal_year,
        statements.statement_id,
        statements.attribute_id,
        statements.customers_agree_when
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_staff_statements') }} as statements
        on
            statements.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between statements.valid_from and coalesce(statements.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by months.entity_id, months.month_start_date, statements.statement_id
        order by
            case when statements.entity_id = '*' then 1 else 0 end,
            statements.valid_from desc
    ) = 1

),

answers as (

    select
        statements.entity_id,
        statements.fiscal_year,
        statements.statement_id,
        answers.customer_id,
        case when answers.is_named then 0 else 1 end as is_not_named,
        case
            when
                statements.customers_agree_when = 'high'
                and answers.score_units > parameters.neutral_score_units
                then 1
            when
                statements.customers_agree_when = 'low'
                and answers.score_units < parameters.neutral_score_units
                then 1
            else 0
        end as is_agreed
    from statements
    inner join {{ ref('int_answers_by_year') }} as answers
        on
            statements.entity_id = answers.entity_id
            and statements.period_index = answers.period_index
            and statements.attribute_id = answers.attribute_id
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            statements.entity_id = parameters.entity_id
            and statements.period_index = parameters.period_index
    where
        answers.rated_id = '(own)'
        and answers.customer_id is not null
    qualify row_number() over (
        partition by
            statements.entity_id, statements.fiscal_year, statements.statement_id,
            answers.respondent_id
        order by
            answers.period_index desc, answers.response_id desc,
            answers.survey_id desc, answers.question_id desc
    ) = 1

),

-- people of one customer are one cluster (R26)
customers as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        customer_id,
        count(*) as respondents_count,
        sum(is_agreed) as agree_count,
        sum(is_not_named) as not_named_count,
        sum(is_agreed * is_not_named) as not_named_agree_count
    from answers
    group by entity_id, fiscal_year, statement_id, customer_id

),

final as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        sum(respondents_count) as respondents_count,
        count(*) as customers_count,
        sum(agree_count) as agree_count,
        sum(not_named_count) as not_named_count,
        sum(not_named_agree_count) as not_named_agree_count,
        {{ effective_respondents_units('respondents_count', 'agree_count', 'agree_count') }}
            as effective_respondents_units,
        {{ clusters_by_size_units('respondents_count') }} as clusters_by_size_units
    from customers
    group by entity_id, fiscal_year, statement_id

)

select * from final
