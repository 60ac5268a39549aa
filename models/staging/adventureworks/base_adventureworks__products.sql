-- The file moved its two dates by different amounts, so that versions end before they start: start
-- dates by six years less 2,007 days, end dates by four years less. Put back into the time of the
-- orders, every line falls into the version that it names.
with

final as (

    select
        productkey as product_key,
        productalternatekey as product_id,
        productsubcategorykey as subcategory_key,
        englishproductname as product_name,
        cast(standardcost as decimal(18, 4)) as standard_cost,
        cast(listprice as decimal(18, 4)) as list_price,
        cast({{ dbt.dateadd('day', 2007, dbt.dateadd('year', -6, 'startdate')) }} as date)
            as valid_from,
        cast({{ dbt.dateadd('year', 4, 'enddate') }} as date) as valid_to
    from {{ source('adventureworks', 'dim_product') }}

)

select * from final
