{# How many units of 10^-4 one minor unit of a currency holds, from its digits. #}
{% macro units_in_a_minor_unit(minor_digits) -%}
case {{ minor_digits }} when 0 then 10000 when 3 then 10 when 4 then 1 else 100 end
{%- endmacro %}

{# A whole number of minor units as money. #}
{% macro minor_units_to_money(minor_units, minor_digits) -%}
{{ units_to_money('(' ~ minor_units ~ ') * ' ~ units_in_a_minor_unit(minor_digits)) }}
{%- endmacro %}
