-- Products have no name. Two categories have no English one and keep their own.
with

final as (

    select
        'olist' as entity_id,
        'olist' as record_source,
        products.product_id as source_id,
        products.product_id,
        cast(null as {{ dbt.type_string() }}) as name,
        coalesce(translations.product_category_name_english, products.product_category_name)
            as category,
        cast(null as decimal(18, 4)) as standard_cost,
        cast(null as decimal(18, 4)) as list_price,
        'BRL' as currency,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        cast('1900-01-01' as timestamp) as recorded_at,
        case when products.product_id is null then 'missing_product_id' end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from {{ source('olist', 'products') }} as products
    left join {{ source('olist', 'product_category_name_translation') }} as translations
        on products.product_category_name = translations.product_category_name

)

select * from final
