-- The file describes a product on every line, at times with a note of the warehouse instead. Its
-- name is what most sales call it.
with

described as (

    select
        lines.stock_code,
        lines.description,
        count(*) filter (where lines.unit_price > 0) as sales_count,
        min(lines.invoiced_at) as first_invoiced_at
    from {{ ref('base_online_retail__invoice_lines') }} as lines
    left join {{ ref('lookup_online_retail_fee_codes') }} as fees
        on lines.stock_code = fees.stock_code
    where
        fees.stock_code is null
        and lines.stock_code is not null
    group by lines.stock_code, lines.description

),

ranked as (

    select
        stock_code,
        description,
        min(first_invoiced_at) over (partition by stock_code) as first_invoiced_at,
        row_number() over (
            partition by stock_code
            order by
                case when description is null then 1 else 0 end asc,
                sales_count desc,
                description asc
        ) as preference
    from described

),

final as (

    select
        'online_retail' as entity_id,
        'online_retail' as record_source,
        stock_code as source_id,
        stock_code as product_id,
        description as name,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as decimal(18, 4)) as standard_cost,
        cast(null as decimal(18, 4)) as list_price,
        'GBP' as currency,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        coalesce(first_invoiced_at, cast('1900-01-01' as timestamp)) as recorded_at,
        cast(null as {{ dbt.type_string() }}) as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from ranked
    where preference = 1

)

select * from final
