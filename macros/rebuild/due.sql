{#
  The rows of some entities' periods or days, as a condition on one relation's columns; of all
  entities where the scope names none.
#}
{% macro in_scope(scope, column, prefix='') -%}
{%- set is_indexed = column in ('period_index', 'window_period_index') -%}
{%- if scope.entities == [] or not (scope.indexes if is_indexed else scope.days) %}{{ return('false') }}{% endif -%}
{%- if scope.entities is not none -%}
{{ prefix }}entity_id in ({% for e in scope.entities %}'{{ e | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %})
            and
            {% endif -%}
            {%- if is_indexed -%}
            {{ prefix }}{{ column }} in ({{ scope.indexes | join(', ') }})
            {%- else -%}
            cast({{ prefix }}{{ column }} as date) in (
                {%- for day in scope.days %}date '{{ day }}'{{ ', ' if not loop.last }}{% endfor -%}
            )
            {%- endif %}
{%- endmacro %}

{#
  What has changed since a table was last made: `changed`, the from and where of a query over a log
  of changes; or `reason`, why all of the table is due whatever has changed.
#}
{% macro changes_since_built(code) %}
    {{ return(adapter.dispatch('changes_since_built')(code)) }}
{% endmacro %}

{% macro default__changes_since_built(code) %}
    {% set known = run_query(
        "select code, built_at from build.builds where relation = '" ~ model.unique_id
        ~ "' order by sequence desc limit 1"
    ).rows %}
    {% if not known %}{{ return({'reason': 'new'}) }}{% endif %}
    {% if known[0][0] != code %}{{ return({'reason': 'code changed'}) }}{% endif %}
    {% set changed %}
        from build.changes
        where
            changed_at > {{ known[0][1] }}
            and relation in ({{ quoted_parents() }})
    {% endset %}
    {{ return({'changed': changed}) }}
{% endmacro %}

{% macro quoted_parents() -%}
{%- for parent in all_parents(model.unique_id) -%}'{{ parent }}'{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{#
  What of a table has to be made again, and why.

  code     fingerprint of the table's own SQL
  Returns a dictionary:
    how      all, part or nothing
    scope    for parts: entities, days (or first days of periods) and indexes that cover what is due
    reason   for the summary
    total    periods of all entities, 0 where the table has none
#}
{% macro what_is_due(existing, code) %}
    {% set node = graph.nodes[model.unique_id] %}
    {% set month_column = node.config.meta.month_local %}
    {% set due = {'how': 'all', 'total': 0} %}
    {% if flags.FULL_REFRESH %}
        {% do due.update({'reason': 'full refresh'}) %}{{ return(due) }}
    {% elif existing is none or not existing.is_table %}
        {% do due.update({'reason': 'new'}) %}{{ return(due) }}
    {% endif %}
    {% do due.update(changes_since_built(code)) %}
    {% if not due.changed %}{{ return(due) }}{% endif %}
    {% set changed = due.changed %}
    {% set reasons = run_query('select distinct relation ' ~ changed ~ ' order by 1').columns[0].values() %}
    {% if not reasons %}
        {% do due.update({'how': 'nothing', 'reason': ''}) %}{{ return(due) }}
    {% endif %}
    {% set names = [] %}
    {% for reason in reasons %}{% do names.append(reason.split('.')[2:] | join('.')) %}{% endfor %}
    {% do due.update({'reason': names | join(', ')}) %}
    {% if node.config.meta.day_local %}
        {% set touched = run_query(
            "select distinct entity_id, bucket, case when bucket is null then 1 else 0 end " ~ changed
            ~ " and (bucket is null or bucket > date '0001-01-01')"
        ).rows %}
        {% set whole = touched | selectattr(2, 'equalto', 1) | list %}
        {% set total = 0 %}
    {% elif month_column %}
        {% set touched = run_query(months_due(changed, node)).rows %}
        {% set total = run_query('select count(*) from intermediate.int_entity_months').rows[0][0] %}
        {% set whole = [] if touched | length < total else touched %}
    {% else %}
        {{ return(due) }}
    {% endif %}
    {% do due.update({'total': total}) %}
    {% if not whole %}
        {% set scope = {'entities': [], 'days': [], 'indexes': []} %}
        {% for entity, day, index in touched %}
            {% if entity not in scope.entities %}{% do scope.entities.append(entity) %}{% endif %}
            {% if day not in scope.days %}{% do scope.days.append(day) %}{% endif %}
            {% if index not in scope.indexes %}{% do scope.indexes.append(index) %}{% endif %}
        {% endfor %}
        {% set count = touched | length if month_column else 0 %}
        {% do due.update({'how': 'part', 'scope': scope, 'count': count}) %}
    {% endif %}
    {{ return(due) }}
{% endmacro %}

{#
  The periods of each entity that a change reaches: its own, and as many after it as a later period
  looks back. A changed item reaches the periods in which the table has it.
#}
{% macro months_due(changed, node) %}
    {%- set months_back = node.config.meta.months_back or 0 -%}
    {%- set column = node.config.meta.month_local -%}
    {%- set month = 'period_index' if column != 'month_start_date' else column -%}
    {%- set by_item = 'customer_id' in node.config.meta.grain -%}
with

changed as (

    select distinct entity_id, bucket, item {{ changed }}

),

touched as (

    select months.entity_id, months.period_index
    from changed
    inner join intermediate.int_entity_days as days
        on
            changed.bucket = days.date_day
            and changed.entity_id in (days.entity_id, '*')
    inner join intermediate.int_entity_months as months
        on
            days.entity_id = months.entity_id
            and days.month_start_date = months.month_start_date
    union distinct
    select months.entity_id, months.period_index
    from changed
    inner join intermediate.int_entity_months as months
        on changed.entity_id in (months.entity_id, '*')
    where
        changed.bucket is null
        {%- if by_item %}
        and changed.item is null
    union distinct
    select months.entity_id, months.period_index
    from changed
    inner join {{ this }} as kept
        on
            changed.entity_id = kept.entity_id
            and changed.item = kept.customer_id
    inner join intermediate.int_entity_months as months
        on
            kept.entity_id = months.entity_id
            and kept.{{ column }} = months.{{ month }}
    where changed.bucket is null
        {%- endif %}

){%- set bookings = 'model.twofold.int_booking_periods' %}
{%- if bookings in all_parents(model.unique_id) %},

-- a row of a closed period may be booked in a later one
booked as (

    select touched.entity_id, touched.period_index
    from touched
    union distinct
    select bookings.entity_id, bookings.booked_period_index
    from touched
    inner join intermediate.int_entity_months as months
        on
            touched.entity_id = months.entity_id
            and touched.period_index = months.period_index
    inner join intermediate.int_booking_periods as bookings
        on
            months.entity_id = bookings.entity_id
            and months.month_start_date = bookings.month_start_date
    where bookings.is_origin and bookings.booked_period_index is not null

)
{%- endif %}

select distinct
    months.entity_id,
    months.month_start_date,
    months.period_index
from {{ 'booked' if bookings in all_parents(model.unique_id) else 'touched' }} as touched
inner join intermediate.int_entity_months as months
    on
        touched.entity_id = months.entity_id
        and months.period_index between
        touched.period_index and touched.period_index + {{ months_back }}
order by 1, 2
{% endmacro %}
