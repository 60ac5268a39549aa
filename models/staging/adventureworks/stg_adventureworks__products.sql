-- One catalogue for the group: every entity sells from it.
with

entities as (

    select distinct entity_id
    from {{ ref('lookup_adventureworks_entities') }}

),

products as (

    select
        products.product_key,
        products.product_id,
        products.product_name,
        products.standard_cost,
        products.list_price,
        products.valid_from,
        products.valid_to,
        categories.englishproductcategoryname as category
    from {{ ref('base_adventureworks__products') }} as products
    left join {{ source('adventureworks', 'dim_product_subcategory') }} as subcategories
        on products.subcategory_key = subcategories.productsubcategorykey
    left join {{ source('adventureworks', 'dim_product_category') }} as categories
        on subcategories.productcategorykey = categories.productcategorykey

),

final as (

    select
        entities.entity_id,
        'adventureworks' as record_source,
        cast(products.product_key as {{ dbt.type_string() }}) as source_id,
        products.product_id,
        trim(products.product_name) as name,
        products.category,
        products.standard_cost,
        products.list_price,
        'USD' as currency,
        coalesce(products.valid_from, cast('1900-01-01' as date)) as valid_from,
        products.valid_to,
        cast(coalesce(products.valid_from, cast('1900-01-01' as date)) as timestamp) as recorded_at,
        case when products.product_id is null then 'missing_product_id' end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from products
    cross join entities

)

select * from final
