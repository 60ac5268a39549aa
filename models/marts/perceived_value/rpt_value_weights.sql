with

-- what a survey asks about a term, whichever surveys ask it
policy_weights as (

    select
        entity_id,
        period_index,
        term as element_group,
        attribute_id as element_id,
        max(weight_units) as weight_units,
        max(evidence) as evidence
    from {{ ref('int_value_questions') }}
    where term in ('product_quality', 'service_quality', 'price', 'hassle')
    group by entity_id, period_index, term, attribute_id

    union all

    -- the equation adds terms without weights
    select distinct
        entity_id,
        period_index,
        'equation' as element_group,
        term as element_id,
        cast(1000000000 as {{ type_whole() }}) as weight_units,
        'equation' as evidence
    from {{ ref('int_value_questions') }}
    where term in ('product_quality', 'service_quality', 'price', 'hassle')

),

released as (

    select
        weights.entity_id,
        months.month_start_date,
        weights.period_index,
        weights.element_group,
        weights.element_id,
        weights.evidence,
        {{ share_units(
            'weights.weight_units',
            'sum(weights.weight_units) over ('
            ~ 'partition by weights.entity_id, weights.period_index, weights.element_group)'
        ) }} as used_units,
        case
            when importance.is_open
                and importance.customers_count >= parameters.aggregate_minimum_customers
                then importance.respondents_count
        end as respondents_count,
        importance.share_units,
        importance.half_width_units,
        importance.effective_respondents_units,
        parameters.respondent_role,
        importance.respondents_count as all_respondents_count,
        importance.reliability,
        rates.response_rate_units
    from policy_weights as weights
    inner join {{ ref('int_value_windows') }} as windows
        on
            weights.entity_id = windows.entity_id
            and weights.period_index = windows.window_period_index
            and windows.window_kind = 'block'
            and windows.period_index = windows.window_period_index
    inner join {{ ref('int_entity_months') }} as months
        on
            weights.entity_id = months.entity_id
            and weights.period_index = months.period_index
    inner join {{ ref('int_surveyed_entities') }} as surveyed
        on weights.entity_id = surveyed.entity_id
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            weights.entity_id = parameters.entity_id
            and weights.period_index = parameters.period_index
    left join {{ ref('int_value_importance') }} as importance
        on
            weights.entity_id = importance.entity_id
            and weights.period_index = importance.window_period_index
            and weights.element_group = importance.element_group
            and weights.element_id = importance.element_id
            and importance.cell_id = '(all)'
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            weights.entity_id = rates.entity_id
            and weights.period_index = rates.window_period_index
            and rates.map_level = 'entity'

),

compared as (

    select
        entity_id,
        month_start_date,
        element_group,
        element_id,
        evidence,
        used_units,
        respondent_role,
        respondents_count,
        case
            when respondents_count is null and all_respondents_count is null then 'not_asked'
            when respondents_count is null then 'suppressed'
            else reliability
        end as reliability,
        case when respondents_count is not null then share_units end as elicited_units,
        case when all_respondents_count is not null then response_rate_units end
            as response_rate_units,
        case when respondents_count is not null then effective_respondents_units end
            as effective_respondents_units,
        case when respondents_count is not null then half_width_units end as half_width_units,
        2 * rank() over (
            partition by entity_id, month_start_date, element_group order by used_units desc
        ) + count(*) over (
            partition by entity_id, month_start_date, element_group, used_units
        ) - 1 as double_rank
    from released

),

ranked as (

    select
        entity_id,
        month_start_date,
        element_group,
        element_id,
        evidence,
        used_units,
        respondent_role,
        respondents_count,
        reliability,
        elicited_units,
        response_rate_units,
        effective_respondents_units,
        half_width_units,
        double_rank,
        case when elicited_units is not null
            then 2 * rank() over (
                partition by entity_id, month_start_date, element_group
                order by elicited_units desc nulls last
            ) + count(*) over (
                partition by entity_id, month_start_date, element_group, elicited_units
            ) - 1
        end as elicited_double_rank
    from compared

),

final as (

    select
        entity_id,
        month_start_date,
        element_group,
        element_id,
        {{ units_to_score('used_units') }} as used_weight,
        evidence as used_weight_basis,
        {{ units_to_score('elicited_units') }} as elicited_weight,
        case when elicited_units is not null
            then {{ units_to_score('greatest(elicited_units - half_width_units, 0)') }}
        end as elicited_low,
        case when elicited_units is not null
            then {{ units_to_score('least(elicited_units + half_width_units, 1000000000)') }}
        end as elicited_high,
        {{ units_to_score('double_rank * 500000000') }} as used_rank,
        {{ units_to_score('elicited_double_rank * 500000000') }} as elicited_rank,
        {{ units_to_score('(elicited_double_rank - double_rank) * 500000000') }} as rank_gap,
        case
            when elicited_units is not null
                then 'mean_share_of_respondents' || {{ assumed_deviation('reliability') }}
            else 'none'
        end as method,
        case when elicited_units is not null then cast(1 as decimal(18, 9)) end
            as own_answer_share,
        cast(respondents_count as bigint) as respondents_count,
        {{ units_to_score('effective_respondents_units') }} as effective_respondents,
        {{ units_to_score('response_rate_units') }} as response_rate,
        respondent_role,
        reliability
    from ranked

)

select * from final
