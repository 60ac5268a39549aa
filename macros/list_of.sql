{# The distinct values of a group in one text, in order and separated by commas; empty ones left out. #}
{% macro list_of(expression) %}{{ return(adapter.dispatch('list_of')(expression)) }}{% endmacro %}
{% macro default__list_of(expression) -%}
string_agg(distinct {{ expression }}, ', ' order by {{ expression }})
{%- endmacro %}
{% macro spark__list_of(expression) -%}
array_join(array_sort(collect_set({{ expression }})), ', ')
{%- endmacro %}
