-- Who would not think of anyone else, among customers and among others, by fiscal year.
with

counted as (

    select
        preferences.entity_id,
        preferences.fiscal_year,
        preferences.outcome,
        preferences.is_customer,
        count(*) as respondents_count,
        sum(case when preferences.considered_count = 0 then 1 else 0 end) as exclusive_count,
        sum(case when preferences.preferred_count > 0 then 1 else 0 end) as outdone_count,
        sum(preferences.considered_count) as considered_count,
        sum(preferences.rated_count) as rated_count
    from {{ ref('int_considered_suppliers') }} as preferences
    group by
        preferences.entity_id, preferences.fiscal_year, preferences.outcome,
        preferences.is_customer

),

last_parameters as (

    select
        entity_id,
        aggregate_minimum_customers,
        aggregate_low_customers
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

shares as (

    select
        counted.entity_id,
        counted.fiscal_year,
        counted.outcome,
        counted.is_customer,
        counted.respondents_count,
        last_parameters.aggregate_low_customers,
        {{ share_units('counted.exclusive_count', 'counted.respondents_count') }}
            as exclusive_units,
        {{ share_units('counted.outdone_count', 'counted.respondents_count') }} as outdone_units,
        {{ share_units('counted.considered_count', 'counted.rated_count') }} as considered_units
    from counted
    inner join last_parameters
        on counted.entity_id = last_parameters.entity_id
    where counted.respondents_count >= last_parameters.aggregate_minimum_customers

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        outcome,
        is_customer,
        {{ units_to_score('exclusive_units') }} as exclusive_share,
        {{ share_end('exclusive_units', 'respondents_count', '-') }} as exclusive_share_low,
        {{ share_end('exclusive_units', 'respondents_count', '+') }} as exclusive_share_high,
        {{ units_to_score('considered_units') }} as considered_share,
        {{ units_to_score('outdone_units') }} as outdone_share,
        cast(1 as decimal(18, 9)) as own_answer_share,
        cast(respondents_count as bigint) as respondents_count,
        'share of respondents; beta posterior' as method,
        case
            when respondents_count < aggregate_low_customers then 'low_n' else 'shown'
        end as reliability
    from shares

)

select * from final
