-- Who would not think of anyone else, among customers and among others, by fiscal year. A share
-- that (nearly) all or none of those who are not named are in is told as bounds (told_count). Who
-- is exclusive considers no one and is not outdone, so that what is left of one share is a part of
-- the next: the considered suppliers show where the exclusive are told, and the outdone are told as
-- a part of those who are not exclusive.
{%- set shown = ['exclusive', 'considered', 'outdone'] %}
with

-- one row a cluster: people of one customer (R26)
clusters as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        count(*) as respondents_count,
        sum(case when is_named then 0 else 1 end) as hidden_count,
        {%- for column, said in [
            ('exclusive', 'considered_count = 0'), ('outdone', 'preferred_count > 0'),
        ] %}
        sum(case when {{ said }} then 1 else 0 end) as {{ column }}_count,
        sum(case when {{ said }} and not is_named then 1 else 0 end) as hidden_{{ column }}_count,
        {%- endfor %}
        sum(considered_count) as considered_count,
        sum(rated_count) as rated_count
    from {{ ref('int_considered_suppliers') }}
    group by entity_id, fiscal_year, outcome, is_customer, cluster_id

),

counted as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        count(*) as clusters_count,
        {%- for column in [
            'respondents', 'hidden', 'exclusive', 'hidden_exclusive', 'outdone', 'hidden_outdone',
            'considered', 'rated',
        ] %}
        sum({{ column }}_count) as {{ column }}_count,
        {%- endfor %}
        {%- for column in shown %}
        {%- set whole = 'rated_count' if column == 'considered' else 'respondents_count' %}
        {{ effective_respondents_units(whole, column ~ '_count', column ~ '_count') }}
            as {{ column }}_effective_units,
        {%- endfor %}
        {{ clusters_by_size_units('respondents_count') }} as clusters_by_size_units
    from clusters
    group by entity_id, fiscal_year, outcome, is_customer

),

last_parameters as (

    select
        entity_id,
        aggregate_minimum_customers,
        aggregate_low_customers,
        minimum_minority
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

exclusive as (

    select
        counted.entity_id,
        counted.fiscal_year,
        counted.outcome,
        counted.is_customer,
        counted.respondents_count,
        counted.hidden_count,
        counted.hidden_exclusive_count,
        counted.outdone_count,
        counted.hidden_outdone_count,
        counted.considered_count,
        counted.rated_count,
        {%- for column in shown %}
        counted.{{ column }}_effective_units,
        {%- endfor %}
        counted.clusters_by_size_units,
        last_parameters.minimum_minority,
        counted.clusters_count < last_parameters.aggregate_low_customers as is_low,
        {%- for side in ['low', 'high'] %}
        {{ told_count(
            'counted.exclusive_count', 'counted.hidden_exclusive_count', 'counted.hidden_count',
            'last_parameters.minimum_minority', side
        ) }} as exclusive_{{ side }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    inner join last_parameters
        on counted.entity_id = last_parameters.entity_id
    where counted.clusters_count >= last_parameters.aggregate_minimum_customers

),

remaining as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        respondents_count,
        outdone_count,
        hidden_outdone_count,
        -- of whom an outdone respondent is one, as far as that is told
        hidden_count - case
            when exclusive_low_count = exclusive_high_count then hidden_exclusive_count else 0
        end as hidden_count,
        case when exclusive_low_count = exclusive_high_count then considered_count end
            as considered_count,
        rated_count,
        {%- for column in shown %}
        {{ column }}_effective_units,
        {%- endfor %}
        clusters_by_size_units,
        minimum_minority,
        is_low,
        exclusive_low_count,
        exclusive_high_count
    from exclusive

),

bounded as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        respondents_count,
        rated_count,
        {%- for column in shown %}
        {{ column }}_effective_units,
        {%- endfor %}
        clusters_by_size_units,
        is_low,
        exclusive_low_count,
        exclusive_high_count,
        considered_count as considered_low_count,
        considered_count as considered_high_count,
        {%- for side in ['low', 'high'] %}
        {{ told_count(
            'outdone_count', 'hidden_outdone_count', 'hidden_count', 'minimum_minority', side
        ) }} as outdone_{{ side }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from remaining

),

shares as (

    select
        entity_id,
        fiscal_year,
        outcome,
        is_customer,
        respondents_count,
        rated_count,
        is_low,
        {%- for column in shown %}
        {%- set whole = 'rated_count' if column == 'considered' else 'respondents_count' %}
        {%- for side in ['low', 'high'] %}
        {{ share_units(column ~ '_' ~ side ~ '_count', whole) }} as {{ column }}_{{ side }}_units,
        {%- endfor %}
        -- bounds hide what each said, and so must what they rest on
        case
            when {{ column }}_low_count < {{ column }}_high_count then clusters_by_size_units
            when {{ column }}_low_count is not null then {{ column }}_effective_units
        end as {{ column }}_effective_units,
        {%- endfor %}
        exclusive_low_count < exclusive_high_count or outdone_low_count < outdone_high_count
            as is_bounded
    from bounded

),

final as (

    select
        shares.entity_id,
        cast(shares.fiscal_year as bigint) as fiscal_year,
        shares.outcome,
        shares.is_customer,
        {%- for column in shown %}
        case when shares.{{ column }}_low_units = shares.{{ column }}_high_units
                then {{ units_to_score('shares.' ~ column ~ '_low_units') }}
        end as {{ column }}_share,
        {%- for side, sign in [('low', '-'), ('high', '+')] %}
        case when shares.{{ column }}_{{ side }}_units is not null
                then {{ share_end(
                    'shares.' ~ column ~ '_' ~ side ~ '_units',
                    effective_respondents('shares.' ~ column ~ '_effective_units'),
                    sign
                ) }}
        end as {{ column }}_share_{{ side }},
        {%- endfor %}
        {{ units_to_score('shares.' ~ column ~ '_effective_units') }}
            as {{ column }}_effective_respondents,
        {%- endfor %}
        cast(1 as decimal(18, 9)) as own_answer_share,
        cast(shares.respondents_count as bigint) as respondents_count,
        cast(shares.rated_count as bigint) as ratings_count,
        {{ units_to_score('rates.response_rate_units') }}
            as response_rate,
        'share of respondents; beta posterior'
        || case when shares.is_bounded then ' over bounds' else '' end as method,
        case when shares.is_low then 'low_n' else 'shown' end as reliability
    from shares
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            shares.entity_id = rates.entity_id
            and shares.fiscal_year = rates.fiscal_year
            and rates.map_level = 'raters'
            and rates.rated_id = case when shares.is_customer then 'customers' else 'others' end

)

select * from final
