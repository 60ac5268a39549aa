-- What lateness does to a score, and what it seems to do when it is called late in hindsight.
with

last_parameters as (

    select
        entity_id,
        respondent_role,
        aggregate_minimum_customers,
        aggregate_low_customers
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

-- what one row shows and another hides could be worked out from both: the known are the waiting and
-- the served, the late in the end are the known and those who answered before it was late
counted as (

    select
        effects.entity_id,
        effects.survey_id,
        effects.question_id,
        effects.lateness_basis,
        effects.late_mean_units,
        effects.other_mean_units,
        effects.effect_units,
        effects.effect_half_units,
        effects.answered_before_delivery_units,
        effects.late_answers_count,
        effects.other_answers_count,
        effects.late_customers_count,
        effects.other_customers_count,
        effects.invited_count,
        effects.answered_count,
        last_parameters.respondent_role,
        last_parameters.aggregate_minimum_customers as minimum_count,
        case
            when
                least(effects.late_customers_count, effects.other_customers_count)
                < last_parameters.aggregate_low_customers
                then 'low_n'
            else 'shown'
        end as reliability,
        min(
            case when effects.lateness_basis in ('known_and_waiting', 'known_and_received')
                    then effects.late_customers_count
            end
        ) over (
            partition by effects.entity_id, effects.survey_id, effects.question_id
        ) as smaller_part_count,
        effects.late_answers_count - coalesce(max(
            case when effects.lateness_basis = 'known_at_answer' then effects.late_answers_count end
        ) over (
            partition by effects.entity_id, effects.survey_id, effects.question_id
        ), 0) as unknown_count
    from {{ ref('int_lateness_effects') }} as effects
    inner join last_parameters
        on effects.entity_id = last_parameters.entity_id

),

final as (

    select
        entity_id,
        survey_id,
        question_id,
        lateness_basis,
        lateness_basis = 'known_at_answer' as is_driver,
        respondent_role,
        {{ units_to_score('late_mean_units') }} as late_mean_score,
        {{ units_to_score('other_mean_units') }} as other_mean_score,
        {{ units_to_score('effect_units') }} as effect,
        {{ units_to_score('effect_units - effect_half_units') }} as effect_low,
        {{ units_to_score('effect_units + effect_half_units') }} as effect_high,
        {{ units_to_score('answered_before_delivery_units') }} as answered_before_delivery_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when answered_before_delivery_units is not null
                then {{ share_end('answered_before_delivery_units', 'late_customers_count', side) }}
        end as answered_before_delivery_{{ name }},
        {%- endfor %}
        cast(1 as decimal(18, 9)) as own_answer_share,
        cast(late_answers_count as bigint) as late_answers_count,
        cast(other_answers_count as bigint) as other_answers_count,
        cast(late_customers_count as bigint) as late_customers_count,
        cast(other_customers_count as bigint) as other_customers_count,
        {{ units_to_score(response_rate_units('answered_count', 'invited_count')) }}
            as response_rate,
        'difference of ratios of sums; customers as clusters'
        || {{ assumed_deviation('reliability', '; assumed deviation') }} as method,
        reliability
    from counted
    where
        late_customers_count >= minimum_count
        and other_customers_count >= minimum_count
        and effect_half_units is not null
        and (
            lateness_basis not in ('known_and_waiting', 'known_and_received')
            or smaller_part_count >= minimum_count
        )
        and (
            lateness_basis <> 'final'
            or unknown_count = 0
            or unknown_count >= minimum_count
        )

)

select * from final
