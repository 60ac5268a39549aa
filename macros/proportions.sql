{#
  Shares and their uncertainty, in scalar steps that are rounded at once. A share of n answers is
  read as a beta distribution under a uniform prior: mean (s + 1) / (n + 2), variance m (1 - m) /
  (n + 3), so that no interval of a small group is empty or certain.

  s is a share in units of 10^-9, n a whole number; results are scores.
#}

{% macro _share(units) -%}
(cast({{ units }} as double) / 1000000000)
{%- endmacro %}

{% macro _beta_mean(share, n) -%}
(({{ _share(share) }} * {{ n }} + 1) / ({{ n }} + 2))
{%- endmacro %}

{% macro _beta_variance(share, n) -%}
({{ _beta_mean(share, n) }} * (1 - {{ _beta_mean(share, n) }}) / ({{ n }} + 3))
{%- endmacro %}

{# One end of the 90 % interval of a share; side is + or -. #}
{% macro share_end(share, n, side) -%}
cast(least(1, greatest(0,
            {{ _beta_mean(share, n) }} {{ side }} 1.6448536e0 * sqrt({{ _beta_variance(share, n) }})
        )) as decimal(18,9))
{%- endmacro %}

{# One end of the 90 % interval of the difference of two shares; side is + or -. #}
{% macro share_difference_end(share, n, other_share, other_n, side) -%}
cast(least(1, greatest(-1,
            {{ _beta_mean(share, n) }} - {{ _beta_mean(other_share, other_n) }}
            {{ side }} 1.6448536e0 * sqrt(
                {{ _beta_variance(share, n) }} + {{ _beta_variance(other_share, other_n) }}
            )
        )) as decimal(18,9))
{%- endmacro %}

{# Cohen's h, the difference of two shares on the arcsine scale: 0.2 is small, 0.5 middling. #}
{% macro cohens_h(share, other_share) -%}
cast(
            2 * asin(sqrt({{ _share(share) }})) - 2 * asin(sqrt({{ _share(other_share) }}))
            as decimal(18,9)
        )
{%- endmacro %}

{# z of the test that two shares are one, with the pooled variance; empty where all agree. #}
{% macro two_proportion_z(share, n, other_share, other_n) -%}
{%- set pooled = '((' ~ _share(share) ~ ' * ' ~ n ~ ' + ' ~ _share(other_share) ~ ' * ' ~ other_n
    ~ ') / (' ~ n ~ ' + ' ~ other_n ~ '))' -%}
case
            when {{ share }} * {{ n }} + {{ other_share }} * {{ other_n }} > 0
                and {{ share }} * {{ n }} + {{ other_share }} * {{ other_n }}
                    < 1000000000 * ({{ n }} + {{ other_n }})
                then cast(
                    ({{ _share(share) }} - {{ _share(other_share) }})
                    / sqrt({{ pooled }} * (1 - {{ pooled }}) * (1e0 / {{ n }} + 1e0 / {{ other_n }}))
                    as decimal(18,9)
                )
        end
{%- endmacro %}

{#
  How many said so, as far as it may be told (R27). A share of all, or of nearly all, tells each
  one's answer, however many they are; and were only such a share closed, its being closed would
  tell it. So a count is told exactly where the minimum of those who are not named said so and as
  many did not; else only as the lowest and the highest it could be: fewer than the minimum, all
  but fewer than the minimum, or anything where both could be meant. Whoever knows how many they
  are and all that was said under a name cannot tell a unanimous group from one with a dissenter.

  said, hidden_said, hidden: how many said so; of them, and of all, those who are not named;
  minimum: of people, 0 tells all; side: low or high. Both sides are equal where it is told.
#}
{% macro told_count(said, hidden_said, hidden, minimum, side) -%}
{{ said }} - {{ hidden_said }} + case
            when {{ hidden_said }} >= {{ minimum }} and {{ hidden }} - {{ hidden_said }} >= {{ minimum }}
                then {{ hidden_said }}
            {%- if side == 'low' %}
            when {{ hidden }} >= 2 * {{ minimum }} and {{ hidden_said }} >= {{ minimum }}
                then {{ hidden }} - {{ minimum }} + 1
            else 0
            {%- else %}
            when {{ hidden }} >= 2 * {{ minimum }} and {{ hidden_said }} < {{ minimum }}
                then {{ minimum }} - 1
            else {{ hidden }}
            {%- endif %}
        end
{%- endmacro %}

{# Of a number of people in three groups, those who are not in the largest; two groups are given. #}
{% macro outside_largest(count, first, second) -%}
{{ count }} - greatest({{ first }}, {{ second }}, {{ count }} - {{ first }} - {{ second }})
{%- endmacro %}

{# The group of a recommendation on the item scale of 1 to 10, on which 0 to 10 lies: nine is 9.1,
   six is 6.4. Empty for who is neither. #}
{% macro recommendation_group(score_units) -%}
case
            when {{ score_units }} >= 9100000000 then 'promoters'
            when {{ score_units }} <= 6400000000 then 'detractors'
        end
{%- endmacro %}
