with

final as (

    select
        entity_id,
        customer_id,
        employee_id,
        responsibility,
        valid_from,
        valid_to
    from {{ ref('input_accountabilities') }}

)

select * from final
