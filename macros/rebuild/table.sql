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
        {%- do rebuild_all(target_relation, existing, compiled_code) -%}
    {%- endif -%}

    {%- if due.how != 'nothing' -%}
        {%- do check_grain(target_relation, due.scope) -%}
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

{# One statement in the model's transaction: readers of the build database never miss the table. #}
{% macro rebuild_all(target_relation, existing, sql) %}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
        {%- set sql = get_select_subquery(sql) -%}
    {%- endif -%}
    {% call statement('main') %}create or replace table {{ target_relation }} as ({{ sql }}){% endcall %}
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
        select *
        from (
            {{ sql }}
        ) as made
        where {{ in_scope(scope, column, 'made.') }}
    {% endcall %}
{% endmacro %}
