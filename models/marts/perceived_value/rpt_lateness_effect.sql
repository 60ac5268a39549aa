with

-- the answers that tell the two readings apart are a group of their own, and may be few
judged as (

    select
        effects.entity_id,
        effects.survey_id,
        effects.question_id,
        effects.reading,
        effects.answers_count,
        effects.customers_count,
        effects.late_count,
        effects.late_before_delivery_count,
        effects.late_mean_units,
        effects.other_mean_units,
        effects.squares,
        case
            when
                least(effects.late_count, effects.other_count)
                < parameters.aggregate_minimum_customers
                or effects.not_known_count between 1 and parameters.aggregate_minimum_customers - 1
                then 'suppressed'
            when
                least(effects.late_count, effects.other_count) < parameters.aggregate_low_customers
                then 'low_n'
            else 'shown'
        end as reliability
    from {{ ref('int_lateness_effects') }} as effects
    inner join {{ ref('int_value_parameters') }} as parameters
        on effects.entity_id = parameters.entity_id
    qualify row_number() over (
        partition by effects.entity_id, effects.survey_id, effects.question_id, effects.reading
        order by parameters.period_index desc
    ) = 1

),

final as (

    select
        entity_id,
        survey_id,
        question_id,
        reading,
        case
            when reliability = 'suppressed' then 'none' else 'difference_of_means_clustered'
        end as method,
        {%- set deviation = 'cast(round(1.6448536 * sqrt(cast(squares as double)'
            ~ ' * customers_count / nullif(customers_count - 1, 0))) as ' ~ type_whole() ~ ')' %}
        {%- for column, expression in [
            ('score_late', 'late_mean_units'),
            ('score_not_late', 'other_mean_units'),
            ('effect', 'late_mean_units - other_mean_units'),
            ('effect_low', 'late_mean_units - other_mean_units - ' ~ deviation),
            ('effect_high', 'late_mean_units - other_mean_units + ' ~ deviation),
        ] %}
        case when reliability <> 'suppressed' then {{ units_to_score('(' ~ expression ~ ')') }} end
            as {{ column }},
        {%- endfor %}
        case when reliability <> 'suppressed'
            then {{ units_to_score(share_units('late_before_delivery_count', 'late_count')) }}
        end as answered_before_delivery_share,
        case when reliability <> 'suppressed' then cast(1 as decimal(18, 9)) end
            as own_answer_share,
        case when reliability <> 'suppressed' then cast(late_count as bigint) end
            as late_answers_count,
        case when reliability <> 'suppressed' then cast(answers_count as bigint) end
            as answers_count,
        case when reliability <> 'suppressed' then cast(customers_count as bigint) end
            as customers_count,
        reliability
    from judged

)

select * from final
