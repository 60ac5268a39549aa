-- Prices are the same number whatever currency key a line carries, so every line is in US dollars.
with

reseller_lines as (

    select
        sales.document_id,
        sales.line_number,
        'reseller' as channel,
        resellers.reselleralternatekey as customer_id,
        sales.product_key,
        sales.territory_key,
        sales.ordered_on,
        sales.quantity,
        sales.discount_amount,
        sales.net_amount,
        sales.freight_charged_amount,
        sales.tax_amount,
        sales.direct_cost_amount,
        sales.recorded_at
    from {{ ref('base_adventureworks__reseller_sales') }} as sales
    left join {{ source('adventureworks', 'dim_reseller') }} as resellers
        on sales.customer_key = resellers.resellerkey

),

internet_lines as (

    select
        sales.document_id,
        sales.line_number,
        'internet' as channel,
        customers.customeralternatekey as customer_id,
        sales.product_key,
        sales.territory_key,
        sales.ordered_on,
        sales.quantity,
        sales.discount_amount,
        sales.net_amount,
        sales.freight_charged_amount,
        sales.tax_amount,
        sales.direct_cost_amount,
        sales.recorded_at
    from {{ ref('base_adventureworks__internet_sales') }} as sales
    left join {{ source('adventureworks', 'dim_customer') }} as customers
        on sales.customer_key = customers.customerkey

),

lines as (

    select
        document_id,
        line_number,
        channel,
        customer_id,
        product_key,
        territory_key,
        ordered_on,
        quantity,
        discount_amount,
        net_amount,
        freight_charged_amount,
        tax_amount,
        direct_cost_amount,
        recorded_at
    from reseller_lines

    union all

    select
        document_id,
        line_number,
        channel,
        customer_id,
        product_key,
        territory_key,
        ordered_on,
        quantity,
        discount_amount,
        net_amount,
        freight_charged_amount,
        tax_amount,
        direct_cost_amount,
        recorded_at
    from internet_lines

),

final as (

    select
        coalesce(territories.entity_id, 'adventureworks_unknown') as entity_id,
        'adventureworks' as record_source,
        lines.document_id || '|' || cast(lines.line_number as {{ dbt.type_string() }}) as source_id,
        lines.document_id,
        lines.line_number,
        'invoice' as document_type,
        cast(null as {{ dbt.type_string() }}) as original_document_id,
        lines.ordered_on as posted_on,
        cast(null as date) as service_period,
        coalesce(lines.customer_id, '{{ var("unknown_customer_id") }}') as customer_id,
        products.product_id,
        lines.channel,
        lines.quantity,
        -- net + discount; the file's own extended amount is off by 0.0001 on some lines
        cast(lines.net_amount + coalesce(lines.discount_amount, 0) as decimal(18, 4))
            as list_amount,
        coalesce(lines.discount_amount, 0) as discount_amount,
        cast(0 as decimal(18, 4)) as rebate_amount,
        lines.net_amount,
        cast(null as decimal(18, 4)) as functional_amount,
        coalesce(lines.freight_charged_amount, 0) as freight_charged_amount,
        cast(null as decimal(18, 4)) as freight_paid_amount,
        coalesce(lines.tax_amount, 0) as tax_amount,
        lines.direct_cost_amount,
        'USD' as currency,
        lines.recorded_at,
        case
            when lines.document_id is null then 'missing_document_id'
            when lines.line_number is null then 'missing_line_number'
            when lines.ordered_on is null then 'missing_posted_on'
            when lines.net_amount is null then 'missing_net_amount'
            when territories.entity_id is null then 'unknown_territory'
        end as quarantine_reason,
        case
            when territories.entity_id is null
                then 'territory '
                || coalesce(cast(lines.territory_key as {{ dbt.type_string() }}), 'none')
        end as quarantine_detail
    from lines
    left join {{ ref('base_adventureworks__territories') }} as territories
        on lines.territory_key = territories.territory_key
    left join {{ ref('base_adventureworks__products') }} as products
        on lines.product_key = products.product_key

)

select * from final
