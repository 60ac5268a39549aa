with

final as (

    select
        entity_id,
        customer_id,
        name,
        party_type,
        parent_customer_id,
        segment,
        country,
        acquired_on,
        closed_on,
        lock_in_level,
        partner_entity_id,
        is_intercompany,
        is_inferred,
        is_unknown
    from {{ ref('int_customers') }}

)

select * from final
