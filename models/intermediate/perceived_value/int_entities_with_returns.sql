-- Entities that ever booked a return: of others a return was never measured.
with

final as (

    select distinct entity_id
    from {{ ref('int_customer_revenue_monthly') }}
    where returns_count > 0

)

select * from final
