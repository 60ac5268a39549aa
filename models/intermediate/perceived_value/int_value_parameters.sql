-- One row per shown period of an entity: the parameters of perceived value in force then. An
-- entity's own row wins over the row for all (*), the latest dated one over earlier ones.
with

in_force as (

    select
        months.entity_id,
        months.month_start_date,
        months.period_index,
        parameters.parameter,
        parameters.value
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_value_parameters') }} as parameters
        on
            parameters.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between parameters.valid_from and coalesce(parameters.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by months.entity_id, months.month_start_date, parameters.parameter
        order by
            case when parameters.entity_id = '*' then 1 else 0 end,
            parameters.valid_from desc
    ) = 1

),

{%- set numbers = [
    'par_minimum_customers', 'prior_opportunities',
    'calibration_minimum_customers', 'segment_minimum_customers', 'aggregate_minimum_customers',
    'aggregate_low_customers', 'minimum_active_periods', 'release_periods',
    'minimum_minority',
] %}
{%- set shares = [
    'term_minimum_weight_share', 'ratio_floor', 'ratio_ceiling', 'answer_variance',
    'customer_variance', 'customer_variance_minimum', 'low_effective_respondents', 'neutral_score',
    'quality_weight', 'weight_ceiling', 'cost_to_serve_deviation', 'minimum_strategy_probability',
] %}

final as (

    select
        entity_id,
        month_start_date,
        period_index,
        max(case when parameter = 'respondent_role' then value end) as respondent_role,
        max(case when parameter = 'price_reference' then value end) as price_reference,
        cast(max(case when parameter = 'base_window_ends_on' then value end) as date)
            as base_window_ends_on,
        {%- for name in numbers %}
        cast(max(case when parameter = '{{ name }}' then value end) as bigint) as {{ name }},
        {%- endfor %}
        {%- for name in shares %}
        {{ score_units("max(case when parameter = '" ~ name ~ "' then value end)") }}
            as {{ name }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from in_force
    group by entity_id, month_start_date, period_index

)

select * from final
