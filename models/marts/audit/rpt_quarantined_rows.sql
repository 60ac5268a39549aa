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

final as (

    select
        entity_id,
        record_source as source,
        input_table,
        case when is_not_named then 'not named' else source_id end as source_id,
        cast(
            case
                when is_not_named
                    then row_number() over (
                        partition by entity_id, record_source, input_table, is_not_named
                        order by
                            quarantine_reason nulls last, source_id nulls last,
                            occurrence nulls last
                    )
                else occurrence
            end as bigint
        ) as occurrence,
        case when not is_not_named then recorded_at end as recorded_at,
        quarantine_reason,
        case when not is_not_named then quarantine_detail end as quarantine_detail
    from refused

)

select * from final
