{#
  What Spark is handed and hands back, as operations that orchestration calls; the connection is
  dbt's, so they work by session, by Thrift and by Spark Connect alike.
#}

{#
  The raw tables and the build's parameters, over the Parquet files of the register step.

  columns  by table, its columns with their types
  anew     also where they are there: what they are like may have changed, and not only their files
#}
{% macro create_raw_tables(columns, anew) %}
    {% if execute %}
        {% set folder = env_var('TWOFOLD_SPARK_RAW') %}
        {% set schemas = [] %}
        {% for node in graph.sources.values() if node.schema != 'policies' %}
            {% if node.schema not in schemas %}
                {% do run_query('create schema if not exists ' ~ node.schema) %}
                {% do schemas.append(node.schema) %}
            {% endif %}
            {% set relation = node.schema ~ '.' ~ node.identifier %}
            {% if anew %}{% do run_query('drop table if exists ' ~ relation) %}{% endif %}
            {% do run_query(
                'create table if not exists ' ~ relation ~ ' (' ~ columns[relation] ~ ") using parquet location '"
                ~ folder ~ '/' ~ node.schema ~ '/' ~ node.identifier ~ "'"
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Every mart as Parquet files, for the publication. #}
{% macro write_marts() %}
    {% if execute %}
        {% set folder = env_var('TWOFOLD_SPARK_MARTS') %}
        {% for node in graph.nodes.values()
            if node.resource_type == 'model' and node.schema == 'marts' %}
            {% do run_query(
                "insert overwrite directory '" ~ folder ~ '/' ~ node.alias ~ "' using parquet"
                ~ ' select * from ' ~ node.schema ~ '.' ~ node.alias
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
