{#
  An amount in the entity's currency, at 4 decimals: amount x numerator / denominator in whole
  numbers, rounded half away from zero. Amounts already in that currency pass untouched (R1).
  amount: decimal(18,4); numerator, denominator: whole numbers of the rate; is_foreign: condition.
#}
{% macro convert_currency(amount, numerator, denominator, is_foreign) -%}
case
            when {{ is_foreign }} then {{ units_to_money(divide_rounded(
                to_units(amount, 4) ~ ' * ' ~ numerator, denominator
            )) }}
            else {{ amount }}
        end
{%- endmacro %}
