with

final as (

    select
        'tpcds' as entity_id,
        'tpcds' as record_source,
        cast(i_item_sk as {{ dbt.type_string() }}) as source_id,
        cast(i_item_sk as {{ dbt.type_string() }}) as product_id,
        i_product_name as name,
        i_category as category,
        cast(i_wholesale_cost as decimal(18, 4)) as standard_cost,
        cast(i_current_price as decimal(18, 4)) as list_price,
        'USD' as currency,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        cast('1900-01-01' as timestamp) as recorded_at,
        case when unparsable_cells is not null then 'unparsable_cell' end as quarantine_reason,
        unparsable_cells as quarantine_detail
    from {{ source('tpcds', 'item') }}

)

select * from final
