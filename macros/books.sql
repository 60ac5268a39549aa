{#
  Books that close: rows of a closed period are served as they were frozen, and what was recorded
  after a close is booked in the first period that was open then.
#}

{#
  The rows of the CTE `computed`, with those of closed periods in their place as the books have them.
  mart     the mart that was frozen; columns: what to select of both; kind: which close froze it
#}
{% macro with_frozen_rows(mart, columns, kind='profit') -%}
    select
        {%- for column in columns %}
        computed.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from computed
    left join {{ source('books', 'periods') }} as closed
        on
            closed.kind = '{{ kind }}'
            and computed.entity_id = closed.entity_id
            and computed.month_start_date = closed.month_start_date
            and closed.served_version is not null
    where closed.entity_id is null

    union all

    select
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source('books', mart) }}
    where is_served
{%- endmacro %}

{#
  The CTEs `comparisons`, every frozen version of a closed period and what it is compared with (the
  next one, else what is computed today), and `versions`: the customers' rows of both, is_new or not.
  kind      which close froze them; mart: the mart that was frozen
  computed  the model that has it as computed today; columns: what to select of both
#}
{% macro compared_versions(kind, mart, computed, columns) -%}
comparisons as (

    select
        entity_id,
        month_start_date,
        old_version,
        new_version,
        restatement_status,
        prepared_by,
        approved_by,
        reason
    from {{ source('books', 'comparisons') }}
    where kind = '{{ kind }}'

),

versions as (

    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        frozen.customer_id,
        {%- for column in columns %}
        frozen.{{ column }},
        {%- endfor %}
        frozen.book_version <> comparisons.old_version as is_new
    from comparisons
    inner join {{ source('books', mart) }} as frozen
        on
            comparisons.entity_id = frozen.entity_id
            and comparisons.month_start_date = frozen.month_start_date
            and frozen.book_version in (comparisons.old_version, comparisons.new_version)

    union all

    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        computed.customer_id,
        {%- for column in columns %}
        computed.{{ column }},
        {%- endfor %}
        true as is_new
    from comparisons
    inner join {{ ref(computed) }} as computed
        on
            comparisons.entity_id = computed.entity_id
            and comparisons.month_start_date = computed.month_start_date
    where comparisons.new_version is null

)
{%- endmacro %}

{#
  Joins that give each row the period it is booked in: that of its day (alias `days`), or a later
  one (alias `booking`) where its own was closed when the row was recorded. A row that replaces an
  earlier version of the same day counts as recorded when its first version was: a correction
  changes what it corrects, and is not late.
  rows         alias of the relation; input_table: its table in the contract
  day_column   the column whose day places it; grain: the table's key
#}
{% macro booked_days(rows, input_table, day_column, grain=['entity_id', 'source_id']) -%}
    inner join {{ ref('int_entity_days') }} as days
        on
            {{ rows }}.entity_id = days.entity_id
            and cast({{ rows }}.{{ day_column }} as date) = days.date_day
    left join (
        select
            {%- for column in grain %}
            {{ column }},
            {%- endfor %}
            cast({{ day_column }} as date) as date_day,
            min(recorded_at) as recorded_at
        from {{ ref('quarantine_' ~ input_table) }}
        where quarantine_reason = 'superseded'
        group by {% for column in grain %}{{ column }}, {% endfor %}cast({{ day_column }} as date)
    ) as first_versions
        on
            {%- for column in grain %}
            {{ rows }}.{{ column }} = first_versions.{{ column }}
            and
            {%- endfor %}
            days.date_day = first_versions.date_day
    left join {{ ref('int_booking_periods') }} as booking
        on
            booking.is_origin
            and days.entity_id = booking.entity_id
            and days.month_start_date = booking.month_start_date
            and coalesce(first_versions.recorded_at, {{ rows }}.recorded_at)
            >= booking.recorded_from
            and coalesce(first_versions.recorded_at, {{ rows }}.recorded_at)
            < booking.recorded_before
{%- endmacro %}

{# First day of the period a row is booked in; used with booked_days. #}
{% macro booked_month() -%}
coalesce(booking.booked_month_start_date, days.month_start_date)
{%- endmacro %}

{# Not so for a late row that waits for a period to open. #}
{% macro is_booked() -%}
(booking.entity_id is null or booking.booked_month_start_date is not null)
{%- endmacro %}

{# The lines of the long P&L: name, order, and amount by effect on profit. #}
{% macro pnl_lines() %}
    {{ return([
        ('revenue', 10, 'invoice_amount - returned_amount + invoiced_discount_amount'),
        ('discounts', 20, '-invoiced_discount_amount'),
        ('returns', 25, 'returned_amount'),
        ('rebates', 30, '-rebate_amount'),
        ('freight_charged', 40, 'freight_charged_amount'),
        ('freight_paid', 50, '-freight_paid_amount'),
        ('direct_cost', 60, '-direct_cost_amount'),
        ('cost_to_serve', 70, '-cost_to_serve_amount'),
        ('customer_sustaining', 80, '-customer_sustaining_amount'),
        ('capital_charge', 90, '-capital_charge_amount'),
    ]) }}
{% endmacro %}
