-- Every refused row with its reason, so that whoever owns the source can find it and mend it.
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
        quarantine_detail
    from {{ ref('quarantine_' ~ input_table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

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

)

select * from final
