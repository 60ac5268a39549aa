{# A text in small letters without accents and punctuation, a space on either side, so that ' word'
   finds words that begin so; translate is the same on both engines. #}
{% macro plain_text(expression) -%}
(
            ' ' || translate(
                lower({{ expression }}),
                'áàâãäéèêëíìîïóòôõöúùûüçñ.,;:!?()"/-_*' || chr(10) || chr(13),
                'aaaaaeeeeiiiiooooouuuucn               '
            ) || ' '
        )
{%- endmacro %}
