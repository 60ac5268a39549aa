-- Whom else a respondent would think of: of the competitors he rated on an outcome in the same
-- response, those that come as near to us as the policy's margin, or pass us.
with

margins as (

    select
        months.entity_id,
        months.period_index,
        months.fiscal_year,
        {{ score_units('reporting.value') }} as margin_units
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_reporting') }} as reporting
        on
            reporting.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between reporting.valid_from and coalesce(reporting.valid_to, date '9999-12-31')
    where reporting.parameter = 'consideration_margin'
    qualify row_number() over (
        partition by months.entity_id, months.period_index
        order by
            case when reporting.entity_id = '*' then 1 else 0 end,
            reporting.valid_from desc
    ) = 1

),

answers as (

    select
        answers.entity_id,
        margins.fiscal_year,
        parameters.aggregate_minimum_customers,
        answers.is_named,
        answers.attribute_id as outcome,
        answers.response_id,
        answers.respondent_id,
        answers.rated_id,
        answers.customer_id is not null as is_customer,
        coalesce(answers.customer_id, '(nobody) ' || answers.respondent_id) as cluster_id,
        answers.score_units,
        margins.margin_units
    from {{ ref('int_answers_by_year') }} as answers
    inner join margins
        on
            answers.entity_id = margins.entity_id
            and answers.period_index = margins.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
    where answers.term = 'outcome'

),

compared as (

    select
        own.entity_id,
        own.fiscal_year,
        own.outcome,
        own.is_customer,
        own.cluster_id,
        own.is_named,
        own.aggregate_minimum_customers,
        own.respondent_id,
        own.response_id,
        count(*) as rated_count,
        sum(case when others.score_units >= own.score_units - own.margin_units then 1 else 0 end)
            as considered_count,
        sum(case when others.score_units > own.score_units then 1 else 0 end) as preferred_count
    from answers as own
    inner join answers as others
        on
            own.entity_id = others.entity_id
            and own.response_id = others.response_id
            and own.outcome = others.outcome
            and others.rated_id <> '(own)'
    where own.rated_id = '(own)'
    group by
        own.entity_id, own.fiscal_year, own.outcome, own.is_customer, own.cluster_id, own.is_named,
        own.aggregate_minimum_customers, own.respondent_id, own.response_id

),

-- one vote a respondent: his last response of the year by id
votes as (

    select
        entity_id,
        fiscal_year,
        outcome,
        respondent_id,
        is_customer,
        cluster_id,
        is_named,
        aggregate_minimum_customers,
        rated_count,
        considered_count,
        preferred_count
    from compared
    qualify row_number() over (
        partition by entity_id, fiscal_year, outcome, respondent_id
        order by response_id desc
    ) = 1

),

-- those who are not named count where enough of them compared: people of one customer are one
enough as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer
    from votes
    where not is_named
    group by entity_id, fiscal_year, outcome, is_customer
    having count(distinct cluster_id) >= max(aggregate_minimum_customers)

),

final as (

    select
        votes.entity_id,
        votes.fiscal_year,
        votes.outcome,
        votes.respondent_id,
        votes.is_customer,
        votes.cluster_id,
        votes.is_named,
        votes.rated_count,
        votes.considered_count,
        votes.preferred_count
    from votes
    left join enough
        on
            votes.entity_id = enough.entity_id
            and votes.fiscal_year = enough.fiscal_year
            and votes.outcome = enough.outcome
            and votes.is_customer = enough.is_customer
    where votes.is_named or enough.entity_id is not null

)

select * from final
