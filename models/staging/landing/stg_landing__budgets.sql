with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            cast(period as {{ dbt.type_string() }}) || '|' || product_id || '|'
            || coalesce(customer_id, '') || '|' || currency
        ) as source_id,
        period,
        product_id,
        customer_id,
        quantity,
        net_amount,
        functional_amount,
        coalesce(freight_charged_amount, 0) as freight_charged_amount,
        direct_cost_amount,
        currency,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'budgets') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        period,
        product_id,
        customer_id,
        quantity,
        net_amount,
        functional_amount,
        freight_charged_amount,
        direct_cost_amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when period is null then 'missing_period'
            when product_id is null then 'missing_product_id'
            when quantity is null then 'missing_quantity'
            when quantity < 0 then 'negative_quantity'
            when net_amount is null then 'missing_net_amount'
            when currency is null then 'missing_currency'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
