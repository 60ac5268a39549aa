-- Operations of a customer summed over all periods, where par rests on them; one column a term.
-- Read: opportunities, effect, reference, as in the monthly model.
{%- set operation_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

final as (

    select
        months.entity_id,
        base.window_period_index,
        months.customer_id,
        {%- for term in operation_terms %}
        sum(case when months.term = '{{ term }}' then months.opportunity_units else 0 end)
            as {{ term }}_opportunity_units,
        sum(case when months.term = '{{ term }}' then months.effect_units else 0 end)
            as {{ term }}_effect_units,
        {%- endfor %}
        sum(coalesce(months.reference_units, 0)) as price_reference_units
    from {{ ref('int_customer_operations_monthly') }} as months
    inner join {{ ref('int_value_base_windows') }} as base
        on
            months.entity_id = base.entity_id
            and base.window_kind = 'all'
    group by months.entity_id, base.window_period_index, months.customer_id

)

select * from final
