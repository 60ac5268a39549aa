{{ config(materialized='view') }}
-- The customers' P&L below and above the customer, on the same total: sales by customer, product
-- and channel; what is a customer's and no product's; what is above customers, by level and pool,
-- and by product where it is a product's. Nothing is spread to a level that did not cause it.
with

customers as (

    select
        entity_id,
        customer_id,
        month_start_date,
        currency,
        freight_paid_amount,
        direct_cost_amount,
        cost_to_serve_amount,
        customer_sustaining_amount,
        capital_charge_amount,
        signable
    from {{ ref('fct_customer_profitability_monthly') }}

),

-- what is not measured for the customer is not for his products either
sales as (

    select
        sales.entity_id,
        sales.month_start_date,
        'product' as attribution_level,
        sales.customer_id,
        sales.product_id,
        sales.channel,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        customers.currency,
        sum(sales.quantity) as quantity,
        sum(sales.invoice_amount + sales.discount_amount) as list_amount,
        sum(sales.discount_amount) as discount_amount,
        sum(sales.invoice_amount) as invoice_amount,
        sum(sales.rebate_amount) as rebate_amount,
        sum(sales.freight_charged_amount) as freight_charged_amount,
        case
            when max(case when customers.freight_paid_amount is null then 1 else 0 end) = 0
                then sum(sales.freight_paid_amount)
        end as freight_paid_amount,
        case
            when max(case when customers.direct_cost_amount is null then 1 else 0 end) = 0
                then sum(sales.direct_cost_amount)
        end as direct_cost_amount,
        -- what stands on the customer's own row, where it was measured
        {%- for column in ['cost_to_serve', 'customer_sustaining', 'capital_charge'] %}
        case
            when max(case when customers.{{ column }}_amount is null then 1 else 0 end) = 0 then 0
        end as {{ column }}_amount,
        {%- endfor %}
        0 as above_customer_amount,
        sum(sales.invoiced_discount_amount) as invoiced_discount_amount,
        sum(sales.returned_amount) as returned_amount,
        customers.signable
    from {{ ref('int_product_sales_monthly') }} as sales
    inner join customers
        on
            sales.entity_id = customers.entity_id
            and sales.customer_id = customers.customer_id
            and sales.month_start_date = customers.month_start_date
    group by
        sales.entity_id,
        sales.month_start_date,
        sales.customer_id,
        sales.product_id,
        sales.channel,
        customers.currency,
        customers.signable

),

-- cost that no document names reaches the customer and stops there
at_the_customer as (

    select
        entity_id,
        month_start_date,
        'customer' as attribution_level,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        currency,
        cost_to_serve_amount,
        customer_sustaining_amount,
        0 as above_customer_amount,
        capital_charge_amount,
        signable
    from customers
    where cost_to_serve_amount <> 0 or customer_sustaining_amount <> 0 or capital_charge_amount <> 0

),

kept_by_pools as (

    select
        kept.entity_id,
        kept.month_start_date,
        case
            when kept.assignment_basis = 'idle' then 'unused_capacity'
            when kept.pool_id like 'unmapped:%' then 'unmapped'
            when coalesce(levels.reaches_customers, true) then 'unassigned'
            else kept.hierarchy_level
        end as attribution_level,
        kept.pool_id,
        kept.currency,
        sum(kept.net_amount) as net_amount
    from {{ ref('fct_cost_assignments_monthly') }} as kept
    left join {{ ref('lookup_cost_levels') }} as levels
        on kept.hierarchy_level = levels.hierarchy_level
    where
        kept.stage = 'activity'
        and kept.assignment_basis in ('idle', 'not_assigned', 'adjusted')
    group by
        kept.entity_id,
        kept.month_start_date,
        case
            when kept.assignment_basis = 'idle' then 'unused_capacity'
            when kept.pool_id like 'unmapped:%' then 'unmapped'
            when coalesce(levels.reaches_customers, true) then 'unassigned'
            else kept.hierarchy_level
        end,
        kept.pool_id,
        kept.currency
    having sum(kept.net_amount) <> 0

),

product_costs as (

    select
        entity_id,
        month_start_date,
        pool_id,
        product_id,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_product_costs_monthly') }}
    group by entity_id, month_start_date, pool_id, product_id

),

product_cost_totals as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(assigned_amount) as assigned_amount
    from product_costs
    group by entity_id, month_start_date, pool_id

),

above_the_customer as (

    select
        product_costs.entity_id,
        product_costs.month_start_date,
        'product_sustaining' as attribution_level,
        product_costs.product_id,
        product_costs.pool_id,
        product_costs.assigned_amount as above_customer_amount
    from product_costs

    union all

    -- what of a pool is no product's; one that nets to nothing may have products all the same
    select
        coalesce(kept.entity_id, totals.entity_id) as entity_id,
        coalesce(kept.month_start_date, totals.month_start_date) as month_start_date,
        coalesce(kept.attribution_level, 'product_sustaining') as attribution_level,
        cast(null as {{ dbt.type_string() }}) as product_id,
        coalesce(kept.pool_id, totals.pool_id) as pool_id,
        coalesce(kept.net_amount, 0) - coalesce(totals.assigned_amount, 0) as above_customer_amount
    from kept_by_pools as kept
    full join product_cost_totals as totals
        on
            kept.entity_id = totals.entity_id
            and kept.month_start_date = totals.month_start_date
            and kept.pool_id = totals.pool_id
            and kept.attribution_level = 'product_sustaining'

),

placed as (

    select
        entity_id, month_start_date, attribution_level, customer_id, product_id, channel, pool_id,
        currency, quantity, list_amount, discount_amount, invoice_amount, rebate_amount,
        freight_charged_amount, freight_paid_amount, direct_cost_amount, cost_to_serve_amount,
        customer_sustaining_amount, above_customer_amount, capital_charge_amount,
        invoiced_discount_amount, returned_amount, signable
    from sales

    union all

    select
        entity_id, month_start_date, attribution_level, customer_id, product_id, channel, pool_id,
        currency, 0 as quantity, 0 as list_amount, 0 as discount_amount, 0 as invoice_amount,
        0 as rebate_amount, 0 as freight_charged_amount, 0 as freight_paid_amount,
        0 as direct_cost_amount, cost_to_serve_amount, customer_sustaining_amount,
        above_customer_amount, capital_charge_amount, 0 as invoiced_discount_amount,
        0 as returned_amount, signable
    from at_the_customer

    union all

    select
        above.entity_id, above.month_start_date, above.attribution_level,
        cast(null as {{ dbt.type_string() }}) as customer_id, above.product_id,
        cast(null as {{ dbt.type_string() }}) as channel, above.pool_id, entities.currency,
        0 as quantity, 0 as list_amount, 0 as discount_amount, 0 as invoice_amount,
        0 as rebate_amount, 0 as freight_charged_amount, 0 as freight_paid_amount,
        0 as direct_cost_amount, 0 as cost_to_serve_amount, 0 as customer_sustaining_amount,
        above.above_customer_amount, 0 as capital_charge_amount, 0 as invoiced_discount_amount,
        0 as returned_amount, status.period_status = 'signable' as signable
    from above_the_customer as above
    inner join {{ ref('int_entities') }} as entities
        on above.entity_id = entities.entity_id
    inner join {{ ref('int_period_status') }} as status
        on
            above.entity_id = status.entity_id
            and above.month_start_date = status.month_start_date
    where above.above_customer_amount <> 0

),

computed as (

    select
        entity_id,
        month_start_date,
        attribution_level,
        customer_id,
        product_id,
        channel,
        pool_id,
        currency,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(list_amount as decimal(18, 4)) as list_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(invoice_amount as decimal(18, 4)) as invoice_amount,
        cast(rebate_amount as decimal(18, 4)) as rebate_amount,
        cast(invoice_amount - rebate_amount as decimal(18, 4)) as pocket_amount,
        cast(freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
        cast(freight_paid_amount as decimal(18, 4)) as freight_paid_amount,
        cast(direct_cost_amount as decimal(18, 4)) as direct_cost_amount,
        cast(
            invoice_amount - rebate_amount + freight_charged_amount - freight_paid_amount
            - direct_cost_amount as decimal(18, 4)
        )
            as gross_margin_amount,
        cast(cost_to_serve_amount as decimal(18, 4)) as cost_to_serve_amount,
        cast(customer_sustaining_amount as decimal(18, 4)) as customer_sustaining_amount,
        cast(above_customer_amount as decimal(18, 4)) as above_customer_amount,
        cast(
            invoice_amount - rebate_amount + freight_charged_amount - freight_paid_amount
            - direct_cost_amount - cost_to_serve_amount - customer_sustaining_amount
            - above_customer_amount as decimal(18, 4)
        )
            as profit_effect_amount,
        cast(capital_charge_amount as decimal(18, 4)) as capital_charge_amount,
        cast(invoiced_discount_amount as decimal(18, 4)) as invoiced_discount_amount,
        cast(returned_amount as decimal(18, 4)) as returned_amount,
        signable
    from placed

),

final as (

    {%- set columns = [
        'entity_id', 'month_start_date', 'attribution_level', 'customer_id', 'product_id',
        'channel', 'pool_id', 'currency', 'quantity', 'list_amount', 'discount_amount',
        'invoice_amount', 'rebate_amount', 'pocket_amount', 'freight_charged_amount',
        'freight_paid_amount', 'direct_cost_amount', 'gross_margin_amount',
        'cost_to_serve_amount', 'customer_sustaining_amount', 'above_customer_amount',
        'profit_effect_amount', 'capital_charge_amount', 'invoiced_discount_amount',
        'returned_amount', 'signable',
    ] %}
    {{ with_frozen_rows('fct_product_profitability_monthly', columns) }}

)

select * from final
