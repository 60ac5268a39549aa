-- Exact sums behind the fit of an outcome on the four terms, for all customers of an entity and for
-- each segment: of everybody (replicate 0), and with one of twenty blocks of customers left out
-- (replicates 1 to 20), from which the intervals come.
{%- set variables = ['1', '2', '3', '4', 'y'] %}
{%- set pairs = [] %}
{%- for first in variables %}{% for second in variables if first <= second %}
{%- do pairs.append(first ~ second) %}{% endfor %}{% endfor %}
with

cells as (

    select
        entity_id, fiscal_year, outcome, '(all)' as segment, customer_id,
        product_quality_units as x_1, service_quality_units as x_2, price_units as x_3,
        hassle_units as x_4, outcome_units as x_y
    from {{ ref('int_value_driver_answers') }}

    union all

    select
        entity_id, fiscal_year, outcome, segment, customer_id,
        product_quality_units as x_1, service_quality_units as x_2, price_units as x_3,
        hassle_units as x_4, outcome_units as x_y
    from {{ ref('int_value_driver_answers') }}

),

blocked as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        {%- for variable in variables %}
        x_{{ variable }},
        {%- endfor %}
        row_number() over (
            partition by entity_id, fiscal_year, outcome, segment
            order by customer_id
        ) % 20 + 1 as block
    from cells

),

blocks as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        block,
        count(*) as customers_count,
        {%- for variable in variables %}
        sum(x_{{ variable }}) as s_{{ variable }},
        {%- endfor %}
        {%- for pair in pairs %}
        sum(x_{{ pair[0] }} * x_{{ pair[1] }}) as s_{{ pair }}{{ ',' if not loop.last }}
        {%- endfor %}
    from blocked
    group by entity_id, fiscal_year, outcome, segment, block

),

totals as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        sum(customers_count) as customers_count,
        {%- for variable in variables %}
        sum(s_{{ variable }}) as s_{{ variable }},
        {%- endfor %}
        {%- for pair in pairs %}
        sum(s_{{ pair }}) as s_{{ pair }}{{ ',' if not loop.last }}
        {%- endfor %}
    from blocks
    group by entity_id, fiscal_year, outcome, segment

),

final as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        0 as replicate,
        customers_count,
        {%- for variable in variables %}
        s_{{ variable }},
        {%- endfor %}
        {%- for pair in pairs %}
        s_{{ pair }}{{ ',' if not loop.last }}
        {%- endfor %}
    from totals

    union all

    select
        totals.entity_id,
        totals.fiscal_year,
        totals.outcome,
        totals.segment,
        blocks.block as replicate,
        totals.customers_count - blocks.customers_count as customers_count,
        {%- for variable in variables %}
        totals.s_{{ variable }} - blocks.s_{{ variable }} as s_{{ variable }},
        {%- endfor %}
        {%- for pair in pairs %}
        totals.s_{{ pair }} - blocks.s_{{ pair }} as s_{{ pair }}{{ ',' if not loop.last }}
        {%- endfor %}
    from totals
    inner join blocks
        on
            totals.entity_id = blocks.entity_id
            and totals.fiscal_year = blocks.fiscal_year
            and totals.outcome = blocks.outcome
            and totals.segment = blocks.segment

)

select * from final
