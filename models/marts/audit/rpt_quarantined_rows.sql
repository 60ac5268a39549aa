-- Every refused row with its reason, so that whoever owns the source can find it and mend it. An
-- answer that is not named is counted with its reason only: key and time lead to the person.
-- The rows themselves are in the build database, where the owner of the source looks.
{%- set not_named = {
    "survey_responses": "confidentiality is distinct from 'named'",
    "employee_survey_responses": "true",
} %}
with

refused as (

    {%- for input_table in var('sources')['landing'] %}
    select
        entity_id,
        record_source,
        '{{ input_table }}' as input_table,
        source_id,
        occurrence,
        recorded_at,
        quarantine_reason,
        quarantine_detail,
        {{ not_named.get(input_table, 'false') }} as is_not_named
    from {{ ref('quarantine_' ~ input_table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

shown as (

    select
        entity_id,
        record_source as source,
        input_table,
        source_id,
        cast(occurrence as bigint) as occurrence,
        recorded_at,
        quarantine_reason,
        quarantine_detail
    from refused
    where not is_not_named

),

counted as (

    select
        entity_id,
        record_source as source,
        input_table,
        'not named' as source_id,
        row_number() over (
            partition by entity_id, record_source, input_table
            order by quarantine_reason nulls last, source_id nulls last, occurrence nulls last
        ) as occurrence,
        cast(null as timestamp) as recorded_at,
        quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from refused
    where is_not_named

),

final as (

    select
        entity_id,
        source,
        input_table,
        source_id,
        occurrence,
        recorded_at,
        quarantine_reason,
        quarantine_detail
    from shown

    union all

    select
        entity_id,
        source,
        input_table,
        source_id,
        cast(occurrence as bigint) as occurrence,
        recorded_at,
        quarantine_reason,
        quarantine_detail
    from counted

)

select * from final
