{#
  The value under one key of a JSON object, as text; empty where the key or a readable object is
  missing. column: text that should hold an object; key: an expression that names the key.
#}
{% macro json_text(column, key) %}
    {{- return(adapter.dispatch('json_text')(column, key)) -}}
{% endmacro %}
{% macro default__json_text(column, key) -%}
case when json_valid({{ column }}) then json_extract_string({{ column }}, '$.' || {{ key }}) end
{%- endmacro %}
{% macro spark__json_text(column, key) -%}
get_json_object({{ column }}, '$.' || {{ key }})
{%- endmacro %}
