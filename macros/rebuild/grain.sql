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
    {%- set doubled -%}
        select {{ keys }}, count(*) as rows_found
        from {{ relation }} as found
        {%- if scope and column in meta.grain %}
        where {{ in_scope(scope, column, 'found.') }}
        {%- elif scope %}
        where exists (
            select 1
            from {{ relation }} as made
            where
                {{ in_scope(scope, column, 'made.') }}
                {%- for key in meta.grain %}
                and made.{{ key }} is not distinct from found.{{ key }}
                {%- endfor %}
        )
        {%- endif %}
        group by {{ keys }}
        having count(*) > 1
        order by {{ keys }}
        limit 3
    {%- endset -%}
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
