-- How much of an outcome each term explains, and what a point of it moves, in every replicate: four
-- standardised slopes and shares of variance, solved from correlations (macros/relative_weights).
-- Terms that are nearly one and the same have no separate importance.
{%- set drivers = {'1': 'product_quality', '2': 'service_quality', '3': 'price', '4': 'hassle'} %}
{%- set pairs = ['12', '13', '14', '23', '24', '34', '1y', '2y', '3y', '4y'] %}
with

correlated as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        replicate,
        customers_count,
        {%- for pair in pairs %}
        {{ correlation_of_sums(
            'customers_count', 's_' ~ pair[0], 's_' ~ pair[1],
            's_' ~ pair[0] ~ pair[0], 's_' ~ pair[1] ~ pair[1], 's_' ~ pair
        ) }} as r_{{ pair }},
        {%- endfor %}
        {%- for driver in drivers %}
        sqrt(
            cast(customers_count * s_yy - s_y * s_y as double)
            / nullif(cast(
                customers_count * s_{{ driver }}{{ driver }} - s_{{ driver }} * s_{{ driver }}
                as double
            ), 0)
        ) as deviations_{{ driver }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_value_driver_sums') }}

),

determined as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        replicate,
        customers_count,
        {%- for driver in drivers %}
        deviations_{{ driver }},
        {{ determinant(
            ['1', '2', '3', '4'], ('1234' | replace(driver, 'y')) | list
        ) }} as slope_{{ driver }},
        {%- endfor %}
        {%- for subset in driver_sets() %}
        {{ determinant(subset | list, subset | list) }} as d_{{ subset }},
        {{ determinant((subset ~ 'y') | list, (subset ~ 'y') | list) }}
            as e_{{ subset }}{{ ',' if not loop.last }}
        {%- endfor %}
    from correlated

),

explained as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        replicate,
        customers_count,
        d_1234,
        {%- for driver in drivers %}
        deviations_{{ driver }},
        slope_{{ driver }} / d_1234 as slope_{{ driver }},
        {%- endfor %}
        {%- for subset in driver_sets() %}
        1 - e_{{ subset }} / d_{{ subset }} as r2_{{ subset }}{{ ',' if not loop.last }}
        {%- endfor %}
    from determined
    where d_1234 > 0.000001

),

final as (

    {%- for driver, name in drivers.items() %}
    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        '{{ name }}' as driver,
        replicate,
        customers_count,
        {{ float_to_units('slope_' ~ driver) }} as standardised_effect_units,
        {{ float_to_units('slope_' ~ driver ~ ' * deviations_' ~ driver) }} as effect_units,
        {{ float_to_units(explained_share(driver) ~ ' / nullif(r2_1234, 0)') }}
            as importance_units,
        {{ float_to_units('r2_1234') }} as explained_units
    from explained
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
