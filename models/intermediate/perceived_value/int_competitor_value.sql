-- The value ratio of all rated competitors together over a trailing window, as a ratio of means
-- over their raters, customers of ours or not. It never enters par (R23).
with

raters as (

    select
        terms.entity_id,
        terms.window_period_index,
        terms.rated_id,
        terms.respondent_id,
        {{ mean_of_present('terms.product_quality_units', 'terms.service_quality_units') }}
            as get_units,
        {{ mean_of_present('terms.price_units', 'terms.hassle_units') }} as give_units
    from {{ ref('int_respondent_value_terms') }} as terms
    where
        terms.rated_id <> '(own)'
        and terms.window_kind = 'trailing'

),

final as (

    select
        raters.entity_id,
        raters.window_period_index,
        count(*) as ratings_count,
        sum(raters.get_units) as get_units,
        sum(raters.give_units) as give_units
    from raters
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            raters.entity_id = parameters.entity_id
            and raters.window_period_index = parameters.period_index
    where
        raters.get_units is not null
        and raters.give_units is not null
    group by raters.entity_id, raters.window_period_index
    -- a mean of a handful is not shown, nor anything computed from it
    having count(*) >= max(parameters.aggregate_minimum_customers)

)

select * from final
