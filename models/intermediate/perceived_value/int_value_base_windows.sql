-- The window that sets par for an entity (R23): a policy's, else the first full trailing window in
-- which enough customers answered all terms, else everything so far.
with

entities as (

    select
        entity_id,
        -- an entity that asked one overall question only is read by another method (R25)
        case
            when max(case when term in ('product_quality', 'service_quality') then 1 else 0 end) = 1
                then 'four_terms'
            else 'overall_split_unknown'
        end as value_method,
        min(period_index) as first_answer_period_index
    from {{ ref('int_survey_answers_scored') }}
    where
        rated_id = '(own)'
        and term in ('product_quality', 'service_quality', 'price', 'hassle', 'overall')
    group by entity_id

),

complete_customers as (

    select
        answers.entity_id,
        answers.window_kind,
        answers.window_period_index,
        count(*) as customers_count
    from {{ ref('int_customer_value_answers') }} as answers
    inner join entities
        on answers.entity_id = entities.entity_id
    where
        (
            entities.value_method = 'four_terms'
            and answers.product_quality_units is not null
            and answers.service_quality_units is not null
            and answers.price_units is not null
            and answers.hassle_units is not null
        )
        or (
            entities.value_method = 'overall_split_unknown'
            and answers.overall_units is not null
        )
    group by answers.entity_id, answers.window_kind, answers.window_period_index

),

candidates as (

    select
        complete_customers.entity_id,
        entities.value_method,
        complete_customers.window_kind,
        complete_customers.window_period_index,
        case
            when
                complete_customers.window_kind = 'trailing'
                and months.month_end_date = parameters.base_window_ends_on
                then 1
            when
                complete_customers.window_kind = 'trailing'
                and complete_customers.customers_count >= parameters.par_minimum_customers
                and complete_customers.window_period_index
                >= entities.first_answer_period_index + {{ trailing_periods() - 1 }}
                then 2
            when complete_customers.window_kind = 'all' then 3
        end as preference
    from complete_customers
    inner join entities
        on complete_customers.entity_id = entities.entity_id
    inner join {{ ref('int_entity_months') }} as months
        on
            complete_customers.entity_id = months.entity_id
            and complete_customers.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            complete_customers.entity_id = parameters.entity_id
            and complete_customers.window_period_index = parameters.period_index

),

chosen as (

    select
        entity_id,
        value_method,
        window_kind,
        window_period_index,
        preference
    from candidates
    where preference is not null
    qualify row_number() over (
        partition by entity_id order by preference, window_period_index
    ) = 1

),

final as (

    select
        chosen.entity_id,
        chosen.value_method,
        chosen.window_kind,
        chosen.window_period_index,
        case chosen.preference
            when 1 then 'policy'
            when 2 then 'first_full_window'
            else 'all_so_far'
        end as par_rule,
        min(months.month_start_date) as base_starts_on,
        max(months.month_end_date) as base_ends_on
    from chosen
    inner join {{ ref('int_value_windows') }} as windows
        on
            chosen.entity_id = windows.entity_id
            and chosen.window_kind = windows.window_kind
            and chosen.window_period_index = windows.window_period_index
    inner join {{ ref('int_entity_months') }} as months
        on
            windows.entity_id = months.entity_id
            and windows.period_index = months.period_index
    group by
        chosen.entity_id, chosen.value_method, chosen.window_kind, chosen.window_period_index,
        chosen.preference

)

select * from final
