{#
  The input contract stands once, in models/input/_input__models.yml; these macros read it.
#}

{# Column definitions of one contract table, in contract order. #}
{% macro contract_columns(input_table) %}
    {{ return(graph.nodes['model.twofold.input_' ~ input_table].columns.values() | list) }}
{% endmacro %}

{# Grain columns of a model or seed, as its meta states them. #}
{% macro grain_of(name) %}
    {% set node = graph.nodes.get('model.twofold.' ~ name) or graph.nodes['seed.twofold.' ~ name] %}
    {{ return(node.config.meta.grain) }}
{% endmacro %}

{# Sources that fill one contract table, in the order of the project file. #}
{% macro sources_of(input_table) %}
    {% set found = [] %}
    {% for source_name, tables in var('sources').items() if input_table in tables %}
        {% do found.append(source_name) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#
  Every raw row of one contract table that is known on the build's day, from all sources, each with
  its quarantine_reason (empty where the row is sound). A column that the contract requires is asked
  for here, whatever a source's own model forgot.
#}
{% macro known_rows(input_table) %}
    {%- set columns = contract_columns(input_table) if execute else [] -%}
    {%- for source_name in sources_of(input_table) %}
    select
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        coalesce(
            quarantine_reason,
            case
                {%- for column in columns if column.config.meta.required %}
                when {{ column.name }} is null then 'missing_{{ column.name }}'
                {%- else %}
                when false then ''
                {%- endfor %}
            end
        ) as quarantine_reason,
        quarantine_detail
    from {{ ref('stg_' ~ source_name ~ '__' ~ input_table) }}
    where {{ is_known() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{#
  Whether a row was recorded by the build's day; one without a time always was. Without an `or`, of
  which DuckDB expects so few rows that it would rather hash all of them than those it looks for.
#}
{% macro is_known() -%}
coalesce(recorded_at < (select known_before from {{ source('build', 'parameters') }}), true)
{%- endmacro %}

{#
  The rows of a contract table that were accepted: sound, and the latest recorded of their key.
  The grain of the model is the key. Called by every input_ model; the columns are the contract's.
#}
{% macro accepted_rows() %}
{%- set input_table = model.name | replace('input_', '', 1) -%}
with

known as (
    {{ known_rows(input_table) }}

),

beaten as (

    select
        {%- for column in (grain_of(model.name) if execute else []) %}
        {{ column }},
        {%- endfor %}
        recorded_at,
        1 as is_beaten
    from {{ ref('quarantine_' ~ input_table) }}
    where quarantine_reason in ('superseded', 'duplicate_key')

),

final as (

    select
        {%- for column in model.columns.values() %}
        known.{{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from known
    left join beaten
        on
            {%- for column in (grain_of(model.name) if execute else []) %}
            known.{{ column }} is not distinct from beaten.{{ column }}
            and
            {%- endfor %}
            known.recorded_at is not distinct from beaten.recorded_at
    where
        known.quarantine_reason is null
        and beaten.is_beaten is null

)

select * from final
{% endmacro %}

{#
  The rows of a contract table that were refused, each with its reason. A key that arrives twice
  keeps its latest recorded row; earlier ones are superseded, and rows that tie are all refused,
  since nothing says which is right.
#}
{% macro quarantined_rows(input_table) %}
{{ config(materialized="table") }}
{%- set grain = grain_of('input_' ~ input_table) if execute else [] -%}
{%- set columns = contract_columns(input_table) if execute else [] -%}
with

known as (
    {{ known_rows(input_table) }}

),

contested_keys as (

    select
        {%- for column in grain %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %},
        max(recorded_at) as latest_recorded_at
    from known
    where quarantine_reason is null
    group by
        {%- for column in grain %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    having count(*) > 1

),

contested as (

    select
        {%- for column in columns %}
        known.{{ column.name }},
        {%- endfor %}
        -- what has no time is known longest
        coalesce(
            known.recorded_at < contested_keys.latest_recorded_at,
            known.recorded_at is null and contested_keys.latest_recorded_at is not null
        ) as is_earlier,
        count(*) over (
            partition by
                {%- for column in grain %}
                known.{{ column }},
                {%- endfor %}
                known.recorded_at
        ) as rows_recorded_together
    from known
    inner join contested_keys
        on
            {%- for column in grain %}
            known.{{ column }} is not distinct from contested_keys.{{ column }}
            {{ 'and' if not loop.last }}
            {%- endfor %}
    where known.quarantine_reason is null

),

refused as (

    select
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        quarantine_reason,
        quarantine_detail
    from known
    where quarantine_reason is not null

    union all

    select
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        case
            when is_earlier then 'superseded'
            else 'duplicate_key'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from contested
    where is_earlier or rows_recorded_together > 1

),

final as (

    select
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        quarantine_reason,
        quarantine_detail,
        row_number() over (
            partition by record_source, entity_id, source_id
            order by
                quarantine_reason nulls last,
                quarantine_detail nulls last,
                recorded_at nulls last
        ) as occurrence
    from refused

)

select * from final
{% endmacro %}

{#
  The CTE `keyed`: the raw rows of one contract table, each with a source_id. A row whose source has
  none gets one from its content, with a number that tells equal rows apart. Only those rows are
  numbered: a window over all of them would sort every column at every scan. has_source_id is the
  register step's, a constant where it can be.
  relation: the raw table; input_table: its name in the contract; columns: what makes the content.
#}
{% macro rows_with_source_id(relation, input_table, columns) -%}
{%- set others = [] -%}
{%- for column in (contract_columns(input_table) if execute else []) -%}
    {%- if column.name not in ('source_id', 'record_source') -%}{%- do others.append(column.name) -%}{%- endif -%}
{%- endfor -%}
keyed as (

    select
        {%- for column in others %}
        {{ column }},
        {%- endfor %}
        unparsable_cells,
        source_id
    from {{ relation }}
    where has_source_id

    union all

    select
        {%- for column in others %}
        {{ column }},
        {%- endfor %}
        unparsable_cells,
        md5(
            {%- for column in columns %}
            coalesce(cast({{ column }} as {{ dbt.type_string() }}), '') {{ "|| '|' ||" if not loop.last }}
            {%- endfor %}
        ) || '#' || cast(row_number() over (
            partition by
                entity_id,
                {%- for column in columns %}
                {{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by entity_id
        ) as {{ dbt.type_string() }}) as source_id
    from {{ relation }}
    where not has_source_id

)
{%- endmacro %}

{#
  The scores of one mart as its columns' meta tell them (meta: score), each with its name, the
  columns of its n and interval, and the mart's columns of status.
#}
{% macro scores_of(mart) %}
    {% set found = [] %}
    {% if execute %}
        {% set columns = graph.nodes['model.twofold.' ~ mart].columns %}
        {% set status = [] %}
        {% for name in columns if name == 'reliability' or name.endswith('_status') %}
            {% do status.append(name) %}
        {% endfor %}
        {% for name, column in columns.items() if column.config.meta.score is defined %}
            {% do found.append({
                'name': name, 'n': column.config.meta.score.n, 'low': column.config.meta.score.low,
                'high': column.config.meta.score.high, 'status': status
            }) %}
        {% endfor %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}
