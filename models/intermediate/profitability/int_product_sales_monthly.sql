-- The sub-ledger by customer, product and channel, as the waterfall of the customer counts it: a
-- settlement of rebates is all rebate and no sale. Amounts are exact sums.
with

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        product_id,
        channel,
        is_in_ledger_scope,
        count(*) as lines_count,
        cast(coalesce(sum(quantity), 0) as decimal(18, 4)) as quantity,
        cast(
            coalesce(sum(case when document_type = 'invoice' then quantity end), 0)
            as decimal(18, 4)
        )
            as sold_quantity,
        cast(sum(discount_amount) as decimal(18, 4)) as discount_amount,
        cast(
            sum(case when document_type = 'rebate_settlement' then 0 else net_amount end)
            as decimal(18, 4)
        )
            as invoice_amount,
        cast(
            sum(case when document_type = 'invoice' then discount_amount else 0 end)
            as decimal(18, 4)
        )
            as invoiced_discount_amount,
        cast(
            sum(case when document_type = 'invoice' then net_amount else 0 end)
            as decimal(18, 4)
        )
            as invoiced_amount,
        cast(
            sum(case when document_type in ('return', 'credit_note') then net_amount else 0 end)
            as decimal(18, 4)
        )
            as returned_amount,
        cast(
            sum(
                rebate_amount
                - case when document_type = 'rebate_settlement' then net_amount else 0 end
            ) as decimal(18, 4)
        )
            as rebate_amount,
        cast(sum(freight_charged_amount) as decimal(18, 4)) as freight_charged_amount,
        cast(sum(freight_paid_amount) as decimal(18, 4)) as freight_paid_amount,
        cast(sum(direct_cost_amount) as decimal(18, 4)) as direct_cost_amount
    from {{ ref('int_revenue_lines') }}
    group by
        entity_id, month_start_date, customer_id, product_id, channel, is_in_ledger_scope

)

select * from final
