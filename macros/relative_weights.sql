{#
  Importance of four correlated drivers from their correlations with each other and with an outcome,
  written out in determinants: exact sums go in, floats appear only in scalar steps.

  Lindeman, Merenda and Gold: the share of the outcome's variance a driver explains, averaged over
  all orders in which the four can enter (the Shapley value of R squared). R squared of a set S is
  1 - |R(S and y)| / |R(S)|, a standardised slope is |R with the driver's column replaced by y| / |R|.
#}

{# Sets of the drivers 1 to 4, each without the empty one. #}
{% macro driver_sets() %}
    {{ return([
        '1', '2', '3', '4', '12', '13', '14', '23', '24', '34', '123', '124', '134', '234', '1234',
    ]) }}
{% endmacro %}

{# The set with one more driver, in order. #}
{% macro _with_driver(subset, driver) -%}
{{ return((subset ~ driver) | list | sort | join('')) }}
{%- endmacro %}

{# The correlation of two variables of the set 1 to 4 and y; columns r_12, r_1y and so on. #}
{% macro _correlation(first, second) -%}
{{ '1e0' if first == second else 'r_' ~ ([first, second] | sort | join('')) }}
{%- endmacro %}

{# Determinant of the correlations of some variables with some others, along the first row. #}
{% macro determinant(rows, columns) -%}
{%- if rows | length == 1 -%}
{{ _correlation(rows[0], columns[0]) }}
{%- else -%}
(
{%- for column in columns -%}
{%- set others = [] -%}
{%- for other in columns if other != column -%}{%- do others.append(other) -%}{%- endfor -%}
{{ ' - ' if loop.index0 % 2 else (' + ' if loop.index0 else '') -}}
{{ _correlation(rows[0], column) }} * {{ determinant(rows[1:], others) }}
{%- endfor -%}
)
{%- endif -%}
{%- endmacro %}

{# Correlation of two variables from a count, two sums, two sums of squares and a sum of products, all whole numbers; empty where one does not vary. #}
{% macro correlation_of_sums(n, first, second, first_square, second_square, product) -%}
case
            when {{ n }} * {{ first_square }} > {{ first }} * {{ first }}
                and {{ n }} * {{ second_square }} > {{ second }} * {{ second }}
                then cast({{ n }} * {{ product }} - {{ first }} * {{ second }} as double)
                    / sqrt(cast({{ n }} * {{ first_square }} - {{ first }} * {{ first }} as double))
                    / sqrt(cast({{ n }} * {{ second_square }} - {{ second }} * {{ second }} as double))
        end
{%- endmacro %}

{# Driver's share of the outcome's variance, over all orders of entering; columns r2_12 and so on. #}
{% macro explained_share(driver) -%}
{%- set weights = {0: '0.25e0', 1: '1e0 / 12', 2: '1e0 / 12', 3: '0.25e0'} -%}
(
            {{ weights[0] }} * r2_{{ driver }}
            {%- for subset in driver_sets() if driver not in subset %}
            + {{ weights[subset | length] }} * (r2_{{ _with_driver(subset, driver) }} - r2_{{ subset }})
            {%- endfor %}
        )
{%- endmacro %}

{# A float as a whole number of units of 10^-9. #}
{% macro float_to_units(expression) -%}
cast(round({{ expression }} * 1000000000) as {{ type_whole() }})
{%- endmacro %}
