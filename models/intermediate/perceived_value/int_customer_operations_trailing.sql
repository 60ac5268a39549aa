-- Operations of a customer summed over the trailing window of each period; one column a term. Read:
-- opportunities, effect, reference, as in the monthly model.
{%- set operation_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set measures = [] %}
{%- for term in operation_terms %}
    {%- do measures.append(term ~ '_opportunity_units') %}
    {%- do measures.append(term ~ '_effect_units') %}
{%- endfor %}
{%- do measures.append('price_reference_units') %}
with

months as (

    select
        entity_id,
        customer_id,
        period_index,
        {%- for term in operation_terms %}
        sum(case when term = '{{ term }}' then opportunity_units else 0 end)
            as {{ term }}_opportunity_units,
        sum(case when term = '{{ term }}' then effect_units else 0 end)
            as {{ term }}_effect_units,
        {%- endfor %}
        sum(coalesce(reference_units, 0)) as price_reference_units
    from {{ ref('int_customer_operations_monthly') }}
    group by entity_id, customer_id, period_index

),

-- a period without events still has a window that reaches back to some
spine as (

    select
        entity_id,
        customer_id,
        period_index
    from {{ ref('int_active_customer_months') }}
    where entity_id in (select entity_id from {{ ref('int_value_base_windows') }})

    union distinct

    select
        entity_id,
        customer_id,
        period_index
    from months

),

final as (

    select
        spine.entity_id,
        spine.period_index as window_period_index,
        spine.customer_id,
        {%- for measure in measures %}
        sum(months.{{ measure }}) over trailing_window as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from spine
    left join months
        on
            spine.entity_id = months.entity_id
            and spine.customer_id = months.customer_id
            and spine.period_index = months.period_index
    window trailing_window as (
        partition by spine.entity_id, spine.customer_id
        order by spine.period_index
        range between {{ trailing_periods() - 1 }} preceding and current row
    )

)

select * from final
