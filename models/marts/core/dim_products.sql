with

final as (

    select
        entity_id,
        product_id,
        name,
        category,
        standard_cost,
        list_price,
        currency,
        valid_from,
        valid_to
    from {{ ref('input_products') }}

)

select * from final
