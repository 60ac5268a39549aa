with

territories as (

    select
        salesterritorykey as territory_key,
        salesterritorycountry as country
    from {{ source('adventureworks', 'dim_sales_territory') }}

),

final as (

    select
        territories.territory_key,
        territories.country,
        entities.entity_id
    from territories
    left join {{ ref('lookup_adventureworks_entities') }} as entities
        on territories.country = entities.source_name

)

select * from final
