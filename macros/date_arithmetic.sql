{#
  dbt's own date arithmetic on Spark goes by way of seconds and asserts, a page of SQL for one day
  more. Models add and compare whole days and years of dates, which Spark can do by name.
#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
{%- if datepart == 'day' -%}
date_add(cast({{ from_date_or_timestamp }} as date), cast({{ interval }} as int))
{%- elif datepart in ('month', 'year') -%}
add_months(cast({{ from_date_or_timestamp }} as date), cast({{ 12 if datepart == 'year' else 1 }} * ({{ interval }}) as int))
{%- else -%}
{{ exceptions.raise_compiler_error('dateadd by ' ~ datepart ~ ' is not defined for Spark') }}
{%- endif -%}
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
{%- if datepart == 'day' -%}
datediff(cast({{ second_date }} as date), cast({{ first_date }} as date))
{%- else -%}
{{ exceptions.raise_compiler_error('datediff by ' ~ datepart ~ ' is not defined for Spark') }}
{%- endif -%}
{%- endmacro %}
