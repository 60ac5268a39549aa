{#
  Rows and amounts of every contract table: raw from staging, accepted from input, quarantined from
  quarantine, each counted on its own, so that their agreement is a test and not a definition.
  Called once, by int_source_control_totals.
#}
{% macro control_total_rows(input_table) %}
{%- set node = graph.nodes['model.twofold.input_' ~ input_table] if execute else none -%}
{%- set names = node.columns.keys() | list if execute else [] -%}
{%- set amount = node.config.meta.get('amount_column') if execute else none -%}
{%- set condition = node.config.meta.get('amount_condition') if execute else none -%}
{%- if amount and condition -%}
    {%- set amount = 'case when ' ~ condition ~ ' then ' ~ amount ~ ' else 0 end' -%}
{%- endif -%}
{%- set freight = 'freight_charged_amount' if 'freight_charged_amount' in names else none -%}
{%- set currency = 'currency' if 'currency' in names else 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
{%- set parts = [] -%}
{%- for source_name in sources_of(input_table) -%}
    {%- do parts.append(('raw', ref('stg_' ~ source_name ~ '__' ~ input_table), true)) -%}
{%- endfor -%}
{%- do parts.append(('accepted', ref('input_' ~ input_table), false)) -%}
{%- do parts.append(('quarantined', ref('quarantine_' ~ input_table), false)) -%}
{%- for standing, relation, is_raw in parts %}
    select
        '{{ standing }}' as standing,
        '{{ input_table }}' as input_table,
        entity_id,
        record_source,
        {{ currency }} as currency,
        count(*) as rows_count,
        cast(sum({{ amount or 'cast(null as decimal(18, 4))' }}) as decimal(18, 4)) as amount,
        cast(sum({{ freight or 'cast(null as decimal(18, 4))' }}) as decimal(18, 4)) as freight_amount
    from {{ relation }}
    {%- if is_raw %}
    where {{ is_known() }}
    {%- endif %}
    group by entity_id, record_source{{ ', currency' if 'currency' in names }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
{% endmacro %}
