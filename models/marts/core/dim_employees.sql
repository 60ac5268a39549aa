with

final as (

    select
        entity_id,
        employee_id,
        name,
        function,
        grade
    from {{ ref('input_employees') }}

)

select * from final
