-- What moves an outcome, by the answers, beside what customers say is important, what reasons they
-- give and what a point of each term costs. A cell of too few customers keeps its place and shows
-- nothing.
with

rules as (

    select
        months.entity_id,
        months.fiscal_year,
        parameters.respondent_role,
        cast(reporting.value as bigint) as minimum_customers
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            months.entity_id = parameters.entity_id
            and months.period_index = parameters.period_index
    inner join {{ ref('policy_reporting') }} as reporting
        on
            reporting.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between reporting.valid_from and coalesce(reporting.valid_to, date '9999-12-31')
    where reporting.parameter = 'driver_minimum_customers'
    qualify row_number() over (
        partition by months.entity_id, months.fiscal_year
        order by
            case when reporting.entity_id = '*' then 1 else 0 end,
            months.month_start_date desc,
            reporting.valid_from desc
    ) = 1

),

drivers as (

    select 'product_quality' as driver
    union all
    select 'service_quality' as driver
    union all
    select 'price' as driver
    union all
    select 'hassle' as driver

),

reasons as (

    select
        reasons.entity_id,
        terms.driver,
        sum(reasons.statements_count) as statements_count
    from {{ ref('int_stated_reasons') }} as reasons
    inner join {{ ref('policy_reason_terms') }} as terms
        on lower(reasons.reason) = lower(terms.reason)
    where terms.driver is not null
    group by reasons.entity_id, terms.driver

),

reason_shares as (

    select
        entity_id,
        driver,
        statements_count,
        sum(statements_count) over (partition by entity_id) as all_statements_count
    from reasons

),

levers as (

    select
        entities.entity_id,
        entities.currency,
        costs.driver,
        costs.cost_per_point_amount
    from {{ ref('int_entities') }} as entities
    inner join {{ ref('policy_lever_costs') }} as costs
        on
            costs.entity_id in ('*', entities.entity_id)
            and entities.currency = costs.currency
            and costs.valid_to is null
    qualify row_number() over (
        partition by entities.entity_id, costs.driver
        order by
            case when costs.entity_id = '*' then 1 else 0 end,
            costs.valid_from desc
    ) = 1

),

-- what customers say, as of the last release within the year (int_value_importance)
stated as (

    select
        importance.entity_id,
        months.fiscal_year,
        importance.cell_id,
        importance.element_id,
        first_months.month_start_date as window_start_date,
        months.month_end_date as window_end_date,
        importance.respondents_count,
        importance.share_units,
        importance.effective_respondents_units,
        importance.half_width_units,
        importance.reliability,
        row_number() over (
            partition by
                importance.entity_id, importance.window_period_index, importance.cell_id
            order by importance.share_units desc, importance.element_id asc
        ) as importance_rank
    from {{ ref('int_value_importance') }} as importance
    inner join {{ ref('int_entity_months') }} as months
        on
            importance.entity_id = months.entity_id
            and importance.window_period_index = months.period_index
    inner join {{ ref('int_entity_months') }} as first_months
        on
            importance.entity_id = first_months.entity_id
            and greatest(importance.window_period_index - {{ trailing_periods() - 1 }}, 1)
            = first_months.period_index
    where
        importance.element_group = 'equation'
        and importance.is_open
    qualify rank() over (
        partition by importance.entity_id, months.fiscal_year, importance.cell_id
        order by importance.window_period_index desc
    ) = 1

),

-- the equation at the means last shown in the year (rpt_value_terms): no number that is not told
-- there, so that a segment too small for a fit is not what a total holds beyond the others
value_gains as (

    select
        scored.entity_id,
        months.fiscal_year,
        scored.rated_id as segment,
        scored.reliability <> 'suppressed' as is_shown,
        -- by this share a point more of a quality, or less of a burden, raises value
        {{ share_units(
            'scored.weights * 1000000000',
            '(scored.product_quality_units + scored.service_quality_units)'
        ) }} as quality_gain_units,
        {{ share_units(
            'scored.weights * 1000000000',
            'nullif(greatest('
            ~ 'scored.price_units + scored.hassle_units - scored.weights * 1000000000, 0), 0)'
        ) }} as burden_gain_units
    from {{ ref('int_value_map_scored') }} as scored
    inner join {{ ref('int_entity_months') }} as months
        on
            scored.entity_id = months.entity_id
            and scored.window_period_index = months.period_index
    where scored.map_level in ('entity', 'segment')
    qualify rank() over (
        partition by scored.entity_id, months.fiscal_year
        order by scored.window_period_index desc
    ) = 1

),

cells as (

    select
        sums.entity_id,
        sums.fiscal_year,
        sums.outcome,
        sums.segment,
        drivers.driver,
        sums.customers_count,
        sums.customers_count >= rules.minimum_customers as is_enough,
        rules.respondent_role
    from {{ ref('int_value_driver_sums') }} as sums
    inner join rules
        on
            sums.entity_id = rules.entity_id
            and sums.fiscal_year = rules.fiscal_year
    cross join drivers
    where sums.replicate = 0

),

-- better is more of a quality and less of a burden
found as (

    select
        cells.entity_id,
        cells.fiscal_year,
        cells.outcome,
        cells.segment,
        cells.driver,
        cells.is_enough,
        cells.respondent_role,
        case when cells.is_enough then cells.customers_count end as customers_count,
        rates.response_rate_units,
        estimates.effect_units,
        estimates.effect_half_units,
        estimates.standardised_effect_units,
        estimates.standardised_effect_half_units,
        estimates.importance_units,
        estimates.importance_half_units,
        estimates.explained_units,
        estimates.explained_half_units,
        case when cells.driver in ('price', 'hassle') then -1 else 1 end
        * estimates.effect_units as gain_units,
        case
            when cells.driver in ('product_quality', 'service_quality')
                then value_gains.quality_gain_units
            else value_gains.burden_gain_units
        end as value_gain_units,
        stated.share_units as stated_units,
        stated.half_width_units as stated_half_units,
        stated.reliability as stated_reliability,
        stated.importance_rank as stated_rank,
        stated.respondents_count as stated_count,
        stated.effective_respondents_units as stated_effective_units,
        stated.window_start_date as stated_window_start_date,
        stated.window_end_date as stated_window_end_date,
        case when cells.segment = '(all)'
                then {{ share_units(
                    'reason_shares.statements_count', 'reason_shares.all_statements_count'
                ) }}
        end as reason_units,
        levers.currency,
        levers.cost_per_point_amount
    from cells
    left join {{ ref('int_value_driver_estimates') }} as estimates
        on
            cells.entity_id = estimates.entity_id
            and cells.fiscal_year = estimates.fiscal_year
            and cells.outcome = estimates.outcome
            and cells.segment = estimates.segment
            and cells.driver = estimates.driver
            and cells.is_enough
    left join value_gains
        on
            cells.entity_id = value_gains.entity_id
            and cells.fiscal_year = value_gains.fiscal_year
            and cells.segment = value_gains.segment
            and value_gains.is_shown
    left join stated
        on
            cells.entity_id = stated.entity_id
            and cells.fiscal_year = stated.fiscal_year
            and cells.segment = stated.cell_id
            and cells.driver = stated.element_id
    left join reason_shares
        on
            cells.entity_id = reason_shares.entity_id
            and cells.driver = reason_shares.driver
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            cells.entity_id = rates.entity_id
            and cells.fiscal_year = rates.fiscal_year
            and cells.segment = rates.rated_id
            and rates.map_level in ('entity', 'segment')
    left join levers
        on
            cells.entity_id = levers.entity_id
            and cells.driver = levers.driver

),

-- for a thousand of the currency, in units of 10^-9
levered as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        driver,
        is_enough,
        respondent_role,
        customers_count,
        response_rate_units,
        effect_units,
        effect_half_units,
        standardised_effect_units,
        standardised_effect_half_units,
        importance_units,
        importance_half_units,
        explained_units,
        explained_half_units,
        value_gain_units,
        stated_units,
        stated_half_units,
        stated_reliability,
        stated_rank,
        stated_count,
        stated_effective_units,
        stated_window_start_date,
        stated_window_end_date,
        reason_units,
        currency,
        cost_per_point_amount,
        {{ divide_rounded(
            '(value_gain_units * 10000000)',
            'nullif(' ~ to_units('cost_per_point_amount', 4) ~ ', 0)'
        ) }} as value_gain_per_thousand_units,
        {{ divide_rounded(
            '(gain_units * 10000000)', 'nullif(' ~ to_units('cost_per_point_amount', 4) ~ ', 0)'
        ) }} as gain_per_thousand_units,
        case when importance_units is not null then row_number() over (
            partition by entity_id, fiscal_year, outcome, segment
            order by importance_units desc nulls last, driver asc
        ) end as importance_rank
    from found

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        outcome,
        segment,
        driver,
        respondent_role,
        {{ units_to_score('importance_units') }} as importance_share,
        -- the larger of nothing and 0 would be 0
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        {{ units_to_score(
            '(case when importance_half_units is not null then least(greatest(importance_units '
            ~ side ~ ' importance_half_units, 0), 1000000000) end)'
        ) }} as importance_share_{{ name }},
        {%- endfor %}
        cast(importance_rank as bigint) as importance_rank,
        {{ units_to_score('effect_units') }} as effect,
        {{ units_to_score('effect_units - effect_half_units') }} as effect_low,
        {{ units_to_score('effect_units + effect_half_units') }} as effect_high,
        {{ units_to_score('standardised_effect_units') }} as standardised_effect,
        {{ units_to_score('standardised_effect_units - standardised_effect_half_units') }}
            as standardised_effect_low,
        {{ units_to_score('standardised_effect_units + standardised_effect_half_units') }}
            as standardised_effect_high,
        {{ units_to_score('explained_units') }} as explained_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        {{ units_to_score(
            '(case when explained_half_units is not null then least(greatest(explained_units '
            ~ side ~ ' explained_half_units, 0), 1000000000) end)'
        ) }} as explained_share_{{ name }},
        {%- endfor %}
        {{ units_to_score('stated_units') }} as stated_importance_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        {{ units_to_score(
            '(case when stated_half_units is not null then least(greatest(stated_units '
            ~ side ~ ' stated_half_units, 0), 1000000000) end)'
        ) }} as stated_importance_{{ name }},
        {%- endfor %}
        cast(stated_count as bigint) as stated_respondents_count,
        {{ units_to_score('stated_effective_units') }} as stated_effective_respondents,
        stated_window_start_date,
        stated_window_end_date,
        cast(stated_rank as bigint) as stated_importance_rank,
        cast(stated_rank - importance_rank as bigint) as rank_gap,
        {{ units_to_score('reason_units') }} as stated_reason_share,
        currency,
        cost_per_point_amount,
        {{ units_to_score('gain_per_thousand_units') }} as outcome_gain_per_thousand,
        -- an effect that may be nothing is no lever
        cast(case
            when gain_per_thousand_units > 0 and abs(effect_units) > effect_half_units
                then row_number() over (
                    partition by entity_id, fiscal_year, outcome, segment
                    order by
                        case when abs(effect_units) > effect_half_units then 0 else 1 end,
                        gain_per_thousand_units desc nulls last,
                        driver asc
                )
        end as bigint) as lever_rank,
        {{ units_to_score('value_gain_units') }} as value_gain_share,
        {{ units_to_score('value_gain_per_thousand_units') }} as value_gain_per_thousand,
        cast(case when value_gain_per_thousand_units > 0 then row_number() over (
            partition by entity_id, fiscal_year, outcome, segment
            order by value_gain_per_thousand_units desc nulls last, driver asc
        ) end as bigint) as value_lever_rank,
        case when coalesce(importance_units, stated_units) is not null
                then cast(1 as decimal(18, 9))
        end as own_answer_share,
        cast(customers_count as bigint) as customers_count,
        {{ units_to_score('response_rate_units') }} as response_rate,
        case
            when not is_enough then 'too_few'
            when importance_units is null then 'not_separable'
            else 'fitted'
        end as fit_status,
        case
            when coalesce(importance_units, stated_units) is null then 'none'
            else concat_ws(
                '; ',
                case
                    when importance_units is not null
                        then 'least squares; variance shared over all orders;'
                        || ' jackknife of 20 blocks'
                end,
                case
                    when stated_units is not null
                        then 'stated: mean of shares, t interval, customers as clusters'
                        || {{ assumed_deviation('stated_reliability', ', assumed deviation') }}
                end
            )
        end as method
    from levered

)

select * from final
