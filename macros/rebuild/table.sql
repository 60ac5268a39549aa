{#
  How every table of the project is made: not at all where nothing it reads has changed, period by
  period where its meta says that a period stands on its own (`month_local`: the column; with
  `months_back`, on so many before it), day by day where every day does (`day_local`), else as a
  whole. It replaces dbt's `table`, so a model says what it is and never how it is kept up to date.
#}
{% materialization table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set code = local_md5(compiled_code ~ model.columns | string) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set due = what_is_due(existing, code) -%}
    {%- if due.how == 'nothing' -%}
        {% call noop_statement('main', 'unchanged', 'unchanged', 0) %}{% endcall %}
    {%- elif due.how == 'part' -%}
        {%- do rebuild_part(target_relation, compiled_code, due.scope) -%}
    {%- else -%}
        {%- set batches = batches_of_periods() -%}
        {%- do rebuild_all(target_relation, existing, compiled_code, batches) -%}
    {%- endif -%}

    {%- if due.how != 'nothing' -%}
        {%- for scope in batches or [due.scope] -%}
            {%- do check_grain(target_relation, scope) -%}
        {%- endfor -%}
        {% call statement('changes') %}
            {{ record_changes(graph.nodes[model.unique_id], target_relation, due.scope) }}
        {% endcall %}
    {%- endif -%}
    {% call statement('builds') %}
        insert into build.builds
        select
            '{{ model.unique_id }}', '{{ code }}',
            (select coalesce(max(changed_at), 0) from build.changes),
            {{ due.count or (0 if due.how == 'nothing' else due.total) }}, {{ due.total }},
            '{{ due.how }}', '{{ due.reason }}',
            (select coalesce(max(sequence), 0) + 1 from build.builds)
    {% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#
  In the model's transaction: readers of the build database never miss the table.
  batches  scopes to make it by, one statement each; with none, one statement makes it all
#}
{% macro rebuild_all(target_relation, existing, sql, batches) %}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
        {%- set sql = get_select_subquery(sql) -%}
    {%- endif -%}
    {%- set column = model.config.meta.month_local -%}
    {% call statement('main') %}create or replace table {{ target_relation }} as (
        {{ of_scope(sql, batches[0], column) if batches else sql }}
    ){% endcall %}
    {%- for scope in batches[1:] %}
    {% call statement('batch') %}
        insert into {{ target_relation }} by name
        {{ of_scope(sql, scope, column) }}
    {% endcall %}
    {%- endfor %}
{% endmacro %}

{#
  The periods of a table in batches, where they stand on their own and it reads many rows: what
  DuckDB holds at once is then a batch and not the years, and nothing spills. A table that looks back
  reads so many periods more for each batch, so it is made at once unless its meta has `in_batches`.
  Scopes as in what_is_due, of all entities; empty where one statement will do.
#}
{% macro batches_of_periods() %}
    {% set meta = model.config.meta %}
    {% if meta.month_local != 'month_start_date' or (meta.months_back and not meta.in_batches) %}
        {{ return([]) }}
    {% endif %}
    {% set names = [] %}
    {% for parent in all_parents(model.unique_id) if parent in graph.nodes %}
        {% set node = graph.nodes[parent] %}
        {% do names.append("'" ~ node.schema ~ '.' ~ node.name ~ "'") %}
    {% endfor %}
    {% set rows_read = run_query(
        "select coalesce(max(estimated_size), 0) from duckdb_tables() where schema_name || '.' "
        ~ "|| table_name in (" ~ names | join(', ') ~ ')'
    ).rows[0][0] %}
    {% set months = run_query(
        'select distinct month_start_date from intermediate.int_entity_months order by 1'
    ).columns[0].values() %}
    {% set rows_in_a_batch = env_var('TWOFOLD_ROWS_IN_A_BATCH', '2000000') | int %}
    {% set months_in_a_batch = [
        (months | length * rows_in_a_batch / [rows_read, 1] | max) | int, 1
    ] | max %}
    {% set batches = [] %}
    {% for days in months | batch(months_in_a_batch) %}
        {% do batches.append({'entities': none, 'days': days, 'indexes': []}) %}
    {% endfor %}
    {{ return(batches if batches | length > 1 else []) }}
{% endmacro %}

{# What is no period of its entity any more goes as well. #}
{% macro rebuild_part(target_relation, sql, scope) %}
    {%- set meta = model.config.meta -%}
    {%- set column = meta.day_local or meta.month_local -%}
    {%- if config.get('contract').enforced -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
    {% call statement('clear') %}
        delete from {{ target_relation }} as kept
        where
            {{ in_scope(scope, column, 'kept.') }}
        {%- if meta.month_local %}
            or not exists (
                select 1 from intermediate.int_entity_months as months
                where
                    kept.entity_id = months.entity_id
                    and kept.{{ column }} = months.{{
                        'month_start_date' if column == 'month_start_date' else 'period_index'
                    }}
            )
        {%- endif %}
    {% endcall %}
    {% call statement('main') %}
        insert into {{ target_relation }} by name
        {{ of_scope(sql, scope, column) }}
    {% endcall %}
{% endmacro %}
