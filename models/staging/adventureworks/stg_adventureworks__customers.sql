-- A customer belongs to the entity he buys in; a reseller who never bought, to that of his address.
-- Nobody in the file buys in two countries; one who did would be a customer of both.
with

geographies as (

    select
        geography.geographykey as geography_key,
        geography.countryregioncode as country,
        territories.entity_id
    from {{ source('adventureworks', 'dim_geography') }} as geography
    left join {{ ref('base_adventureworks__territories') }} as territories
        on geography.salesterritorykey = territories.territory_key

),

reseller_places as (

    select distinct
        sales.customer_key,
        territories.entity_id
    from {{ ref('base_adventureworks__reseller_sales') }} as sales
    inner join {{ ref('base_adventureworks__territories') }} as territories
        on sales.territory_key = territories.territory_key
    where territories.entity_id is not null

),

person_places as (

    select distinct
        sales.customer_key,
        territories.entity_id
    from {{ ref('base_adventureworks__internet_sales') }} as sales
    inner join {{ ref('base_adventureworks__territories') }} as territories
        on sales.territory_key = territories.territory_key
    where territories.entity_id is not null

),

parties as (

    select
        coalesce(reseller_places.entity_id, geographies.entity_id) as entity_id,
        resellers.reselleralternatekey as customer_id,
        trim(resellers.resellername) as name,
        'organisation' as party_type,
        trim(resellers.businesstype) as segment,
        geographies.country,
        cast(null as date) as acquired_on
    from {{ source('adventureworks', 'dim_reseller') }} as resellers
    left join geographies
        on resellers.geographykey = geographies.geography_key
    left join reseller_places
        on resellers.resellerkey = reseller_places.customer_key

    union all

    select
        coalesce(person_places.entity_id, geographies.entity_id) as entity_id,
        customers.customeralternatekey as customer_id,
        trim(
            coalesce(customers.firstname, '')
            || coalesce(' ' || customers.middlename, '')
            || coalesce(' ' || customers.lastname, '')
        ) as name,
        'person' as party_type,
        'Individual' as segment,
        geographies.country,
        customers.datefirstpurchase as acquired_on
    from {{ source('adventureworks', 'dim_customer') }} as customers
    left join geographies
        on customers.geographykey = geographies.geography_key
    left join person_places
        on customers.customerkey = person_places.customer_key

),

final as (

    select
        coalesce(entity_id, 'adventureworks_unknown') as entity_id,
        'adventureworks' as record_source,
        customer_id as source_id,
        customer_id,
        name,
        party_type,
        cast(null as {{ dbt.type_string() }}) as parent_customer_id,
        segment,
        country,
        acquired_on,
        cast(null as date) as closed_on,
        cast(null as {{ dbt.type_string() }}) as lock_in_level,
        cast(null as {{ dbt.type_string() }}) as partner_entity_id,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        -- a person is not known before his first purchase; of resellers the file says nothing
        cast(coalesce(acquired_on, cast('1900-01-01' as date)) as timestamp) as recorded_at,
        case
            when customer_id is null then 'missing_customer_id'
            when entity_id is null then 'unknown_territory'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from parties

)

select * from final
