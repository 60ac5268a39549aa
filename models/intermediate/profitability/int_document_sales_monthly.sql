-- What each document sold in a period, and how much of the drivers it is. The sub-ledger of
-- customers stands on it, so that the lines are grouped once.
with

final as (

    select
        entity_id,
        month_start_date,
        period_index,
        customer_id,
        document_id,
        document_type,
        is_in_ledger_scope,
        count(*) as lines_count,
        cast(sum(quantity) as decimal(18, 4)) as quantity,
        cast(sum(discount_amount) as decimal(18, 4)) as discount_amount,
        cast(sum(net_amount) as decimal(18, 4)) as net_amount,
        cast(sum(rebate_amount) as decimal(18, 4)) as rebate_amount,
        cast(sum(freight_charged_amount) as decimal(18, 4)) as freight_charged_amount,
        -- a part that any line lacks is not measured
        cast(
            case when count(*) = count(freight_paid_amount) then sum(freight_paid_amount) end
            as decimal(18, 4)
        ) as freight_paid_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount,
        cast(
            case when count(*) = count(direct_cost_amount) then sum(direct_cost_amount) end
            as decimal(18, 4)
        ) as direct_cost_amount,
        max(case when direct_cost_basis = 'assumed' then 1 else 0 end) = 1
            as is_direct_cost_assumed
    from {{ ref('int_revenue_lines') }}
    group by
        entity_id, month_start_date, period_index, customer_id, document_id, document_type,
        is_in_ledger_scope

)

select * from final
