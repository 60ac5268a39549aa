{{ config(materialized='view') }}
-- Operations of a customer summed over each window that something is read of.
{%- set measures = ['price_reference_units'] %}
{%- for term in ['product_quality', 'service_quality', 'price', 'hassle'] %}
    {%- do measures.append(term ~ '_opportunity_units') %}
    {%- do measures.append(term ~ '_effect_units') %}
{%- endfor %}
with

final as (

    {%- for window_kind, model_name in [
        ('trailing', 'int_customer_operations_trailing'),
        ('all', 'int_customer_operations_all_periods'),
    ] %}
    select
        entity_id,
        '{{ window_kind }}' as window_kind,
        window_period_index,
        customer_id,
        {%- for measure in measures %}
        {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(model_name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
