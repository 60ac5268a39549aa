{#
  Exact arithmetic of the money path. Decimal division is a float on DuckDB and has its own scale
  on Spark; only whole numbers divide exactly on both. So amounts and drivers become whole numbers
  (cents, units of 10^-4), are multiplied first and divided once, here and nowhere else.
#}

{# The widest exact whole number of the engine. #}
{% macro type_whole() %}{{ return(adapter.dispatch('type_whole')()) }}{% endmacro %}
{% macro default__type_whole() %}hugeint{% endmacro %}
{% macro spark__type_whole() %}decimal(38,0){% endmacro %}

{# A decimal as a whole number of units of 10^-scale; exact when it has no more digits. #}
{% macro to_units(expression, scale) %}
    {{- return(adapter.dispatch('to_units')(expression, scale)) -}}
{% endmacro %}
{# What fits is multiplied in 64 bits: twenty times as fast as in 128, and the same number. #}
{% macro default__to_units(expression, scale) -%}
{%- set factor = '1' ~ '0' * scale -%}
{%- set wide = 'cast(cast(' ~ expression ~ ' as decimal(38,' ~ scale ~ ')) * ' ~ factor ~ ' as hugeint)' -%}
{%- if scale > 8 -%}
{{ wide }}
{%- else -%}
{%- set ceiling = '9' * (18 - 2 * scale) -%}
case when {{ expression }} between -{{ ceiling }} and {{ ceiling }}
            then cast(cast({{ expression }} as decimal(18,{{ scale }})) * {{ factor }} as hugeint)
            else {{ wide }}
        end
{%- endif -%}
{%- endmacro %}
{% macro spark__to_units(expression, scale) -%}
cast(cast({{ expression }} as decimal(38,{{ scale }})) * {{ '1' ~ '0' * scale }} as decimal(38,0))
{%- endmacro %}

{#
  An amount times a rate of nine decimals, as an amount. DuckDB keeps the product of two decimals of
  18 digits in 18, with thirteen after the point, and fails from 100,000 on; of 19 and 18 it takes 37,
  and Spark the 38 it has, so that nothing is rounded twice.
#}
{% macro amount_at_rate(amount, rate) -%}
cast(cast({{ amount }} as decimal(19, 4)) * {{ rate }} as decimal(18, 4))
{%- endmacro %}

{# Quotient of two whole numbers, towards zero. #}
{% macro divide_whole(numerator, denominator) %}
    {{- return(adapter.dispatch('divide_whole')(numerator, denominator)) -}}
{% endmacro %}
{% macro default__divide_whole(numerator, denominator) -%}
(cast({{ numerator }} as hugeint) // cast({{ denominator }} as hugeint))
{%- endmacro %}
{# Taking the remainder off first leaves a quotient without a fraction, which no scale can round.
   Over zero it is empty, as on DuckDB; a quotient beyond 32 digits is an error. #}
{% macro spark__divide_whole(numerator, denominator) -%}
{%- set whole = 'cast(' ~ numerator ~ ' as decimal(38,0))' -%}
{%- set part = 'cast(' ~ denominator ~ ' as decimal(38,0))' -%}
cast(({{ whole }} - {{ whole }} % nullif({{ part }}, 0)) / {{ part }} as decimal(38,0))
{%- endmacro %}

{# Quotient of two whole numbers rounded half away from zero; the denominator is positive. #}
{% macro divide_rounded(numerator, denominator) -%}
(
            case when {{ numerator }} < 0 then -1 else 1 end * {{ divide_whole(
                '2 * abs(' ~ numerator ~ ') + ' ~ denominator, '2 * (' ~ denominator ~ ')'
            ) }}
        )
{%- endmacro %}

{# A whole number of units of 10^-4 as money. #}
{% macro units_to_money(expression) -%}
cast(cast({{ expression }} as decimal(34,0)) * 0.0001 as decimal(18,4))
{%- endmacro %}

{# Ratio of two whole numbers as decimal(18,9); empty unless the condition holds. #}
{% macro ratio_of_units(numerator, denominator, condition) -%}
case when {{ condition }} then {{ units_to_score(divide_rounded(
            'cast(' ~ numerator ~ ' as ' ~ type_whole() ~ ') * 1000000000', denominator
        )) }} end
{%- endmacro %}
