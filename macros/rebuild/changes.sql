{#
  What changed, and when: two logs in schema `build`. A build only appends to them; the register step
  leaves the latest of each.

  build.changes   one row each time the content of a relation changed in a bucket
                  (relation, entity_id, bucket, item, fingerprint, changed_at)
  build.builds    one row each time a table was brought up to date
                  (relation, code, built_at, months_rebuilt, months_total, how, reason, sequence)

  A bucket is a day or the first day of a fiscal period of one entity; rows that belong to no day
  are in the first day of all, which no period has. Without a day (bucket empty) it is one item of
  the entity (a customer, where the model's meta says `changes_by_item: customer_id`), else all of
  the entity, and entity * is all of them. `changed_at` counts up, so a table is up to date when
  nothing it reads has changed after its own `built_at`. A run that fails leaves its tables'
  `built_at` where it was, and they stay due.

  Spark keeps such a log for the night only: spark_table.sql.
#}

{# Columns that can place a row in a fiscal period, the finest last. #}
{% macro month_columns() %}
    {{ return(['month_start_date', 'window_period_index', 'period_index', 'date_day']) }}
{% endmacro %}

{# The column that buckets a model's changes, none where it has no periods. #}
{% macro bucket_column(node) %}
    {% set meta = node.config.meta %}
    {% if meta.changes_by %}{{ return(meta.changes_by) }}{% endif %}
    {% if node.name.startswith('quarantine_') %}
        {{ return(graph.nodes[node.unique_id | replace('quarantine_', 'input_')].config.meta.changes_by) }}
    {% endif %}
    {% for column in month_columns() if column in (meta.grain or []) %}
        {{ return(column) }}
    {% endfor %}
    {{ return(none) }}
{% endmacro %}

{#
  Everything a model reads, by unique id: tables, seeds and raw relations, through the views between,
  and those views themselves, whose code is part of what it reads.
#}
{% macro all_parents(unique_id, found=none) %}
    {% set found = found if found is not none else [] %}
    {% for parent in graph.nodes[unique_id].depends_on.nodes if parent not in found %}
        {% do found.append(parent) %}
        {% set node = graph.nodes.get(parent) %}
        {% if node and node.resource_type == 'model' and node.config.materialized == 'view' %}
            {% do all_parents(parent, found) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# A node's latest fingerprints, one row a bucket; those of buckets that are gone are empty. #}
{% macro latest_fingerprints(unique_id) -%}
select entity_id, bucket, item, fingerprint
        from build.changes
        where relation = '{{ unique_id }}'
        qualify row_number() over (
            partition by entity_id, bucket, item order by changed_at desc
        ) = 1
{%- endmacro %}

{#
  Append to the log the buckets of a relation whose content is not what it was. A bucket's fingerprint
  is the sum of its rows', which does not depend on their order.

  node     the relation's node
  scope    what was rebuilt, where that was a part (see what_is_due)
#}
{% macro record_changes(node, relation, scope=none) %}
    {%- set unique_id = node.unique_id -%}
    {%- set bucket = bucket_column(node) -%}
    {%- set item = node.config.meta.changes_by_item -%}
    {%- set has_entity = 'entity_id' in node.config.meta.grain -%}
    {%- set is_indexed = bucket in ('period_index', 'window_period_index') -%}
    {%- set months = 'intermediate.int_entity_months' -%}
insert into build.changes
    with

    contents as (

        select
            {{ "coalesce(found.entity_id, '*')" if has_entity else "'*'" }} as entity_id,
            {{ "coalesce(months.month_start_date, date '0001-01-01')" if is_indexed
                else 'coalesce(cast(found.' ~ bucket ~ " as date), date '0001-01-01')" if bucket
                else 'cast(null as date)' }} as bucket,
            {{ 'found.' ~ item if item else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as item,
            cast(sum(cast(hash(found) as hugeint)) as {{ dbt.type_string() }}) as fingerprint
        from {{ relation }} as found
        {%- if is_indexed %}
        left join {{ months }} as months
            on
                found.entity_id = months.entity_id
                and found.{{ bucket }} = months.period_index
        {%- endif %}
        {%- if scope %}
        where {{ in_scope(scope, bucket, 'found.') }}
        {%- endif %}
        group by 1, 2, 3

    ),

    latest as (
        {{ latest_fingerprints(unique_id) }}

    ),

    in_question as (

        select latest.entity_id, latest.bucket, latest.item, latest.fingerprint
        from latest
        {%- if scope and node.config.meta.day_local %}
        where {{ in_scope(scope, 'bucket', 'latest.') }}
        {%- elif scope %}
        left join {{ months }} as months
            on
                latest.entity_id = months.entity_id
                and latest.bucket = months.month_start_date
        where
            months.entity_id is null
            or {{ in_scope(scope, 'month_start_date', 'months.') }}
        {%- endif %}

    )

    select
        '{{ unique_id }}' as relation,
        coalesce(contents.entity_id, in_question.entity_id) as entity_id,
        coalesce(contents.bucket, in_question.bucket) as bucket,
        coalesce(contents.item, in_question.item) as item,
        contents.fingerprint,
        (select coalesce(max(changed_at), 0) + 1 from build.changes) as changed_at
    from contents
    full join in_question
        on
            contents.entity_id = in_question.entity_id
            and contents.bucket is not distinct from in_question.bucket
            and contents.item is not distinct from in_question.item
    where contents.fingerprint is distinct from in_question.fingerprint
{% endmacro %}

{# A view's content is its code. #}
{% macro record_view() %}
    {%- set code = local_md5(sql) -%}
insert into build.changes
    with

    latest as (
        {{ latest_fingerprints(model.unique_id) }}

    )

    select
        '{{ model.unique_id }}' as relation,
        '*' as entity_id,
        cast(null as date) as bucket,
        cast(null as {{ dbt.type_string() }}) as item,
        '{{ code }}' as fingerprint,
        (select coalesce(max(changed_at), 0) + 1 from build.changes) as changed_at
    where not exists (select 1 from latest where fingerprint = '{{ code }}')
{% endmacro %}

{# For a hook: a seed's content is its rows. A night on Spark is told what policies changed. #}
{% macro record_seed() %}{{ return(adapter.dispatch('record_seed')()) }}{% endmacro %}
{% macro spark__record_seed() %}
    {%- if execute -%}{%- do check_grain(this) -%}{%- endif -%}
{% endmacro %}
{% macro default__record_seed() %}
    {%- if execute -%}
        {%- do check_grain(this) -%}
        {{ record_changes(graph.nodes[model.unique_id], this) }}
    {%- endif -%}
{% endmacro %}
