-- The waterfall of one customer in one period. A part that was not measured is empty and empties
-- what follows from it; it is never taken as zero.
with

-- a period without postings has no cost, measured or other
ledger_periods as (

    select distinct
        entity_id,
        month_start_date
    from {{ ref('int_ledger_entries_monthly') }}

),

revenue as (

    select
        entity_id,
        customer_id,
        month_start_date,
        max(case when is_in_ledger_scope then 1 else 0 end) = 1 as is_in_ledger_scope,
        sum(orders_count) as orders_count,
        sum(returns_count) as returns_count,
        sum(lines_count) as lines_count,
        sum(discount_amount) as discount_amount,
        -- a settlement pays a rebate out and reverses its accrual: it is all rebate and no sale
        sum(rebate_amount) - coalesce(sum(settled_rebate_amount), 0) as rebate_amount,
        sum(net_amount) - coalesce(sum(settled_rebate_amount), 0) as net_amount,
        sum(invoiced_discount_amount) as invoiced_discount_amount,
        sum(returned_amount) as returned_amount,
        sum(freight_charged_amount) as freight_charged_amount,
        case when count(*) = count(freight_paid_amount) then sum(freight_paid_amount) end
            as freight_paid_amount,
        case when count(*) = count(direct_cost_amount) then sum(direct_cost_amount) end
            as direct_cost_amount,
        max(case when is_direct_cost_assumed then 1 else 0 end) = 1 as is_direct_cost_assumed
    from {{ ref('int_customer_revenue_monthly') }}
    group by entity_id, customer_id, month_start_date

),

-- full join: a customer can cost money in a period in which he buys nothing
customer_months as (

    select
        coalesce(revenue.entity_id, costs.entity_id) as entity_id,
        coalesce(revenue.customer_id, costs.customer_id) as customer_id,
        coalesce(revenue.month_start_date, costs.month_start_date) as month_start_date,
        coalesce(revenue.is_in_ledger_scope, true) as is_in_ledger_scope,
        coalesce(revenue.orders_count, 0) as orders_count,
        coalesce(revenue.returns_count, 0) as returns_count,
        coalesce(revenue.lines_count, 0) as lines_count,
        coalesce(revenue.discount_amount, 0) as discount_amount,
        coalesce(revenue.rebate_amount, 0) as rebate_amount,
        coalesce(revenue.net_amount, 0) as net_amount,
        coalesce(revenue.invoiced_discount_amount, 0) as invoiced_discount_amount,
        coalesce(revenue.returned_amount, 0) as returned_amount,
        coalesce(revenue.freight_charged_amount, 0) as freight_charged_amount,
        case when revenue.entity_id is null then 0 else revenue.freight_paid_amount end
            as freight_paid_amount,
        case when revenue.entity_id is null then 0 else revenue.direct_cost_amount end
            as direct_cost_amount,
        coalesce(revenue.is_direct_cost_assumed, false) as is_direct_cost_assumed,
        coalesce(costs.cost_to_serve_amount, 0) as assigned_cost_to_serve_amount,
        coalesce(costs.customer_sustaining_amount, 0) as assigned_customer_sustaining_amount
    from revenue
    full join {{ ref('int_customer_costs_monthly') }} as costs
        on
            revenue.entity_id = costs.entity_id
            and revenue.customer_id = costs.customer_id
            and revenue.month_start_date = costs.month_start_date

),

measured as (

    select
        customer_months.entity_id,
        customer_months.customer_id,
        customer_months.month_start_date,
        customer_months.orders_count,
        customer_months.returns_count,
        customer_months.lines_count,
        customer_months.net_amount + customer_months.discount_amount as list_amount,
        customer_months.discount_amount,
        customer_months.net_amount as invoice_amount,
        customer_months.invoiced_discount_amount,
        customer_months.returned_amount,
        customer_months.rebate_amount,
        customer_months.net_amount - customer_months.rebate_amount as pocket_amount,
        customer_months.freight_charged_amount,
        customer_months.freight_paid_amount,
        customer_months.direct_cost_amount,
        customer_months.is_direct_cost_assumed,
        ledger_periods.entity_id is not null and customer_months.is_in_ledger_scope
            as is_cost_measured,
        customer_months.assigned_cost_to_serve_amount,
        customer_months.assigned_customer_sustaining_amount
    from customer_months
    left join ledger_periods
        on
            customer_months.entity_id = ledger_periods.entity_id
            and customer_months.month_start_date = ledger_periods.month_start_date

),

margins as (

    select
        entity_id,
        customer_id,
        month_start_date,
        orders_count,
        returns_count,
        lines_count,
        list_amount,
        discount_amount,
        invoice_amount,
        invoiced_discount_amount,
        returned_amount,
        rebate_amount,
        pocket_amount,
        freight_charged_amount,
        freight_paid_amount,
        direct_cost_amount,
        is_direct_cost_assumed,
        pocket_amount + freight_charged_amount - freight_paid_amount - direct_cost_amount
            as gross_margin_amount,
        case when is_cost_measured then assigned_cost_to_serve_amount end as cost_to_serve_amount,
        case when is_cost_measured then assigned_customer_sustaining_amount end
            as customer_sustaining_amount
    from measured

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        cast(list_amount as decimal(18, 4)) as list_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(invoice_amount as decimal(18, 4)) as invoice_amount,
        cast(invoiced_discount_amount as decimal(18, 4)) as invoiced_discount_amount,
        cast(returned_amount as decimal(18, 4)) as returned_amount,
        cast(rebate_amount as decimal(18, 4)) as rebate_amount,
        cast(pocket_amount as decimal(18, 4)) as pocket_amount,
        cast(freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
        cast(freight_paid_amount as decimal(18, 4)) as freight_paid_amount,
        cast(direct_cost_amount as decimal(18, 4)) as direct_cost_amount,
        cast(gross_margin_amount as decimal(18, 4)) as gross_margin_amount,
        cast(cost_to_serve_amount as decimal(18, 4)) as cost_to_serve_amount,
        cast(gross_margin_amount - cost_to_serve_amount as decimal(18, 4)) as contribution_amount,
        cast(customer_sustaining_amount as decimal(18, 4)) as customer_sustaining_amount,
        cast(
            gross_margin_amount - cost_to_serve_amount - customer_sustaining_amount
            as decimal(18, 4)
        )
            as operating_profit_amount,
        cast(orders_count as bigint) as orders_count,
        cast(returns_count as bigint) as returns_count,
        cast(lines_count as bigint) as lines_count,
        is_direct_cost_assumed
    from margins

)

select * from final
