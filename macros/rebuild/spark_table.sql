{#
  The same on Spark, where no transaction joins a table and a log of it. A night that went through
  leaves all tables up to date with one another; after any other, and after a change of code, the next
  one is a full refresh. So a log for the length of a night is enough: a folder of Parquet files,
  TWOFOLD_SPARK_CHANGES.

  raw/        what changed in raw relations and policies (orchestration/spark.py writes it)
  <table>/    the buckets of a table that came out other than before
  <table>_/   the fingerprints it had before

  Every table writes to folders of its own, since two threads cannot append to one table.

  A table that stands period by period is partitioned by its period: periods are dropped and made
  again as partitions, for all entities at once.
#}
{% materialization table, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set code = local_md5(compiled_code ~ model.columns | string) -%}
    {{ run_hooks(pre_hooks) }}

    {%- set due = what_is_due(existing, code) -%}
    {%- set is_logged = not flags.FULL_REFRESH -%}
    {%- if due.how == 'nothing' -%}
        {% call noop_statement('main', 'unchanged', 'unchanged', 0) %}{% endcall %}
    {%- elif due.how == 'part' and model.config.meta.month_local -%}
        {%- set scope = with_periods_that_are_gone(due.scope) -%}
        {%- do spark_log_before(existing, scope) -%}
        {%- do spark_rebuild_part(target_relation, compiled_code, scope) -%}
        {%- do check_grain(target_relation, scope) -%}
        {%- do spark_log_after(existing, target_relation, scope) -%}
        {% call noop_statement('main', 'in part', 'in part', 0) %}{% endcall %}
    {%- else -%}
        {%- if is_logged -%}{%- do spark_log_before(existing) -%}{%- endif -%}
        {%- if existing is not none -%}{%- do adapter.drop_relation(existing) -%}{%- endif -%}
        {%- do spark_make(target_relation, compiled_code, code) -%}
        {%- do check_grain(target_relation) -%}
        {%- if is_logged -%}{%- do spark_log_after(existing, target_relation) -%}{%- endif -%}
        {% call noop_statement('main', 'as a whole', 'as a whole', 0) %}{% endcall %}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro spark__changes_since_built(code) %}
    {% set known = run_query('show tblproperties ' ~ this ~ " ('twofold.code')").rows %}
    {% if known[0][1] != code %}{{ return({'reason': 'code changed'}) }}{% endif %}
    {% set folders = ['raw'] %}
    {% for parent in all_parents(model.unique_id) if parent.startswith('model.') %}
        {% do folders.append(graph.nodes[parent].alias) %}
    {% endfor %}
    {% set changed %}
        from parquet.`{{ env_var('TWOFOLD_SPARK_CHANGES') }}/{{ '{' ~ folders | join(',') ~ '}' }}`
        where relation in ({{ quoted_parents() }})
    {% endset %}
    {{ return({'changed': changed}) }}
{% endmacro %}

{% macro spark_make(relation, sql, code) %}
    {%- set period = model.config.meta.month_local -%}
    {% call statement('make') %}
        create table {{ relation }}
        using parquet
        {%- if period %}
        partitioned by ({{ period }})
        {%- endif %}
        tblproperties ('twofold.code' = '{{ code }}')
        as
        {%- if config.get('contract').enforced %}
        {%- set sql = get_select_subquery(sql) %}
        {%- endif %}
        {%- if period %}
        select /*+ rebalance({{ period }}) */ *
        from (
            {{ sql }}
        ) as made
        {%- else %}
        {{ sql }}
        {%- endif %}
    {% endcall %}
    {#- asked of the table, since asking the query would plan it once more -#}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent('select * from ' ~ relation) -%}
    {%- endif -%}
{% endmacro %}

{#
  The scope on Spark: of all entities, since a partition holds them all; and with the periods of which
  the table has rows that are in no period of their entity any more.
#}
{% macro with_periods_that_are_gone(scope) %}
    {%- set column = model.config.meta.month_local -%}
    {%- set month = 'month_start_date' if column == 'month_start_date' else 'period_index' -%}
    {%- set gone = run_query(
        'select distinct kept.' ~ column ~ ' from ' ~ this ~ ' as kept'
        ~ ' left anti join intermediate.int_entity_months as months'
        ~ ' on kept.entity_id = months.entity_id and kept.' ~ column ~ ' = months.' ~ month
    ).columns[0].values() -%}
    {%- set name = 'days' if column == 'month_start_date' else 'indexes' -%}
    {%- set whole = {'entities': none, 'days': scope.days, 'indexes': scope.indexes} -%}
    {%- do whole.update({name: (whole[name] + gone | list) | unique | list}) -%}
    {{ return(whole) }}
{% endmacro %}

{# What fails between the two statements leaves a hole, and a night after which all is made again. A part
   is inserted into columns that were held to the contract when the table was made. #}
{% macro spark_rebuild_part(relation, sql, scope) %}
    {%- set column = model.config.meta.month_local -%}
    {%- set is_date = column == 'month_start_date' -%}
    {%- set periods = scope.days if is_date else scope.indexes -%}
    {%- if periods -%}
    {% call statement('clear') %}
        alter table {{ relation }} drop if exists
        {%- for period in periods %}
            partition ({{ column }} = {{ "date '" ~ period ~ "'" if is_date else period }}){{ ',' if not loop.last }}
        {%- endfor %}
    {% endcall %}
    {% call statement('make') %}
        insert into {{ relation }} by name
        select /*+ rebalance({{ column }}) */ *
        from (
            {{ sql }}
        ) as made
        where {{ in_scope(scope, column, 'made.') }}
    {% endcall %}
    {%- endif -%}
{% endmacro %}

{# Of a relation's rows, or of those in scope, one fingerprint for each entity, bucket and item. Spark's
   hash passes over what is empty, so it is told where that is. #}
{% macro spark_fingerprints(relation, scope=none) -%}
    {%- set node = graph.nodes[model.unique_id] -%}
    {%- set bucket = bucket_column(node) -%}
    {%- set item = node.config.meta.changes_by_item -%}
    {%- set is_indexed = bucket in ('period_index', 'window_period_index') -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.append('found.' ~ column.quoted) -%}
    {%- endfor -%}
        select
            {{ "coalesce(found.entity_id, '*')" if 'entity_id' in node.config.meta.grain else "'*'" }} as entity_id,
            {{ "coalesce(months.month_start_date, date '0001-01-01')" if is_indexed
                else 'coalesce(cast(found.' ~ bucket ~ " as date), date '0001-01-01')" if bucket
                else 'cast(null as date)' }} as bucket,
            {{ 'found.' ~ item if item else 'cast(null as string)' }} as item,
            cast(sum(cast(xxhash64(
                {{ columns | join(', ') }},
                {{ columns | join(' is null, ') }} is null
            ) as decimal(38,0))) as string) as fingerprint
        from {{ relation }} as found
        {%- if is_indexed %}
        left join intermediate.int_entity_months as months
            on
                found.entity_id = months.entity_id
                and found.{{ bucket }} = months.period_index
        {%- endif %}
        {%- if scope %}
        where {{ in_scope(scope, bucket, 'found.') }}
        {%- endif %}
        group by 1, 2, 3
{%- endmacro %}

{% macro spark_log_before(existing, scope=none) %}
    {% if existing is not none and existing.is_table %}
        {% do run_query(
            spark_write_changes(model.alias ~ '_')
            ~ spark_fingerprints(existing, scope)
        ) %}
    {% endif %}
{% endmacro %}

{# A table that was not there has changed everywhere. #}
{% macro spark_log_after(existing, relation, scope=none) %}
    {% set changes %}
{{ spark_write_changes(model.alias) }}
    {%- if existing is none or not existing.is_table %}
select
    '{{ model.unique_id }}' as relation,
    '*' as entity_id,
    cast(null as date) as bucket,
    cast(null as string) as item
    {%- else %}
with

found as (

    {{ spark_fingerprints(relation, scope) }}

)

select
    '{{ model.unique_id }}' as relation,
    coalesce(found.entity_id, before.entity_id) as entity_id,
    coalesce(found.bucket, before.bucket) as bucket,
    coalesce(found.item, before.item) as item
from found
full join parquet.`{{ env_var('TWOFOLD_SPARK_CHANGES') }}/{{ model.alias }}_` as before
    on
        found.entity_id = before.entity_id
        and found.bucket is not distinct from before.bucket
        and found.item is not distinct from before.item
where found.fingerprint is distinct from before.fingerprint
    {%- endif %}
    {% endset %}
    {% do run_query(changes) %}
{% endmacro %}

{% macro spark_write_changes(name) -%}
insert overwrite directory '{{ env_var('TWOFOLD_SPARK_CHANGES') }}/{{ name }}' using parquet
{% endmacro %}
