{%- set more = '(effective_count + 3)' %}
with

-- Rocks's adjusted Wald: three answers more, three quarters of one at either end. Answers count by
-- what they tell: colleagues of one customer are one cluster. The link to staying and spending is
-- the entity's, in every row, as of the row's own period. Floats enter only here, in scalar steps
-- that are rounded at once.
counted as (

    select
        counts.entity_id,
        months.month_start_date,
        counts.map_level,
        counts.rated_id,
        cast(counts.answers_count as double) as answers_count,
        counts.effective_respondents_units,
        {{ effective_respondents('counts.effective_respondents_units') }} as effective_count,
        rates.response_rate_units,
        cast(counts.promoters_count as double) as promoters_count,
        cast(counts.detractors_count as double) as detractors_count,
        counts.customers_count,
        -- closed as well where what is left of the window is under the minimum
        not counts.is_open
        or counts.customers_count < parameters.aggregate_minimum_customers as is_closed,
        parameters.respondent_role,
        parameters.aggregate_low_customers,
        links.answers_count as linked_count,
        links.customers_count as linked_customers_count,
        links.concordance_error_units,
        least(links.stayed_customers_count, links.left_customers_count)
            as fewer_outcome_customers_count,
        {{ share_units('links.promoters_stayed_count', 'links.promoters_count') }}
            as promoters_stayed_units,
        {{ share_units('links.detractors_stayed_count', 'links.detractors_count') }}
            as detractors_stayed_units,
        {{ share_units('links.promoters_spend_after_units', 'links.promoters_spend_before_units') }}
            as promoters_spend_units,
        {{ share_units(
            'links.detractors_spend_after_units', 'links.detractors_spend_before_units'
        ) }} as detractors_spend_units,
        {%- for group in ['promoters', 'detractors'] %}
        links.{{ group }}_customers_count,
        links.{{ group }}_effective_respondents_units,
        -- a ratio of sums over customers, in their own money (R26)
        case when links.{{ group }}_customers_count > 1 then sqrt(nullif(greatest(
            cast(links.{{ group }}_after_after as double)
            - 2 * cast(links.{{ group }}_spend_after_units as double)
            / nullif(cast(links.{{ group }}_spend_before_units as double), 0)
            * cast(links.{{ group }}_before_after as double)
            + cast(links.{{ group }}_spend_after_units as double)
            / nullif(cast(links.{{ group }}_spend_before_units as double), 0)
            * cast(links.{{ group }}_spend_after_units as double)
            / nullif(cast(links.{{ group }}_spend_before_units as double), 0)
            * cast(links.{{ group }}_before_before as double), 0
        ), 0) * links.{{ group }}_customers_count / (links.{{ group }}_customers_count - 1))
        / nullif(cast(links.{{ group }}_spend_before_units as double), 0) * 10000
        * {{ student_t_90('(links.' ~ group ~ '_customers_count - 1)') }}
        end as {{ group }}_spend_half_width,
        {%- endfor %}
        least(links.promoters_customers_count, links.detractors_customers_count)
            as smaller_group_customers_count,
        cast(links.double_concordant_count as double)
        / nullif(2 * cast(links.stayed_count as double) * links.left_count, 0) as concordance
    from {{ ref('int_recommendation_counts') }} as counts
    inner join {{ ref('int_entity_months') }} as months
        on
            counts.entity_id = months.entity_id
            and counts.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            counts.entity_id = parameters.entity_id
            and counts.window_period_index = parameters.period_index
    left join {{ ref('int_recommendation_links') }} as links
        on
            counts.entity_id = links.entity_id
            and counts.window_period_index = links.window_period_index
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            counts.entity_id = rates.entity_id
            and counts.window_period_index = rates.window_period_index
            and counts.map_level = rates.map_level
            and counts.rated_id = rates.rated_id

),

scored as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        case
            when is_closed then 'suppressed'
            when customers_count < aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        answers_count,
        customers_count,
        effective_respondents_units,
        effective_count,
        response_rate_units,
        respondent_role,
        promoters_count / answers_count as promoters_share,
        detractors_count / answers_count as detractors_share,
        (promoters_count / answers_count * effective_count + 0.75) / {{ more }}
            as more_promoters_share,
        (detractors_count / answers_count * effective_count + 0.75) / {{ more }}
            as more_detractors_share,
        aggregate_low_customers,
        linked_count,
        linked_customers_count,
        fewer_outcome_customers_count,
        smaller_group_customers_count,
        concordance,
        -- on the logit scale, with as many degrees of freedom as customers of the fewer outcome:
        -- near its ends the share of pairs is skewed, and its error hangs on those few
        ln(nullif(concordance, 0) / nullif(1 - concordance, 0)) as concordance_logit,
        {{ student_t_90('nullif(fewer_outcome_customers_count - 1, 0)') }}
        * nullif(concordance_error_units, 0) / 1000000000
        / nullif(concordance * (1 - concordance), 0) as concordance_half_width,
        promoters_customers_count,
        detractors_customers_count,
        promoters_effective_respondents_units,
        detractors_effective_respondents_units,
        promoters_spend_half_width,
        detractors_spend_half_width,
        promoters_stayed_units,
        detractors_stayed_units,
        promoters_spend_units,
        detractors_spend_units
    from counted

),

varied as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        reliability,
        answers_count,
        customers_count,
        effective_respondents_units,
        response_rate_units,
        respondent_role,
        promoters_share,
        detractors_share,
        promoters_share - detractors_share as score,
        sqrt(greatest(
            promoters_share + detractors_share
            - (promoters_share - detractors_share) * (promoters_share - detractors_share), 0
        ) / effective_count) as standard_error,
        more_promoters_share - more_detractors_share as middle,
        1.959964 * sqrt(greatest(
            more_promoters_share + more_detractors_share
            - (more_promoters_share - more_detractors_share)
            * (more_promoters_share - more_detractors_share), 0
        ) / {{ more }}) as half_width,
        case
            when reliability = 'suppressed' then 'suppressed'
            when linked_count is null then 'not_measured'
            when
                fewer_outcome_customers_count >= 10
                and smaller_group_customers_count >= aggregate_low_customers
                then 'measured'
            else 'too_few'
        end as link_status,
        linked_count,
        linked_customers_count,
        concordance,
        concordance_logit,
        concordance_half_width,
        promoters_customers_count,
        detractors_customers_count,
        promoters_effective_respondents_units,
        detractors_effective_respondents_units,
        promoters_spend_half_width,
        detractors_spend_half_width,
        promoters_stayed_units,
        detractors_stayed_units,
        promoters_spend_units,
        detractors_spend_units
    from scored

),

final as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        respondent_role,
        case when reliability <> 'suppressed' then 'adjusted_wald_clustered_95' else 'none' end
            as method,
        {%- for column, expression in [
            ('recommendation_score', '100 * score'),
            ('recommendation_low', '100 * least(greatest(middle - half_width, -1), score)'),
            ('recommendation_high', '100 * greatest(least(middle + half_width, 1), score)'),
            ('standard_error', '100 * standard_error'),
            ('promoters_share', 'promoters_share'),
            ('detractors_share', 'detractors_share'),
        ] %}
        case when reliability <> 'suppressed'
            then cast(round({{ expression }}, 9) as decimal(18, 9))
        end as {{ column }},
        {%- endfor %}
        case when reliability <> 'suppressed' then cast(1 as decimal(18, 9)) end
            as own_answer_share,
        case when reliability <> 'suppressed' then cast(answers_count as bigint) end
            as answers_count,
        case when reliability <> 'suppressed' then cast(customers_count as bigint) end
            as customers_count,
        case when reliability <> 'suppressed'
            then {{ units_to_score('effective_respondents_units') }}
        end as effective_respondents,
        {{ units_to_score('response_rate_units') }} as response_rate,
        reliability,
        link_status,
        cast(coalesce(linked_count, 0) as bigint) as linked_answers_count,
        cast(coalesce(linked_customers_count, 0) as bigint) as linked_customers_count,
        {%- for column, expression in [
            ('stay_concordance', 'concordance'),
            ('stay_concordance_low', '1 / (1 + exp(concordance_half_width - concordance_logit))'),
            ('stay_concordance_high', '1 / (1 + exp(-concordance_half_width - concordance_logit))'),
        ] %}
        case when link_status = 'measured'
            then cast(round({{ expression }}, 9) as decimal(18, 9))
        end as {{ column }},
        {%- endfor %}
        {%- for group in ['promoters', 'detractors'] %}
        case when link_status = 'measured' then {{ units_to_score(group ~ '_stayed_units') }} end
            as {{ group }}_stayed_rate,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when link_status = 'measured' and {{ group }}_stayed_units is not null
                then {{ share_end(
                    group ~ '_stayed_units',
                    effective_respondents(group ~ '_effective_respondents_units'), side
                ) }}
        end as {{ group }}_stayed_{{ name }},
        {%- endfor %}
        case when link_status = 'measured' then {{ units_to_score(group ~ '_spend_units') }} end
            as {{ group }}_spend_rate,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when link_status = 'measured' and {{ group }}_spend_half_width is not null
                then cast(greatest(
                    cast({{ group }}_spend_units as double) / 1000000000
                    {{ side }} {{ group }}_spend_half_width,
                    0
                ) as decimal(18, 9))
        end as {{ group }}_spend_{{ name }},
        {%- endfor %}
        cast(case when link_status = 'measured' then {{ group }}_customers_count end as bigint)
            as {{ group }}_customers_count,
        case when link_status = 'measured'
            then {{ units_to_score(group ~ '_effective_respondents_units') }}
        end as {{ group }}_effective_respondents{{ ',' if not loop.last }}
        {%- endfor %}
    from varied

)

select * from final
