-- Entities that bring receivables. A model of its own, so that a new item does not make every
-- period due that only asks whether there are any.
with

final as (

    select distinct entity_id
    from {{ ref('input_receivables') }}

)

select * from final
