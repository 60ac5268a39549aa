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

-- without receivables nobody knows what customers owe
receivable_periods as (

    select
        parameters.entity_id,
        parameters.month_start_date
    from {{ ref('int_costing_parameters_monthly') }} as parameters
    inner join {{ ref('int_receivable_entities') }} as receivables
        on parameters.entity_id = receivables.entity_id
    where parameters.parameter = 'capital_charge_rate'

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

-- a customer can cost money, or owe it, in a period in which he buys nothing
costs as (

    select
        coalesce(costs.entity_id, capital.entity_id) as entity_id,
        coalesce(costs.customer_id, capital.customer_id) as customer_id,
        coalesce(costs.month_start_date, capital.month_start_date) as month_start_date,
        costs.entity_id is null as is_without_cost,
        coalesce(costs.cost_to_serve_amount, 0) as cost_to_serve_amount,
        coalesce(costs.customer_sustaining_amount, 0) as customer_sustaining_amount,
        coalesce(costs.traced_cost_amount, 0) as traced_cost_amount,
        coalesce(costs.driven_cost_amount, 0) as driven_cost_amount,
        coalesce(costs.spread_cost_amount, 0) as spread_cost_amount,
        coalesce(costs.adjustment_amount, 0) as adjustment_amount,
        coalesce(costs.avoidable_cost_amount, 0) as avoidable_cost_amount,
        case when capital.entity_id is null then 0 else capital.capital_charge_amount end
            as capital_charge_amount
    from {{ ref('int_customer_costs_monthly') }} as costs
    full join {{ ref('int_capital_charges_monthly') }} as capital
        on
            costs.entity_id = capital.entity_id
            and costs.customer_id = capital.customer_id
            and costs.month_start_date = capital.month_start_date

),

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
        coalesce(costs.customer_sustaining_amount, 0) as assigned_customer_sustaining_amount,
        coalesce(costs.traced_cost_amount, 0) as traced_cost_amount,
        coalesce(costs.driven_cost_amount, 0) as driven_cost_amount,
        coalesce(costs.spread_cost_amount, 0) as spread_cost_amount,
        coalesce(costs.adjustment_amount, 0) as adjustment_amount,
        coalesce(costs.avoidable_cost_amount, 0) as avoidable_cost_amount,
        case when costs.entity_id is null then 0 else costs.capital_charge_amount end
            as capital_charge_amount,
        revenue.entity_id is null and costs.is_without_cost as is_receivable_only
    from revenue
    full join costs
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
        customer_months.assigned_customer_sustaining_amount,
        customer_months.traced_cost_amount,
        customer_months.driven_cost_amount,
        customer_months.spread_cost_amount,
        customer_months.adjustment_amount,
        customer_months.avoidable_cost_amount,
        case
            when receivable_periods.entity_id is not null then customer_months.capital_charge_amount
        end as capital_charge_amount,
        customer_months.is_receivable_only
    from customer_months
    left join ledger_periods
        on
            customer_months.entity_id = ledger_periods.entity_id
            and customer_months.month_start_date = ledger_periods.month_start_date
    left join receivable_periods
        on
            customer_months.entity_id = receivable_periods.entity_id
            and customer_months.month_start_date = receivable_periods.month_start_date

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
            as customer_sustaining_amount,
        case when is_cost_measured then traced_cost_amount end as traced_cost_amount,
        case when is_cost_measured then driven_cost_amount end as driven_cost_amount,
        case when is_cost_measured then spread_cost_amount end as spread_cost_amount,
        case when is_cost_measured then adjustment_amount end as adjustment_amount,
        case when is_cost_measured then avoidable_cost_amount end as avoidable_cost_amount,
        capital_charge_amount,
        is_receivable_only
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
        cast(capital_charge_amount as decimal(18, 4)) as capital_charge_amount,
        cast(
            gross_margin_amount - cost_to_serve_amount - customer_sustaining_amount
            - capital_charge_amount as decimal(18, 4)
        )
            as economic_profit_amount,
        cast(traced_cost_amount as decimal(18, 4)) as traced_cost_amount,
        cast(driven_cost_amount as decimal(18, 4)) as driven_cost_amount,
        cast(spread_cost_amount as decimal(18, 4)) as spread_cost_amount,
        cast(adjustment_amount as decimal(18, 4)) as adjustment_amount,
        cast(avoidable_cost_amount as decimal(18, 4)) as avoidable_cost_amount,
        cast(gross_margin_amount - avoidable_cost_amount as decimal(18, 4))
            as avoidable_contribution_amount,
        is_receivable_only,
        cast(orders_count as bigint) as orders_count,
        cast(returns_count as bigint) as returns_count,
        cast(lines_count as bigint) as lines_count,
        is_direct_cost_assumed
    from margins

)

select * from final
