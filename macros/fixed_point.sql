{#
  Scores, indices and shares are whole numbers of 10^-9, logs whole numbers of 10^-12: sums and
  windows of them are exact. A float appears only here, in a scalar step that is rounded at once.
#}

{# A score or share as a whole number of units of 10^-9. #}
{% macro score_units(expression) -%}
{{ to_units(expression, 9) }}
{%- endmacro %}

{# A whole number of units of 10^-9 as a score. The product has 38 digits at most, so that neither
   engine takes any of its nine decimals away. #}
{% macro units_to_score(expression) -%}
cast(cast({{ expression }} as decimal(27,0)) * cast(0.000000001 as decimal(10,9)) as decimal(18,9))
{%- endmacro %}

{# Natural log of a ratio of two positive whole numbers, in units of 10^-12; NULL otherwise. #}
{% macro fixed_ln(numerator, denominator) -%}
case
            when {{ numerator }} > 0 and {{ denominator }} > 0
                then cast(
                    round(
                        ln(cast({{ numerator }} as double) / cast({{ denominator }} as double))
                        * 1000000000000
                    ) as {{ type_whole() }}
                )
        end
{%- endmacro %}

{# e to the power of a log in units of 10^-12, as a score. #}
{% macro fixed_exp(log_units) -%}
cast(exp(cast({{ log_units }} as double) / 1000000000000) as decimal(18,9))
{%- endmacro %}

{# Square root of a share or variance in units of 10^-9, in units of 10^-12 (a standard deviation of logs). #}
{% macro fixed_sqrt(variance_units) -%}
cast(
            round(sqrt(cast({{ variance_units }} as double) / 1000000000) * 1000000000000)
            as {{ type_whole() }}
        )
{%- endmacro %}

{# A share of two whole numbers in units of 10^-9, half away from zero; NULL when the whole is 0. #}
{% macro share_units(part, whole) -%}
{{ divide_rounded('(' ~ part ~ ') * 1000000000', 'nullif(' ~ whole ~ ', 0)') }}
{%- endmacro %}

{#
  Probability that a normal variable lies below a point, given the distance in standard deviations;
  Abramowitz and Stegun 26.2.17, error below 10^-7, the same on every engine.
#}
{% macro normal_share_below(distance) -%}
case
            when {{ distance }} >= 0
                then 1 - {{ _normal_tail(distance) }}
            else {{ _normal_tail('-(' ~ distance ~ ')') }}
        end
{%- endmacro %}

{% macro _normal_tail(distance) -%}
{%- set t = '(1 / (1 + 0.2316419 * (' ~ distance ~ ')))' -%}
(
                    0.3989422804014327 * exp(-({{ distance }}) * ({{ distance }}) / 2)
                    * {{ t }} * (0.319381530 + {{ t }} * (-0.356563782 + {{ t }} * (
                        1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))))
                )
{%- endmacro %}

{# The point a Student t variable exceeds in magnitude with probability 10 %, by degrees of freedom
   (Cornish-Fisher; within 0.1 % from four degrees on); empty where there are none. Written as
   floats: a decimal literal over a whole number is a float on DuckDB and a decimal of few digits on
   Spark. #}
{% macro student_t_90(degrees) -%}
{%- set d = 'nullif(' ~ degrees ~ ', 0)' -%}
(
            1.6448536e0
            + 1.5237691e0 / {{ d }}
            + 1.4202030e0 / ({{ d }} * {{ d }})
            + 0.9830015e0 / ({{ d }} * {{ d }} * {{ d }})
        )
{%- endmacro %}

{# Mean of two whole numbers of which either may be missing. #}
{% macro mean_of_present(first, second) -%}
{{ divide_rounded(
                '(coalesce(' ~ first ~ ', ' ~ second ~ ') + coalesce(' ~ second ~ ', ' ~ first ~ '))', '2'
            ) }}
{%- endmacro %}
