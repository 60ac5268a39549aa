{#
  People of one customer say alike, so that n of them tell less than n who do not know each other
  (R26: customers as clusters). What they tell is n over the design effect: the linearised variance
  of a mean or share over clusters (ratio of sums; Kish 1965) over that of as many independent ones,
  never less than 1. With one answer a customer it is n.
#}

{#
  Effective respondents of a mean, in units of 10^-9: an aggregate over rows of one cluster each,
  with the number of its answers, their sum and the sum of their squares, all whole numbers. Where
  all said the same there is no variance to compare, and clusters count by size (Kish's n). Whole
  ones only: to nine digits it would be an equation in who of whom said what, beside a total that
  tells neither.
#}
{% macro effective_respondents_units(answers, total, squares) -%}
{%- set whole = type_whole() -%}
{%- set n = 'sum(cast(' ~ answers ~ ' as ' ~ whole ~ '))' -%}
{%- set s = 'sum(cast(' ~ total ~ ' as ' ~ whole ~ '))' -%}
{%- set q = 'sum(cast(' ~ squares ~ ' as ' ~ whole ~ '))' -%}
{%- set n_n = 'sum(cast(' ~ answers ~ ' as ' ~ whole ~ ') * ' ~ answers ~ ')' -%}
{%- set s_n = 'sum(cast(' ~ total ~ ' as ' ~ whole ~ ') * ' ~ answers ~ ')' -%}
{%- set s_s = 'sum(cast(' ~ total ~ ' as ' ~ whole ~ ') * ' ~ total ~ ')' -%}
{#- n squared times the squared parts of the clusters is n * first - s * second: each of these two
    is exact, also for four million answers of nine digits in one customer, their products need not
    be, and both are 0 where no cluster differs from the mean -#}
{%- set first = '(' ~ n ~ ' * ' ~ s_s ~ ' - ' ~ s ~ ' * ' ~ s_n ~ ')' -%}
{%- set second = '(' ~ n ~ ' * ' ~ s_n ~ ' - ' ~ s ~ ' * ' ~ n_n ~ ')' -%}
1000000000 * cast(greatest(1e0, floor(1e-6 + case
            when count(*) = 1 then 1e0
            when {{ n }} * {{ q }} = {{ s }} * {{ s }}
                then cast({{ n }} * {{ n }} as double) / cast({{ n_n }} as double)
            when {{ first }} = 0 and {{ second }} = 0 then cast({{ n }} as double)
            else cast({{ n }} as double) * least(
                1e0,
                (count(*) - 1e0) / count(*) * cast({{ n }} as double) / (cast({{ n }} as double) - 1)
                * cast({{ n }} as double) * cast({{ n }} * {{ q }} - {{ s }} * {{ s }} as double)
                / (
                    cast({{ n }} as double) * cast({{ first }} as double)
                    - cast({{ s }} as double) * cast({{ second }} as double)
                )
            )
        end)) as {{ whole }})
{%- endmacro %}

{# Kish's n of clusters by their size, in units of 10^-9: hangs on nobody's answer, so that it may
   stand beside a share that is told as bounds. #}
{% macro clusters_by_size_units(answers) -%}
{%- set whole = type_whole() -%}
1000000000 * cast(floor(
            1e-6
            + cast(sum(cast({{ answers }} as {{ whole }})) as double)
            * cast(sum(cast({{ answers }} as {{ whole }})) as double)
            / cast(sum(cast({{ answers }} as {{ whole }}) * {{ answers }}) as double)
        ) as {{ whole }})
{%- endmacro %}

{# Effective respondents as a number, for a formula that divides by n. #}
{% macro effective_respondents(units) -%}
(cast({{ units }} as double) / 1000000000)
{%- endmacro %}

{# Share of those asked who answered, to a whole percent: nine digits would be one fraction, whose
   counts less those of the other cells are those of a closed one. #}
{% macro response_rate_units(answered, asked) -%}
10000000 * {{ divide_rounded('(100 * ' ~ answered ~ ')', 'nullif(' ~ asked ~ ', 0)') }}
{%- endmacro %}

{#
  The variance of a mean or ratio, as a part of its square, as far as it may be told (R27): of few
  people, a mean and their own variance are equations that one set of whole scores solves. So below
  a number of people it is that of so many with an assumed deviation, which hangs on none of their
  answers but the mean; from it on their own deviation, rounded up to a whole n-th of the mean. Of
  whole scores it is taken for three twentieths of the mean at least: nearly all alike, they would
  be known.

  variance: of the mean over its square, a double; n: people or clusters; assumed: variance of one
  of them over the mean's square, a double; low: how many tell of their own; least: the least
  variance of one of them, likewise.
#}
{% macro told_variance(variance, n, assumed, low, least='0.0225e0') -%}
{%- set deviations = 'sqrt(greatest((' ~ variance ~ ') * ' ~ n ~ ', ' ~ least ~ ')) * ' ~ n -%}
case
            when {{ n }} < {{ low }} then ({{ assumed }}) / {{ n }}
            else power(ceil({{ deviations }} - 1e-6), 2) / power(cast({{ n }} as double), 3)
        end
{%- endmacro %}

{# What follows a method's name where its interval rests on so few (told_variance). #}
{% macro assumed_deviation(reliability, name='_assumed_deviation') -%}
case when {{ reliability }} = 'low_n' then '{{ name }}' else '' end
{%- endmacro %}

{# Variance of one score spread evenly about its mean, as far as an end of the scale leaves room,
   over the square of the mean: a third of what both ends alone would give. Scores in units of
   10^-9, on the item scale of 1 to 10 or as shares of 1. #}
{% macro even_score_variance(mean_units) -%}
({{ mean_units }} / 1e9 - 1) * (10 - {{ mean_units }} / 1e9) / 3
            / ({{ mean_units }} / 1e9) / ({{ mean_units }} / 1e9)
{%- endmacro %}

{% macro even_share_variance(mean) -%}
(1 - {{ mean }}) / 3 / {{ mean }}
{%- endmacro %}

{# Half the width of the 90 % interval of a mean of n shares in units of 10^-9, from the sum and the
   sum of squares; Student's t by the number of clusters. #}
{% macro clustered_mean_half_width(total, squares, n, effective_units, clusters, low) -%}
{%- set mean = '(cast(' ~ total ~ ' as double) / ' ~ n ~ ')' -%}
case
            when {{ n }} > 1 and {{ total }} = 0 then 0e0
            when {{ n }} > 1
                then {{ student_t_90('greatest(' ~ clusters ~ ' - 1, 1)') }} * {{ mean }}
                * sqrt({{ told_variance(
                    'greatest(cast(' ~ squares ~ ' as double) / ' ~ mean ~ ' / ' ~ mean ~ ' - ' ~ n
                    ~ ', 0) / (' ~ n ~ ' - 1) / ' ~ effective_respondents(effective_units),
                    clusters,
                    even_share_variance('(' ~ mean ~ ' / 1e9)'),
                    low,
                    '0e0'
                ) }})
        end
{%- endmacro %}
