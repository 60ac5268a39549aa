-- All live in the United States. Their income says nothing about what they would spend.
with

final as (

    select
        'adventureworks_us' as entity_id,
        'adventureworks' as record_source,
        cast(prospectivebuyerkey as {{ dbt.type_string() }}) as source_id,
        cast(prospectivebuyerkey as {{ dbt.type_string() }}) as prospect_id,
        trim(
            coalesce(firstname, '') || coalesce(' ' || middlename, '')
            || coalesce(' ' || lastname, '')
        ) as name,
        'Individual' as segment,
        'US' as country,
        cast(null as date) as first_contact_on,
        cast(null as decimal(18, 4)) as potential_amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast('1900-01-01' as timestamp) as recorded_at,
        case when prospectivebuyerkey is null then 'missing_prospect_id' end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from {{ source('adventureworks', 'prospective_buyer') }}

)

select * from final
