-- A few customers appear in two countries: that of the latest invoice counts.
with

seen as (

    select
        customer_id,
        country,
        min(invoiced_at) over (partition by customer_id) as first_invoiced_at,
        row_number() over (
            partition by customer_id
            order by invoiced_at desc nulls last, invoice_number desc, line_number asc
        ) as recency
    from {{ ref('base_online_retail__invoice_lines') }}
    where customer_id is not null

),

final as (

    select
        'online_retail' as entity_id,
        'online_retail' as record_source,
        customer_id as source_id,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as name,
        'organisation' as party_type,
        cast(null as {{ dbt.type_string() }}) as parent_customer_id,
        case when country = 'United Kingdom' then 'Home market' else 'Abroad' end as segment,
        country,
        cast(null as date) as acquired_on,
        cast(null as date) as closed_on,
        cast(null as {{ dbt.type_string() }}) as lock_in_level,
        cast(null as {{ dbt.type_string() }}) as partner_entity_id,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        coalesce(first_invoiced_at, cast('1900-01-01' as timestamp)) as recorded_at,
        cast(null as {{ dbt.type_string() }}) as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from seen
    where recency = 1

)

select * from final
