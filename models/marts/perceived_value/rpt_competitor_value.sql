with

own as (

    select
        entity_id,
        window_period_index,
        clusters_count,
        weights,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units,
        get_units,
        give_units,
        variance_log_units,
        get_variance_log_units,
        price_variance_log_units,
        hassle_variance_log_units
    from {{ ref('int_value_map_scored') }}
    where map_level = 'supplier' and rated_id = '(own)' and reliability <> 'suppressed'

),

-- shares of a rater add up to 1 over the suppliers he rated
preferences as (

    select
        entity_id,
        window_period_index,
        rated_id,
        ratings_count,
        {{ divide_rounded('preference_units', 'ratings_count') }} as preference_units,
        case when ratings_count > 1
                then {{ student_t_90('(ratings_count - 1)') }} * sqrt(nullif(greatest(
                    cast(preference_squares as double)
                    - cast(preference_units as double)
                    * cast(preference_units as double) / ratings_count, 0
                ), 0) / ratings_count / (ratings_count - 1))
        end as preference_half_units,
        {{ share_units('preferred_count', 'ratings_count') }} as preferred_units
    from {{ ref('int_supplier_preferences') }}
    where is_open

),

compared as (

    select
        rivals.entity_id,
        rivals.month_start_date,
        rivals.rated_id as competitor_id,
        case
            when rivals.reliability = 'suppressed' or own.entity_id is null then 'suppressed'
            when least(rivals.clusters_count, own.clusters_count) < 30 then 'low_n'
            else 'shown'
        end as reliability,
        own.clusters_count as own_raters_count,
        rivals.clusters_count as competitor_raters_count,
        -- Gale: our score over theirs, then the weighted mean; here term by term, weighing alike
        {{ divide_rounded('(' ~ share_units(
            'own.product_quality_units * rivals.weights',
            '(rivals.product_quality_units * own.weights)'
        ) ~ ' + ' ~ share_units(
            'own.service_quality_units * rivals.weights',
            '(rivals.service_quality_units * own.weights)'
        ) ~ ')', '2') }} as quality_units,
        {{ share_units(
            'own.price_units * rivals.weights', '(rivals.price_units * own.weights)'
        ) }} as price_units,
        {{ share_units(
            'own.hassle_units * rivals.weights', '(rivals.hassle_units * own.weights)'
        ) }} as hassle_units,
        {{ fixed_ln(
            '(cast(own.get_units as double) * rivals.give_units)',
            '(cast(own.give_units as double) * rivals.get_units)'
        ) }} as value_log_units,
        -- as if they were rated by different people, which is wider than by the same
        {%- for prefix in ['', 'get_', 'price_', 'hassle_'] %}
        cast(round(1644853.6 * sqrt(nullif(cast(
            own.{{ prefix }}variance_log_units + rivals.{{ prefix }}variance_log_units as double
        ), 0))) as {{ type_whole() }}) as {{ prefix }}half_width_log_units,
        {%- endfor %}
        {%- for column in [
            'ratings_count', 'preference_units', 'preference_half_units', 'preferred_units'
        ] %}
        own_preferences.{{ column }} as own_{{ column }},
        preferences.{{ column }} as competitor_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_value_map_scored') }} as rivals
    left join own
        on
            rivals.entity_id = own.entity_id
            and rivals.window_period_index = own.window_period_index
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
    where
        rivals.map_level = 'supplier'
        and rivals.rated_id <> '(own)'

),

shown as (

    select
        entity_id,
        month_start_date,
        competitor_id,
        reliability,
        {%- for column in [
            'own_raters_count', 'competitor_raters_count', 'quality_units', 'price_units',
            'hassle_units', 'value_log_units', 'half_width_log_units', 'get_half_width_log_units',
            'price_half_width_log_units', 'hassle_half_width_log_units',
            'own_ratings_count', 'own_preference_units', 'own_preference_half_units',
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
        case
            when reliability = 'suppressed' then 'none'
            when half_width_log_units is null then 'ratio_of_sums_without_interval'
            else 'ratio_of_sums_by_raters'
        end as method,
        {%- for column, measure in [('quality', 'get'), ('price', 'price'), ('hassle', 'hassle')] %}
        {{ units_to_score(column ~ '_units') }} as relative_{{ column }},
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        cast(
            cast({{ column }}_units as double) / 1000000000
            * exp({{ side }}cast({{ measure }}_half_width_log_units as double) / 1000000000000)
            as decimal(18, 9)
        ) as relative_{{ column }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        {{ fixed_exp('value_log_units') }} as value_against_competitor,
        {{ fixed_exp('(value_log_units - half_width_log_units)') }} as value_low,
        {{ fixed_exp('(value_log_units + half_width_log_units)') }} as value_high,
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
        cast(own_raters_count as bigint) as own_raters_count,
        cast(competitor_raters_count as bigint) as competitor_raters_count,
        reliability
    from shown

)

select * from final
