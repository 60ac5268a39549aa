-- What customers say is important to them: the share of each term in the importance they state, one
-- vote a customer, for all customers of an entity and for each segment.
with

answers as (

    select
        answers.entity_id,
        months.fiscal_year,
        answers.customer_id,
        coalesce(customers.segment, '(none)') as segment,
        replace(answers.attribute_id, 'importance_', '') as driver,
        {{ divide_rounded('sum(answers.score_units - 1000000000)', 'count(*)') }}
            as importance_units
    from {{ ref('int_survey_answers_scored') }} as answers
    inner join {{ ref('int_entity_months') }} as months
        on
            answers.entity_id = months.entity_id
            and answers.period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
            and answers.role = parameters.respondent_role
    left join {{ ref('int_customers') }} as customers
        on
            answers.entity_id = customers.entity_id
            and answers.customer_id = customers.customer_id
    where
        answers.term = 'importance'
        and answers.rated_id = '(own)'
        and answers.customer_id is not null
        and answers.confidentiality <> 'anonymous'
    group by
        answers.entity_id, months.fiscal_year, answers.customer_id,
        coalesce(customers.segment, '(none)'), replace(answers.attribute_id, 'importance_', '')

),

cells as (

    select entity_id, fiscal_year, segment, driver, customer_id, importance_units
    from answers

    union all

    select entity_id, fiscal_year, '(all)' as segment, driver, customer_id, importance_units
    from answers

),

means as (

    select
        entity_id,
        fiscal_year,
        segment,
        driver,
        count(*) as customers_count,
        {{ divide_rounded('sum(importance_units)', 'count(*)') }} as mean_units
    from cells
    group by entity_id, fiscal_year, segment, driver

),

totalled as (

    select
        entity_id,
        fiscal_year,
        segment,
        driver,
        customers_count,
        mean_units,
        sum(mean_units) over (partition by entity_id, fiscal_year, segment) as all_units
    from means

),

final as (

    select
        entity_id,
        fiscal_year,
        segment,
        driver,
        customers_count,
        {{ share_units('mean_units', 'all_units') }} as importance_share_units,
        row_number() over (
            partition by entity_id, fiscal_year, segment
            order by mean_units desc, driver asc
        ) as importance_rank
    from totalled

)

select * from final
