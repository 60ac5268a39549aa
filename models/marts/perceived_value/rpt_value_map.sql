{%- set silent = share_units('(invited_count - answered_count)', 'invited_count') %}
with

-- the sums are means once divided by the clusters; a closed point keeps its place and no number
opened as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        reference,
        reliability,
        quality_weight_units,
        case when reliability <> 'suppressed' then clusters_count end as clusters_count,
        case when reliability <> 'suppressed' then value_log_units end as value_log_units,
        case when reliability <> 'suppressed' then half_width_log_units end
            as half_width_log_units,
        case when reliability <> 'suppressed'
            then {{ share_units('get_units', '(clusters_count * get_reference_units)') }}
        end as quality_units,
        case when reliability <> 'suppressed'
            then {{ share_units('price_units', '(clusters_count * price_reference_units)') }}
        end as price_units,
        case when reliability <> 'suppressed'
            then {{ share_units('hassle_units', '(clusters_count * hassle_reference_units)') }}
        end as hassle_units,
        case when reliability <> 'suppressed'
            then {{ share_units('answered_count', 'invited_count') }}
        end as response_rate_units,
        case when reliability <> 'suppressed' and invited_count > 0
            then {{ fixed_ln(
                '(greatest(get_units - clusters_count * ' ~ silent
                ~ ', clusters_count * 1000000000)'
                ~ ' * give_reference_units)',
                '(case when hassle_units is null then give_units'
                ~ ' else least(give_units + clusters_count * ' ~ silent
                ~ ', clusters_count * 10000000000) end * get_reference_units)'
            ) }}
        end as bound_log_units
    from {{ ref('int_value_map_scored') }}

),

final as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        reference,
        {{ units_to_score('quality_units') }} as relative_quality,
        {{ units_to_score('price_units') }} as relative_price,
        {{ units_to_score('hassle_units') }} as relative_hassle,
        {{ fixed_exp('value_log_units') }} as value_index,
        {{ fixed_exp('(value_log_units - half_width_log_units)') }} as value_low,
        {{ fixed_exp('(value_log_units + half_width_log_units)') }} as value_high,
        {{ units_to_score(
            '(1000000000 + ' ~ divide_rounded(
                '((quality_units - 1000000000) * quality_weight_units)',
                'nullif(1000000000 - quality_weight_units, 0)'
            ) ~ ')'
        ) }} as fair_price,
        'Straight line through (1, 1) on which quality weight x (relative quality - 1) = price'
        || ' weight x (relative price - 1), weights '
        || cast({{ units_to_score('quality_weight_units') }} as {{ dbt.type_string() }}) || ' and '
        || cast(
            {{ units_to_score('(1000000000 - quality_weight_units)') }} as {{ dbt.type_string() }}
        )
            as fair_value_rule,
        {{ fixed_exp('bound_log_units') }} as nonresponse_bound_index,
        {{ units_to_score('response_rate_units') }} as response_rate,
        cast(clusters_count as bigint) as customers_count,
        reliability
    from opened

)

select * from final
