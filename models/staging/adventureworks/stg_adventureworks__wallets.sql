-- A reseller's own yearly turnover is the most he could spend with any supplier, not what he spends
-- in the category: a share of it understates the share of wallet. The register gives five classes
-- of turnover and no date; the last year he ordered in stands for it.
with

placed as (

    select
        customers.entity_id,
        customers.customer_id,
        resellers.annualsales as annual_sales,
        resellers.lastorderyear as last_order_year
    from {{ source('adventureworks', 'dim_reseller') }} as resellers
    inner join {{ ref('stg_adventureworks__customers') }} as customers
        on resellers.reselleralternatekey = customers.customer_id

),

dated as (

    select
        entity_id,
        customer_id,
        cast(annual_sales as decimal(18, 4)) as wallet_amount,
        cast(cast(last_order_year as {{ dbt.type_string() }}) || '-01-01' as date) as period
    from placed

),

final as (

    select
        entity_id,
        'adventureworks' as record_source,
        customer_id as source_id,
        customer_id,
        period,
        wallet_amount,
        'USD' as currency,
        'register' as source,
        cast(null as decimal(18, 4)) as low,
        wallet_amount as high,
        cast(period as timestamp) as recorded_at,
        case
            when period is null then 'missing_period'
            when wallet_amount is null then 'missing_wallet_amount'
        end as quarantine_reason,
        case when period is null then 'never ordered' end as quarantine_detail
    from dated

)

select * from final
