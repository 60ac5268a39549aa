-- Each term of a customer's operations as a ratio to par, in units of 10^-9: shrunk by a few
-- opportunities of par behaviour and clipped (R24). Above 1 is more of the thing: more quality,
-- more price, more hassle. No opportunity: no ratio.
with

operations as (

    {%- for window_kind, windows in [
        ('trailing', 'int_customer_operations_trailing'),
        ('all', 'int_customer_operations_all_periods'),
    ] %}
    select
        entity_id,
        '{{ window_kind }}' as window_kind,
        window_period_index,
        customer_id,
        {%- for measure in operation_measures() %}
        {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(windows) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

par as (

    select
        entity_id,
        max(case when term = 'product_quality' then par_units end) as product_quality_par_units,
        max(case when term = 'service_quality' then par_units end) as service_quality_par_units,
        max(case when term = 'price' then par_units end) as price_par_units,
        max(case when term = 'hassle' then par_units end) as hassle_par_units
    from {{ ref('int_operational_par') }}
    group by entity_id

),

windows as (

    select
        operations.entity_id,
        operations.window_kind,
        operations.window_period_index,
        operations.customer_id,
        parameters.prior_opportunities * 1000000000 as prior_units,
        parameters.ratio_floor_units,
        parameters.ratio_ceiling_units,
        operations.product_quality_opportunity_units,
        operations.product_quality_opportunity_units - operations.product_quality_effect_units
            as product_quality_sound_units,
        par.product_quality_par_units,
        operations.service_quality_opportunity_units,
        operations.service_quality_opportunity_units - operations.service_quality_effect_units
            as service_quality_sound_units,
        par.service_quality_par_units,
        operations.hassle_opportunity_units,
        operations.hassle_effect_units,
        par.hassle_par_units,
        operations.price_opportunity_units,
        {{ share_units('operations.price_effect_units', 'operations.price_reference_units') }}
            as price_paid_share_units,
        par.price_par_units
    from operations
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            operations.entity_id = parameters.entity_id
            and operations.window_period_index = parameters.period_index
    inner join par
        on operations.entity_id = par.entity_id

),

shrunk as (

    select
        entity_id,
        window_kind,
        window_period_index,
        customer_id,
        ratio_floor_units,
        ratio_ceiling_units,
        {%- for term, effect in [
            ('product_quality', 'sound'), ('service_quality', 'sound'), ('hassle', 'effect')
        ] %}
        case
            when {{ term }}_opportunity_units > 0
                then {{ share_units(
                    term ~ '_' ~ effect ~ '_units * 1000000000'
                    ~ ' + prior_units * ' ~ term ~ '_par_units',
                    '((' ~ term ~ '_opportunity_units + prior_units) * ' ~ term ~ '_par_units)'
                ) }}
        end as {{ term }}_ratio_units,
        {%- endfor %}
        case
            when price_opportunity_units > 0 and price_paid_share_units > 0
                then {{ divide_rounded(
                    '(price_opportunity_units * '
                    ~ share_units('price_paid_share_units', 'price_par_units')
                    ~ ' + prior_units * 1000000000)',
                    '(price_opportunity_units + prior_units)'
                ) }}
        end as price_ratio_units
    from windows

),

final as (

    select
        entity_id,
        window_kind,
        window_period_index,
        customer_id,
        {%- for term in ['product_quality', 'service_quality', 'price', 'hassle'] %}
        case
            when {{ term }}_ratio_units is not null
                then least(greatest({{ term }}_ratio_units, ratio_floor_units), ratio_ceiling_units)
        end as {{ term }}_ratio_units{{ ',' if not loop.last }}
        {%- endfor %}
    from shrunk

)

select * from final
where
    product_quality_ratio_units is not null
    or service_quality_ratio_units is not null
    or price_ratio_units is not null
    or hassle_ratio_units is not null
