{#
  Operations of a customer by term of the value equation, one column a term and measure: opportunities
  and effect of each, and for price the reference.
#}

{% macro operation_terms() %}
    {{ return(['product_quality', 'service_quality', 'price', 'hassle']) }}
{% endmacro %}

{# Names of the columns. #}
{% macro operation_measures() %}
    {% set measures = ['price_reference_units'] %}
    {% for term in operation_terms() %}
        {% do measures.append(term ~ '_opportunity_units') %}
        {% do measures.append(term ~ '_effect_units') %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}

{# The columns as sums over rows of int_customer_operations_monthly, of which alias is the relation. #}
{% macro operations_by_term(alias) -%}
    {%- for term in operation_terms() %}
        {%- for measure in ['opportunity_units', 'effect_units'] %}
        sum(case when {{ alias }}.term = '{{ term }}' then {{ alias }}.{{ measure }} else 0 end)
            as {{ term }}_{{ measure }},
        {%- endfor %}
    {%- endfor %}
        sum(coalesce({{ alias }}.reference_units, 0)) as price_reference_units
{%- endmacro %}
