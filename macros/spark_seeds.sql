{#
  Seeds on Spark. dbt-spark's own loader turns decimals into floats and empty cells into the text
  'None', and leaves quotes inside a cell as they are; here every cell is a literal or null, cast to
  the column's type. `varchar` needs a length on Spark, so it is called string.
#}
{% macro spark__seed_type(model, agate_table, position) -%}
    {%- set name = agate_table.column_names[position] -%}
    {%- set stated = model.config.get('column_types', {}).get(name) -%}
    {{ return('string' if stated == 'varchar' else stated or adapter.convert_type(agate_table, position)) }}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) %}
    {% set sql %}
    create table {{ this.render() }} (
        {%- for name in agate_table.column_names %}
        {{ name }} {{ spark__seed_type(model, agate_table, loop.index0) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    using parquet
    {% endset %}
    {% call statement('_') %}{{ sql }}{% endcall %}
    {{ return(sql) }}
{% endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}
    {% set statements = [] %}
    {% for rows in agate_table.rows | batch(1000) %}
        {% set sql %}
    insert into {{ this.render() }}
    select
        {%- for name in agate_table.column_names %}
        cast({{ name }} as {{ spark__seed_type(model, agate_table, loop.index0) }}){{ ',' if not loop.last }}
        {%- endfor %}
    from values
        {%- for row in rows %}
        ({% for cell in row.values() %}{{ spark__seed_cell(cell) }}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
        as cells ({{ agate_table.column_names | join(', ') }})
        {% endset %}
        {% do adapter.add_query(sql, abridge_sql_log=True) %}
        {% do statements.append(sql) %}
    {% endfor %}
    {{ return(statements[0] if statements else '') }}
{% endmacro %}

{% macro spark__seed_cell(cell) -%}
    {%- if cell is none -%} null
    {%- else -%} '{{ cell | string | replace('\\', '\\\\') | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
