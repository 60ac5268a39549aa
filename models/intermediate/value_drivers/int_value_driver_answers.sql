-- What one customer answered in a fiscal year about each outcome and, in the same responses, about
-- the four terms: one vote a customer, in one role, and never the index, whose terms the drivers
-- are (R30). An outcome is a question that is no term, or what the customer did afterwards: whether
-- he who bought in the six periods up to a named response bought again in the six after it.
-- Anonymous answers stand under no customer.
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

answers as (

    select
        answers.entity_id,
        answers.fiscal_year,
        answers.period_index,
        answers.response_id,
        answers.customer_id,
        answers.segment,
        answers.is_named,
        answers.attribute_id,
        answers.term,
        answers.weight_units,
        answers.asked_weight_units,
        answers.score_units,
        parameters.term_minimum_weight_share_units,
        parameters.aggregate_low_customers
    from {{ ref('int_answers_by_year') }} as answers
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            answers.entity_id = parameters.entity_id
            and answers.period_index = parameters.period_index
    where
        answers.rated_id = '(own)'
        and answers.customer_id is not null
        and answers.confidentiality <> 'anonymous'
        and answers.term in ('product_quality', 'service_quality', 'price', 'hassle', 'outcome')

),

summed as (

    select
        entity_id,
        fiscal_year,
        period_index,
        response_id,
        customer_id,
        segment,
        is_named,
        term_minimum_weight_share_units,
        aggregate_low_customers,
        {%- for term in value_terms %}
        sum(case when term = '{{ term }}' then weight_units * score_units else 0 end)
            as {{ term }}_weighted_units,
        sum(case when term = '{{ term }}' then weight_units else 0 end)
            as {{ term }}_answered_units,
        max(case when term = '{{ term }}' then asked_weight_units else 0 end)
            as {{ term }}_asked_units{{ ',' if not loop.last }}
        {%- endfor %}
    from answers
    where term <> 'outcome'
    group by
        entity_id, fiscal_year, period_index, response_id, customer_id, segment, is_named,
        term_minimum_weight_share_units, aggregate_low_customers

),

responses as (

    select
        entity_id,
        fiscal_year,
        period_index,
        response_id,
        customer_id,
        segment,
        is_named,
        aggregate_low_customers,
        {%- for term in value_terms %}
        {{ divide_rounded(term ~ '_weighted_units', 'nullif(' ~ term ~ '_answered_units, 0)') }}
            as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from summed
    where
        {%- for term in value_terms %}
        {{ 'and ' if not loop.first }}{{ term }}_answered_units > 0
        and {{ term }}_answered_units * 1000000000
        >= {{ term }}_asked_units * term_minimum_weight_share_units
        {%- endfor %}

),

last_periods as (

    select
        entity_id,
        max(period_index) as last_period_index
    from {{ ref('int_entity_months') }}
    group by entity_id

),

-- what he did is known six periods later, and lies wholly after what he said
followed as (

    select
        responses.entity_id,
        responses.response_id,
        'bought_again' as outcome,
        cast(
            max(case when revenue.period_index > responses.period_index then 1 else 0 end)
            * 1000000000 as {{ type_whole() }}
        ) as outcome_units
    from responses
    inner join last_periods
        on
            responses.entity_id = last_periods.entity_id
            and responses.period_index + 6 <= last_periods.last_period_index
    inner join {{ ref('int_customer_revenue_monthly') }} as revenue
        on
            responses.entity_id = revenue.entity_id
            and responses.customer_id = revenue.customer_id
            and revenue.period_index > responses.period_index - 6
            and revenue.period_index <= responses.period_index + 6
            and revenue.orders_count > 0
    where responses.is_named
    group by responses.entity_id, responses.response_id
    having max(case when revenue.period_index <= responses.period_index then 1 else 0 end) = 1

),

outcomes as (

    select
        entity_id,
        response_id,
        attribute_id as outcome,
        {{ divide_rounded('sum(score_units)', 'count(*)') }} as outcome_units
    from answers
    where term = 'outcome'
    group by entity_id, response_id, attribute_id

    union all

    select entity_id, response_id, outcome, outcome_units
    from followed

),

paired as (

    select
        responses.entity_id,
        responses.fiscal_year,
        outcomes.outcome,
        responses.response_id,
        responses.customer_id,
        responses.segment,
        responses.is_named,
        responses.aggregate_low_customers,
        {%- for term in value_terms %}
        responses.{{ term }}_units,
        {%- endfor %}
        outcomes.outcome_units
    from outcomes
    inner join responses
        on
            outcomes.entity_id = responses.entity_id
            and outcomes.response_id = responses.response_id

),

-- Two outcomes rest on nearly the same people: their difference must be whole groups too. So a
-- customer has the same terms beside every outcome asked, and who is not named counts where enough
-- customers with answers that are not named answered the same outcomes: as many as a variance of
-- their own is told of, since an effect and its standardised one tell the deviations of a term and
-- an outcome to nine digits.
customers as (

    select
        entity_id,
        fiscal_year,
        customer_id,
        segment,
        max(aggregate_low_customers) as minimum_count,
        max(case when is_named then 0 else 1 end) as has_not_named,
        {{ list_of('outcome') }} as outcomes
    from paired
    where outcome <> 'bought_again'
    group by entity_id, fiscal_year, customer_id, segment

),

answered_alike as (

    select
        entity_id,
        fiscal_year,
        segment,
        outcomes
    from customers
    where has_not_named = 1
    group by entity_id, fiscal_year, segment, outcomes
    having count(*) >= max(minimum_count)

),

heard as (

    select
        customers.entity_id,
        customers.fiscal_year,
        customers.customer_id,
        customers.segment
    from customers
    inner join answered_alike
        on
            customers.entity_id = answered_alike.entity_id
            and customers.fiscal_year = answered_alike.fiscal_year
            and customers.segment = answered_alike.segment
            and customers.outcomes = answered_alike.outcomes

),

counted as (

    select
        paired.entity_id,
        paired.fiscal_year,
        paired.outcome,
        paired.response_id,
        paired.customer_id,
        paired.segment,
        {%- for term in value_terms %}
        paired.{{ term }}_units,
        {%- endfor %}
        paired.outcome_units
    from paired
    left join heard
        on
            paired.entity_id = heard.entity_id
            and paired.fiscal_year = heard.fiscal_year
            and paired.customer_id = heard.customer_id
            and paired.segment = heard.segment
    where paired.is_named or heard.entity_id is not null

),

counted_responses as (

    select distinct
        entity_id,
        fiscal_year,
        response_id,
        customer_id,
        segment,
        {%- for term in value_terms %}
        {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    where outcome <> 'bought_again'

),

customer_terms as (

    select
        entity_id,
        fiscal_year,
        customer_id,
        segment,
        {%- for term in value_terms %}
        {{ divide_rounded('sum(' ~ term ~ '_units)', 'count(*)') }}
            as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from counted_responses
    group by entity_id, fiscal_year, customer_id, segment

),

customer_outcomes as (

    select
        entity_id,
        fiscal_year,
        outcome,
        customer_id,
        segment,
        {%- for term in value_terms %}
        {{ divide_rounded('sum(' ~ term ~ '_units)', 'count(*)') }} as {{ term }}_units,
        {%- endfor %}
        {{ divide_rounded('sum(outcome_units)', 'count(*)') }} as outcome_units
    from counted
    group by entity_id, fiscal_year, outcome, customer_id, segment

),

final as (

    select
        customer_outcomes.entity_id,
        customer_outcomes.fiscal_year,
        customer_outcomes.outcome,
        customer_outcomes.customer_id,
        customer_outcomes.segment,
        {%- for term in value_terms %}
        -- what he did afterwards is known of named responses only, with their own terms
        case
            when customer_outcomes.outcome = 'bought_again'
                then customer_outcomes.{{ term }}_units
            else customer_terms.{{ term }}_units
        end as {{ term }}_units,
        {%- endfor %}
        customer_outcomes.outcome_units
    from customer_outcomes
    left join customer_terms
        on
            customer_outcomes.entity_id = customer_terms.entity_id
            and customer_outcomes.fiscal_year = customer_terms.fiscal_year
            and customer_outcomes.customer_id = customer_terms.customer_id
            and customer_outcomes.segment = customer_terms.segment

)

select * from final
