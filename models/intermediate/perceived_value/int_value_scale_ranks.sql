-- The order of customers by the value equation, and the order they would have if the item scale
-- began elsewhere than at 1: a Likert item has no true zero (R20). Ranks are doubled, so that tied
-- customers share a whole number.
{%- set floors = ['0.5', '2'] %}
with

terms as (

    select
        entity_id,
        window_period_index,
        customer_id,
        get_units,
        give_units
    from {{ ref('int_customer_value_terms') }}
    where
        window_kind = 'trailing'
        and value_method = 'four_terms'

),

-- sides are means of items, so moving every item moves the side the same way
shifted as (

    {%- for floor in floors %}
    {%- set low = score_units(floor) %}
    select
        entity_id,
        window_period_index,
        cast({{ floor }} as decimal(18, 9)) as scale_floor,
        customer_id,
        {{ share_units('get_units', 'give_units') }} as ratio_units,
        {{ share_units(
            '(9 * ' ~ low ~ ' + ' ~ divide_rounded(
                '((10000000000 - ' ~ low ~ ') * (get_units - 1000000000))', '1000000000'
            ) ~ ')',
            '(9 * ' ~ low ~ ' + ' ~ divide_rounded(
                '((10000000000 - ' ~ low ~ ') * (give_units - 1000000000))', '1000000000'
            ) ~ ')'
        ) }} as shifted_ratio_units
    from terms
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ranked as (

    select
        entity_id,
        window_period_index,
        scale_floor,
        customer_id,
        2 * rank() over (
            partition by entity_id, window_period_index, scale_floor order by ratio_units
        ) + count(*) over (
            partition by entity_id, window_period_index, scale_floor, ratio_units
        ) as double_rank,
        2 * rank() over (
            partition by entity_id, window_period_index, scale_floor order by shifted_ratio_units
        ) + count(*) over (
            partition by entity_id, window_period_index, scale_floor, shifted_ratio_units
        ) as shifted_double_rank
    from shifted

),

final as (

    select
        entity_id,
        window_period_index,
        scale_floor,
        count(*) as customers_count,
        sum(cast(double_rank as {{ type_whole() }})) as sum_x,
        sum(cast(shifted_double_rank as {{ type_whole() }})) as sum_y,
        sum(cast(double_rank as {{ type_whole() }}) * double_rank) as sum_xx,
        sum(cast(shifted_double_rank as {{ type_whole() }}) * shifted_double_rank) as sum_yy,
        sum(cast(double_rank as {{ type_whole() }}) * shifted_double_rank) as sum_xy
    from ranked
    group by entity_id, window_period_index, scale_floor

)

select * from final
