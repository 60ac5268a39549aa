with

final as (

    select
        entity_id,
        record_source,
        answer_use,
        reason,
        cast(rows_count as bigint) as rows_count
    from {{ ref('int_answer_uses') }}

)

select * from final
