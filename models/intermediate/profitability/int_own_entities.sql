-- Customers that are entities of our own group. A model of its own, so that a new customer does not
-- make every period due that only leaves them out.
with

final as (

    select distinct
        entity_id,
        customer_id
    from {{ ref('input_customers') }}
    where partner_entity_id is not null

)

select * from final
