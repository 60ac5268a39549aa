with

-- shares of a rater add up to 1 over the suppliers he rated
preferences as (

    select
        preferences.entity_id,
        preferences.window_period_index,
        preferences.rated_id,
        preferences.ratings_count,
        {{ divide_rounded('preferences.preference_units', 'preferences.ratings_count') }}
            as preference_units,
        nullif({{ clustered_mean_half_width(
            'preferences.preference_units', 'preferences.preference_squares',
            'preferences.ratings_count', 'preferences.ratings_count * 1000000000',
            'preferences.ratings_count', 'parameters.aggregate_low_customers'
        ) }}, 0) as preference_half_units,
        {{ share_units('preferences.preferred_count', 'preferences.ratings_count') }}
            as preferred_units
    from {{ ref('int_supplier_preferences') }} as preferences
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            preferences.entity_id = parameters.entity_id
            and preferences.window_period_index = parameters.period_index
    where preferences.is_open

),

compared as (

    select
        rivals.entity_id,
        rivals.month_start_date,
        rivals.rated_id as competitor_id,
        rivals.respondent_role,
        rivals.reliability,
        rivals.pairs_count,
        own.clusters_count as own_raters_count,
        rates.response_rate_units,
        {%- for column in [
            'quality_units', 'price_units', 'hassle_units', 'value_log_units',
            'value_half_width_log_units', 'quality_half_width_log_units',
            'price_half_width_log_units', 'hassle_half_width_log_units',
        ] %}
        rivals.{{ column }},
        {%- endfor %}
        {%- for column in [
            'ratings_count', 'preference_units', 'preference_half_units', 'preferred_units'
        ] %}
        own_preferences.{{ column }} as own_{{ column }},
        preferences.{{ column }} as competitor_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_supplier_comparisons') }} as rivals
    left join {{ ref('int_value_map_scored') }} as own
        on
            rivals.entity_id = own.entity_id
            and rivals.window_period_index = own.window_period_index
            and own.map_level = 'supplier'
            and own.rated_id = '(own)'
            and own.reliability <> 'suppressed'
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            rivals.entity_id = rates.entity_id
            and rivals.window_period_index = rates.window_period_index
            and rivals.rated_id = rates.rated_id
            and rates.map_level = 'supplier'
    left join preferences
        on
            rivals.entity_id = preferences.entity_id
            and rivals.window_period_index = preferences.window_period_index
            and rivals.rated_id = preferences.rated_id
    left join preferences as own_preferences
        on
            rivals.entity_id = own_preferences.entity_id
            and rivals.window_period_index = own_preferences.window_period_index
            and own_preferences.rated_id = '(own)'

),

shown as (

    select
        entity_id,
        month_start_date,
        competitor_id,
        respondent_role,
        response_rate_units,
        reliability,
        {%- for column in [
            'own_raters_count', 'pairs_count', 'quality_units', 'price_units', 'hassle_units', 'value_log_units', 'value_half_width_log_units',
            'quality_half_width_log_units', 'price_half_width_log_units',
            'hassle_half_width_log_units', 'own_ratings_count', 'own_preference_units', 'own_preference_half_units',
            'own_preferred_units', 'competitor_ratings_count', 'competitor_preference_units',
            'competitor_preference_half_units', 'competitor_preferred_units',
        ] %}
        case when reliability <> 'suppressed' then {{ column }} end
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from compared

),

final as (

    select
        entity_id,
        month_start_date,
        competitor_id,
        respondent_role,
        case
            when reliability = 'suppressed' then 'none'
            when value_half_width_log_units is null then 'ratio_of_sums_without_interval'
            else 'ratio_of_sums_paired' || {{ assumed_deviation('reliability') }}
        end as method,
        {%- for column in ['quality', 'price', 'hassle'] %}
        {{ units_to_score(column ~ '_units') }} as relative_{{ column }},
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        cast(
            cast({{ column }}_units as double) / 1000000000
            * exp({{ side }}cast({{ column }}_half_width_log_units as double) / 1000000000000)
            as decimal(18, 9)
        ) as relative_{{ column }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        {{ fixed_exp('value_log_units') }} as value_against_competitor,
        {{ fixed_exp('(value_log_units - value_half_width_log_units)') }} as value_low,
        {{ fixed_exp('(value_log_units + value_half_width_log_units)') }} as value_high,
        case when reliability <> 'suppressed' then cast(1 as decimal(18, 9)) end
            as own_answer_share,
        {%- for who in ['own', 'competitor'] %}
        {{ units_to_score(who ~ '_preference_units') }} as {{ who }}_preference_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        cast(case
            when {{ who }}_preference_half_units is not null
                then least(1, greatest(0, (
                    cast({{ who }}_preference_units as double)
                    {{ side }} {{ who }}_preference_half_units
                ) / 1000000000))
        end as decimal(18, 9)) as {{ who }}_preference_{{ name }},
        {%- endfor %}
        {{ units_to_score(who ~ '_preferred_units') }} as {{ who }}_preferred_rate,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when {{ who }}_preferred_units is not null
                then {{ share_end(who ~ '_preferred_units', who ~ '_ratings_count', side) }}
        end as {{ who }}_preferred_{{ name }},
        {%- endfor %}
        cast({{ who }}_ratings_count as bigint) as {{ who }}_ratings_count,
        {%- endfor %}
        cast(pairs_count as bigint) as pairs_count,
        cast(own_raters_count as bigint) as own_raters_count,
        {{ units_to_score('response_rate_units') }} as response_rate,
        reliability
    from shown

)

select * from final
