-- What perceived value closed periods reported and what they report or would report now, by
-- customer: every frozen version against the next one, and the last against what is computed today.
-- The published gate stops on rows that nobody approved.
{%- set measures = [
    'measurement_status', 'method', 'responses_count', 'perceived_value_index',
    'perceived_value_low', 'perceived_value_high',
] %}
with

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
    where kind = 'perceived_value'

),

readings as (

    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        frozen.customer_id,
        frozen.book_version <> comparisons.old_version as is_new,
        {%- for measure in measures %}
        frozen.{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from comparisons
    inner join {{ source('books', 'fct_customer_perceived_value_monthly') }} as frozen
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
        true as is_new,
        {%- for measure in measures %}
        computed.{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from comparisons
    inner join {{ ref('int_perceived_value_computed') }} as computed
        on
            comparisons.entity_id = computed.entity_id
            and comparisons.month_start_date = computed.month_start_date
    where comparisons.new_version is null

),

compared as (

    select
        entity_id,
        month_start_date,
        old_version,
        customer_id,
        {%- for measure in measures %}
        max(case when not is_new then {{ measure }} end) as old_{{ measure }},
        max(case when is_new then {{ measure }} end) as new_{{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from readings
    group by entity_id, month_start_date, old_version, customer_id

),

final as (

    select
        compared.entity_id,
        compared.month_start_date,
        compared.old_version,
        compared.customer_id,
        {%- for measure in measures %}
        compared.old_{{ measure }},
        compared.new_{{ measure }},
        {%- endfor %}
        comparisons.restatement_status,
        comparisons.new_version is null as is_recomputed,
        comparisons.prepared_by,
        comparisons.approved_by,
        comparisons.reason
    from compared
    inner join comparisons
        on
            compared.entity_id = comparisons.entity_id
            and compared.month_start_date = comparisons.month_start_date
            and compared.old_version = comparisons.old_version
    where
        {%- for measure in measures %}
        {{ 'or ' if not loop.first }}compared.old_{{ measure }} is distinct from
        compared.new_{{ measure }}
        {%- endfor %}

)

select * from final
