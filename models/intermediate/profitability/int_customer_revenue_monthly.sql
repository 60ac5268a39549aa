-- The sub-ledger by customer and period, split by whether the ledger covers it. Amounts are exact
-- sums; a part that any document lacks is not measured and stays empty.
with

customers as (

    select
        entity_id,
        customer_id,
        month_start_date,
        period_index,
        is_in_ledger_scope,
        count(*) as documents_count,
        count(*) filter (where document_type = 'invoice') as orders_count,
        count(*) filter (where document_type = 'return') as returns_count,
        sum(lines_count) as lines_count,
        sum(quantity) filter (where document_type = 'invoice') as sold_quantity,
        sum(net_amount) filter (where document_type = 'invoice') as invoiced_amount,
        sum(discount_amount) filter (where document_type = 'invoice') as invoiced_discount_amount,
        sum(net_amount) filter (where document_type in ('return', 'credit_note'))
            as returned_amount,
        sum(net_amount) filter (where document_type = 'rebate_settlement') as settled_rebate_amount,
        sum(discount_amount) as discount_amount,
        sum(rebate_amount) as rebate_amount,
        sum(net_amount) as net_amount,
        sum(freight_charged_amount) as freight_charged_amount,
        sum(freight_paid_amount) as freight_paid_amount,
        count(freight_paid_amount) as freight_paid_count,
        sum(tax_amount) as tax_amount,
        sum(direct_cost_amount) as direct_cost_amount,
        count(direct_cost_amount) as direct_cost_count,
        max(case when is_direct_cost_assumed then 1 else 0 end) = 1 as is_direct_cost_assumed
    from {{ ref('int_document_sales_monthly') }}
    group by entity_id, customer_id, month_start_date, period_index, is_in_ledger_scope

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        period_index,
        is_in_ledger_scope,
        cast(orders_count as bigint) as orders_count,
        cast(returns_count as bigint) as returns_count,
        cast(lines_count as bigint) as lines_count,
        cast(coalesce(sold_quantity, 0) as decimal(18, 4)) as sold_quantity,
        cast(coalesce(invoiced_amount, 0) as decimal(18, 4)) as invoiced_amount,
        cast(coalesce(invoiced_discount_amount, 0) as decimal(18, 4)) as invoiced_discount_amount,
        cast(coalesce(returned_amount, 0) as decimal(18, 4)) as returned_amount,
        cast(coalesce(settled_rebate_amount, 0) as decimal(18, 4)) as settled_rebate_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(rebate_amount as decimal(18, 4)) as rebate_amount,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cast(freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
        cast(
            case when freight_paid_count = documents_count then freight_paid_amount end
            as decimal(18, 4)
        )
            as freight_paid_amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        cast(
            case when direct_cost_count = documents_count then direct_cost_amount end
            as decimal(18, 4)
        )
            as direct_cost_amount,
        is_direct_cost_assumed
    from customers

)

select * from final
