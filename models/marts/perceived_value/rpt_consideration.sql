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
        sum(preferences.rated_count) as rated_count,
        sum(preferences.rated_count * preferences.rated_count) as rated_squares
    from {{ ref('int_considered_suppliers') }} as preferences
    group by
        preferences.entity_id, preferences.fiscal_year, preferences.outcome,
        preferences.is_customer

),

last_parameters as (

    select
        entity_id,
        aggregate_minimum_customers,
        aggregate_low_customers,
        unanimous_answers_shown
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
        counted.rated_count,
        -- respondents by how many they rated (Kish): what one says of several is one voice
        cast(counted.rated_count as double) * counted.rated_count / counted.rated_squares
            as effective_count,
        last_parameters.aggregate_low_customers,
        -- whether all said the same, which would tell each one's answer
        {%- for column in ['exclusive', 'outdone'] %}
        last_parameters.unanimous_answers_shown = 1
        or counted.{{ column }}_count between 1 and counted.respondents_count - 1
            as is_{{ column }}_shown,
        {%- endfor %}
        last_parameters.unanimous_answers_shown = 1
        or counted.considered_count between 1 and counted.rated_count - 1 as is_considered_shown,
        {{ share_units('counted.exclusive_count', 'counted.respondents_count') }}
            as exclusive_units,
        {{ share_units('counted.outdone_count', 'counted.respondents_count') }} as outdone_units,
        {{ share_units('counted.considered_count', 'counted.rated_count') }} as considered_units
    from counted
    inner join last_parameters
        on counted.entity_id = last_parameters.entity_id
    where counted.respondents_count >= last_parameters.aggregate_minimum_customers

),

-- who is exclusive considers no one: one closed share closes them all
judged as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        respondents_count,
        rated_count,
        effective_count,
        exclusive_units,
        considered_units,
        outdone_units,
        is_exclusive_shown and is_considered_shown and is_outdone_shown as is_shown,
        respondents_count < aggregate_low_customers as is_low
    from shares

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        outcome,
        is_customer,
        {%- for column, n in [
            ('exclusive', 'respondents_count'), ('considered', 'effective_count'),
            ('outdone', 'respondents_count'),
        ] %}
        case when is_shown then {{ units_to_score(column ~ '_units') }} end
            as {{ column }}_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when is_shown then {{ share_end(column ~ '_units', n, side) }} end
            as {{ column }}_share_{{ name }},
        {%- endfor %}
        {%- endfor %}
        case when is_shown then cast(1 as decimal(18, 9)) end as own_answer_share,
        cast(respondents_count as bigint) as respondents_count,
        cast(case when is_shown then rated_count end as bigint) as ratings_count,
        case when is_shown then 'share of respondents; beta posterior' else 'none' end as method,
        case
            when not is_shown then 'suppressed'
            when is_low then 'low_n'
            else 'shown'
        end as reliability
    from judged

)

select * from final
