{#
  One row per grain. The grain is the model's own meta, so it is stated once. A key part may be
  empty; two rows with the same empty part are the same key.
#}
{% test unique_grain(model) %}
{{ doubled_keys(model, grain_of(model.identifier) if execute else ['1']) }}
{% endtest %}
