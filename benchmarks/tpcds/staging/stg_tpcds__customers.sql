with

final as (

    select
        'tpcds' as entity_id,
        'tpcds' as record_source,
        cast(c_customer_sk as {{ dbt.type_string() }}) as source_id,
        cast(c_customer_sk as {{ dbt.type_string() }}) as customer_id,
        c_first_name || ' ' || c_last_name as name,
        'person' as party_type,
        cast(null as {{ dbt.type_string() }}) as parent_customer_id,
        cast(null as {{ dbt.type_string() }}) as segment,
        c_birth_country as country,
        cast(null as date) as acquired_on,
        cast(null as date) as closed_on,
        cast(null as {{ dbt.type_string() }}) as lock_in_level,
        cast(null as {{ dbt.type_string() }}) as partner_entity_id,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        cast('1900-01-01' as timestamp) as recorded_at,
        case when unparsable_cells is not null then 'unparsable_cell' end as quarantine_reason,
        unparsable_cells as quarantine_detail
    from {{ source('tpcds', 'customer') }}

)

select * from final
