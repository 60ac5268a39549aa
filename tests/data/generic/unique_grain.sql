{#
  One row per grain. The grain is the model's own meta, so it is stated once. A key part may be
  empty; two rows with the same empty part are the same key.
#}
{% test unique_grain(model) %}
select
    {%- for column in (grain_of(model.identifier) if execute else ['1']) %}
    {{ column }},
    {%- endfor %}
    count(*) as rows_found
from {{ model }}
group by
    {%- for column in (grain_of(model.identifier) if execute else ['1']) %}
    {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
having count(*) > 1
{% endtest %}
