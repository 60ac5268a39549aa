{%- set silent = '(1000000000 - scored.response_rate_units)' %}
with

-- the sums are means once divided by the weights; a closed point keeps its place and no number
opened as (

    select
        scored.entity_id,
        scored.month_start_date,
        scored.map_level,
        scored.rated_id,
        scored.reference,
        scored.respondent_role,
        -- one overall question asks for no price: the money stands in its place (R25)
        case
            when scored.clusters_count = 0 then 'none'
            when scored.product_quality_units is null then 'paid'
            else 'answered'
        end as price_basis,
        scored.reliability,
        scored.quality_weight_units,
        scored.quality_weight_basis,
        scored.is_weighted,
        scored.clusters_count,
        scored.value_log_units,
        -- where all are alike there is no interval
        nullif(scored.half_width_log_units, 0) as half_width_log_units,
        {%- for measure in ['get', 'price', 'hassle'] %}
        nullif(scored.{{ measure }}_half_width_log_units, 0) as {{ measure }}_half_width_log_units,
        {%- endfor %}
        -- Morris's interval of a shrunken mean: what is left of its own variance, and of not
        -- knowing how much to shrink; the index's own where nothing is shrunk
        cast(round(
            1000000 * {{ student_t_90('(scored.clusters_count - 1)') }} * sqrt(
                nullif(cast(scored.variance_log_units as double), 0) * (
                    1 - cast(1000000000 - shrunk.own_answer_share_units as double) / 1000000000
                    * (shrunk.points_count - 1) / shrunk.points_count
                )
                + coalesce(
                    2e0 / nullif(greatest(shrunk.points_count - 3, 0), 0) * power(
                        cast(1000000000 - shrunk.own_answer_share_units as double) / 1000000000
                        * cast(scored.value_log_units - shrunk.mean_log_units as double) / 1000000,
                        2
                    ),
                    0
                )
            )
        ) as {{ type_whole() }}) as shrunk_half_width_log_units,
        shrunk.own_answer_share_units,
        {{ divide_rounded(
            '(shrunk.own_answer_share_units * scored.value_log_units'
            ~ ' + (1000000000 - shrunk.own_answer_share_units) * shrunk.mean_log_units)',
            '1000000000'
        ) }} as shrunk_log_units,
        shrunk.line_price_millionths,
        shrunk.slope_millionths,
        {{ share_units('scored.weights * scored.weights', 'scored.squared_weights') }}
            as effective_clusters_units,
        {{ share_units('scored.get_units', '(scored.weights * scored.get_reference_units)') }}
            as quality_units,
        {{ share_units('scored.price_units', '(scored.weights * scored.price_reference_units)') }}
            as price_units,
        {{ share_units('scored.hassle_units', '(scored.weights * scored.hassle_reference_units)') }}
            as hassle_units,
        scored.response_rate_units,
        case when scored.response_rate_units is not null
            then {{ fixed_ln(
                '(greatest(scored.get_units - scored.weights * ' ~ silent
                ~ ', scored.weights * 1000000000) * scored.give_reference_units)',
                '(case when scored.hassle_units is null then scored.give_units'
                ~ ' else least(scored.give_units + scored.weights * ' ~ silent
                ~ ', scored.weights * 10000000000) end * scored.get_reference_units)'
            ) }}
        end as bound_log_units
    from {{ ref('int_value_map_scored') }} as scored
    -- only points that are shown have a row there
    left join {{ ref('int_value_map_shrunk') }} as shrunk
        on
            scored.entity_id = shrunk.entity_id
            and scored.window_period_index = shrunk.window_period_index
            and scored.map_level = shrunk.map_level
            and scored.rated_id = shrunk.rated_id

),

shown as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        reference,
        reliability,
        {%- for column in [
            'quality_weight_units', 'quality_weight_basis', 'clusters_count', 'value_log_units',
            'half_width_log_units', 'get_half_width_log_units', 'price_half_width_log_units',
            'hassle_half_width_log_units', 'shrunk_half_width_log_units',
            'own_answer_share_units', 'shrunk_log_units',
            'line_price_millionths', 'slope_millionths', 'effective_clusters_units',
            'quality_units', 'price_units', 'hassle_units',
            'bound_log_units',
        ] %}
        case when reliability <> 'suppressed' then {{ column }} end as {{ column }},
        {%- endfor %}
        respondent_role,
        response_rate_units,
        price_basis,
        case
            when reliability = 'suppressed' then 'none'
            else case price_basis
                when 'paid' then 'overall_split_unknown'
                else 'ratio_of_sums'
            end || case
                when half_width_log_units is null then '_without_interval'
                when is_weighted then '_weighted_for_silence'
                else ''
            end || case when half_width_log_units is not null
                    then {{ assumed_deviation('reliability') }}
                else ''
            end
        end as method
    from opened

),

final as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        reference,
        respondent_role,
        price_basis,
        method,
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
        {{ fixed_exp('value_log_units') }} as value_index,
        {{ fixed_exp('(value_log_units - half_width_log_units)') }} as value_low,
        {{ fixed_exp('(value_log_units + half_width_log_units)') }} as value_high,
        {{ fixed_exp('shrunk_log_units') }} as shrunk_value_index,
        {{ fixed_exp('(shrunk_log_units - shrunk_half_width_log_units)') }} as shrunk_value_low,
        {{ fixed_exp('(shrunk_log_units + shrunk_half_width_log_units)') }} as shrunk_value_high,
        {{ units_to_score('own_answer_share_units') }} as own_answer_share,
        {{ units_to_score(
            '(1000000000 + ' ~ divide_rounded(
                '((quality_units - 1000000000) * quality_weight_units)',
                'nullif(1000000000 - quality_weight_units, 0)'
            ) ~ ')'
        ) }} as fair_price,
        'Straight line through (1, 1) on which quality weight x (relative quality - 1) = price'
        || ' weight x (relative price - 1), weights '
        {%- for weight in ['quality_weight_units', '(1000000000 - quality_weight_units)'] %}
        || cast(cast({{ units_to_score(weight) }} as decimal(4, 3)) as {{ dbt.type_string() }})
        {{ "|| ' and '" if not loop.last }}
        {%- endfor %}
        || ', ' || quality_weight_basis as fair_value_rule,
        {{ units_to_score('quality_weight_units') }} as quality_weight,
        quality_weight_basis,
        {{ units_to_score('line_price_millionths * 1000') }} as fair_price_by_regression,
        {{ units_to_score('slope_millionths * 1000') }} as fair_value_slope,
        {{ fixed_exp('bound_log_units') }} as nonresponse_bound_index,
        {{ units_to_score('response_rate_units') }} as response_rate,
        cast(clusters_count as bigint) as customers_count,
        {{ units_to_score('effective_clusters_units') }} as effective_customers,
        reliability
    from shown

)

select * from final
