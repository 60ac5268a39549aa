{#
  A statement that is true of every row. An unknown outcome (NULL) is a failure, so a test on a
  column that may be empty says so in its condition.
#}
{% test expression_holds(model, expression, condition='true') %}
select *
from {{ model }}
where
    ({{ condition }})
    and ({{ expression }}) is not true
{% endtest %}
