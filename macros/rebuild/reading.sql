{#
  A part of a table reads the periods it rests on and no others: `month_local` promises that this is
  enough. A filter around the query alone would not do, since DuckDB makes a CTE that is named twice
  as a whole, and the period of a late row is known only after a join.
#}

{# The rows of a query that lie in a scope, of a table whose periods stand on their own. #}
{% macro of_scope(sql, scope, column) -%}
select *
        from (
            {{ reading_only(sql, scope) if model.config.meta.month_local else sql }}
        ) as made
        where {{ in_scope(scope, column, 'made.') }}
{%- endmacro %}

{#
  A query with everything it reads by period or day narrowed to what a scope rests on. The calendar
  itself stays whole: which periods an entity has is no content of any of them.
#}
{% macro reading_only(sql, scope) %}
    {% set read = periods_read(scope) %}
    {% set narrowed = namespace(sql=sql) %}
    {% for parent in graph.nodes[model.unique_id].depends_on.nodes
        if parent in graph.nodes and parent != 'model.twofold.int_entity_months' %}
        {% set node = graph.nodes[parent] %}
        {% set bucket = bucket_column(node) %}
        {% if bucket and 'entity_id' in node.config.meta.grain %}
            {% set narrowed.sql = narrowed.sql | replace(
                node.relation_name,
                '(select * from ' ~ node.relation_name ~ ' where ' ~ in_read(read, bucket) ~ ')'
            ) %}
        {% endif %}
    {% endfor %}
    {{ return(narrowed.sql) }}
{% endmacro %}

{#
  What the periods of a scope rest on: themselves, so many before them as they look back, and closed
  periods whose late rows are booked in one of these.
#}
{% macro periods_read(scope) %}
    {%- set column = 'month_start_date' if model.config.meta.month_local == 'month_start_date' else 'period_index' -%}
    {%- set query -%}
with

wanted as (

    select distinct months.entity_id, months.month_start_date, months.period_index
    from intermediate.int_entity_months as made
    inner join intermediate.int_entity_months as months
        on
            made.entity_id = months.entity_id
            and months.period_index
            between made.period_index - {{ model.config.meta.months_back or 0 }} and made.period_index
    where {{ in_scope(scope, column, 'made.') }}

),

found as (

    select entity_id, month_start_date from wanted
    {%- if 'model.twofold.int_booking_periods' in all_parents(model.unique_id) %}
    union distinct
    select bookings.entity_id, bookings.original_month_start_date
    from intermediate.int_booking_periods as bookings
    inner join wanted
        on
            bookings.entity_id = wanted.entity_id
            and bookings.booked_period_index = wanted.period_index
    {%- endif %}

)

select distinct months.month_start_date, months.period_index, months.month_end_date
from found
inner join intermediate.int_entity_months as months
    on
        found.entity_id = months.entity_id
        and found.month_start_date = months.month_start_date
order by all
    {%- endset -%}
    {%- set rows = run_query(query) -%}
    {{ return({
        'entities': scope.entities,
        'days': rows.columns[0].values() | unique | list,
        'indexes': rows.columns[1].values() | unique | list,
        'last_day': rows.columns[2].values() | max if rows else none,
    }) }}
{% endmacro %}

{# As in_scope; of what is told apart by day, all from the first day to the last. #}
{% macro in_read(read, bucket) -%}
    {%- if (bucket in month_columns() and bucket != 'date_day') or not read.days -%}
    {{ in_scope(read, bucket) }}
    {%- else -%}
    {{ bucket }} >= date '{{ read.days | min }}' and {{ bucket }} < date '{{ read.last_day }}' + 1
    {%- endif -%}
{%- endmacro %}
