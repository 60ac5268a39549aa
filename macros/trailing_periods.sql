{# How many fiscal periods a trailing window holds: perceived value (R27) and quadrants (R31). #}
{% macro trailing_periods() %}{{ return(12) }}{% endmacro %}
