{#
  dbt's unit tests on Spark. dbt asks the tested query for its columns by making an empty view of it,
  and Spark analyses it all for that, which is most of what such a test costs. Here the columns are
  asked of the model's own table, which a build has to have made before.
#}
{% materialization unit, adapter='spark' %}
    {%- set tested = api.Relation.create(
        schema=model.schema, identifier=model.tested_node_unique_id.split('.')[2]
    ) -%}
    {%- set types, names = {}, {} -%}
    {%- for column in adapter.get_columns_in_relation(tested) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do names.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set rows = config.get('expected_rows') -%}
    {%- set told = [] -%}
    {%- for name in (rows[0] if rows else types) -%}{%- do told.append(names[name | lower]) -%}{%- endfor -%}
    {%- set expected = config.get('expected_sql') or get_expected_sql(rows, types, names) -%}
    {% call statement('main', fetch_result=True) -%}
        {{ get_unit_test_sql(sql, expected, told) }}
    {%- endcall %}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{#
  A fixture as one list of values. dbt makes a select of each row, and Spark copies all of them into
  the plan wherever the tested query names the relation.
#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
    {%- if target.type != 'spark' -%}
        {{ return(dbt.get_fixture_sql(rows, column_name_to_data_types)) }}
    {%- endif -%}
    {%- set types, names = {}, {} -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do names.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- if not types or column_name_to_data_types -%}
        {{ return(dbt.get_fixture_sql(rows, column_name_to_data_types)) }}
    {%- endif -%}
select *
from values
    {%- for row in rows or [{}] %}
    {%- set given = format_row(row, types) %}
    (
        {%- for name, type in types.items() -%}
        {{ given[name] if name in given else 'cast(null as ' ~ type ~ ')' }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    as fixture ({{ names.values() | join(', ') }})
{%- if not rows %}
where false
{%- endif %}
{% endmacro %}
