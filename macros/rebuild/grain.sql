{#
  One row per grain, asked of every table as it is made, and of what was made only; views have the
  test `unique_grain`. The grain is the model's own meta, so it is stated once. A key part may be
  empty; two rows with the same empty part are the same key.

  relation  the table
  scope     what was made, where that was a part (see what_is_due)
#}
{% macro check_grain(relation, scope=none) %}
    {%- set node = graph.nodes[model.unique_id] -%}
    {%- set meta = node.config.meta -%}
    {%- if not meta.grain -%}
        {{ exceptions.raise_compiler_error(node.name ~ ' names no grain in its meta') }}
    {%- endif -%}
    {%- set column = meta.day_local or meta.month_local -%}
    {%- set keys = meta.grain | join(', ') -%}
    {%- set condition -%}
        {%- if scope and column in meta.grain -%}
        {{ in_scope(scope, column, 'found.') }}
        {%- elif scope -%}
        exists (
            select 1
            from {{ relation }} as made
            where
                {{ in_scope(scope, column, 'made.') }}
                {%- for key in meta.grain %}
                and made.{{ key }} is not distinct from found.{{ key }}
                {%- endfor %}
        )
        {%- else -%}
        true
        {%- endif -%}
    {%- endset -%}
    {%- set doubled = doubled_keys(relation, meta.grain, condition) ~ ' order by ' ~ keys ~ ' limit 3' -%}
    {%- set rows = run_query(doubled).rows -%}
    {%- if rows -%}
        {%- set found = [] -%}
        {%- for row in rows -%}
            {%- do found.append(row.values() | map('string') | join(', ')) -%}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error(
            'more than one row per grain in ' ~ node.name ~ ': ' ~ keys ~ ', rows: '
            ~ found | join('; ')
        ) }}
    {%- endif -%}
{% endmacro %}

{#
  Keys that more than one row has, and how many. Keys are grouped by a hash of theirs first: numbers
  take a fifth of the time and memory that many texts take, and only keys whose hashes meet are
  compared themselves.

  condition  of which rows, of the relation as `found`
#}
{% macro doubled_keys(relation, grain, condition='true') -%}
{%- set keys = grain | join(', ') -%}
select
    {{ keys }},
    count(*) as rows_found
from {{ relation }} as found
where
    {{ condition }}
    and {{ hash_of(keys) }} in (
        select hashed.key_hash
        from (
            select {{ hash_of(keys) }} as key_hash
            from {{ relation }} as found
            where {{ condition }}
        ) as hashed
        group by hashed.key_hash
        having count(*) > 1
    )
group by {{ keys }}
having count(*) > 1
{%- endmacro %}

{# 64 bits of some columns; the same for the same values. #}
{% macro hash_of(columns) %}{{ return(adapter.dispatch('hash_of')(columns)) }}{% endmacro %}
{% macro default__hash_of(columns) -%}hash({{ columns }}){%- endmacro %}
{% macro spark__hash_of(columns) -%}xxhash64({{ columns }}){%- endmacro %}
