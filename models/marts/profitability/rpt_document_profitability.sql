-- What each document earned: its sales, direct cost and the cost to serve that it caused, on the
-- customers' total. Cost to serve that no document caused stands in the customer's own row. Closes
-- freeze customers and no documents: what was frozen and is not what documents add up to now has
-- a column of its own there.
with

sales as (

    select
        entity_id,
        month_start_date,
        customer_id,
        document_id,
        max(document_type) as document_type,
        -- settled rebates are rebates and no sale
        sum(case when document_type = 'rebate_settlement' then 0 else net_amount end)
            as invoice_amount,
        sum(
            rebate_amount - case when document_type = 'rebate_settlement' then net_amount else 0 end
        ) as rebate_amount,
        sum(freight_charged_amount) as freight_charged_amount,
        case when count(*) = count(freight_paid_amount) then sum(freight_paid_amount) end
            as freight_paid_amount,
        case when count(*) = count(direct_cost_amount) then sum(direct_cost_amount) end
            as direct_cost_amount
    from {{ ref('int_document_sales_monthly') }}
    group by entity_id, month_start_date, customer_id, document_id

),

costs as (

    select
        entity_id,
        month_start_date,
        customer_id,
        document_id,
        sum(assigned_amount) as cost_to_serve_amount,
        sum(case when assignment_basis = 'traced' then assigned_amount else 0 end) as traced_amount
    from {{ ref('int_document_costs_monthly') }}
    group by entity_id, month_start_date, customer_id, document_id

),

joined as (

    select
        coalesce(sales.entity_id, costs.entity_id) as entity_id,
        coalesce(sales.month_start_date, costs.month_start_date) as month_start_date,
        coalesce(sales.customer_id, costs.customer_id) as customer_id,
        coalesce(sales.document_id, costs.document_id) as document_id,
        sales.document_type,
        coalesce(sales.invoice_amount, 0) as invoice_amount,
        coalesce(sales.rebate_amount, 0) as rebate_amount,
        coalesce(sales.freight_charged_amount, 0) as freight_charged_amount,
        case when sales.document_id is null then 0 else sales.freight_paid_amount end
            as freight_paid_amount,
        case when sales.document_id is null then 0 else sales.direct_cost_amount end
            as direct_cost_amount,
        coalesce(costs.cost_to_serve_amount, 0) as cost_to_serve_amount,
        coalesce(costs.traced_amount, 0) as traced_amount
    from sales
    full join costs
        on
            sales.entity_id = costs.entity_id
            and sales.month_start_date = costs.month_start_date
            and sales.customer_id = costs.customer_id
            and sales.document_id = costs.document_id

),

frozen as (

    select entity_id, month_start_date, customer_id, contribution_difference_amount
    from {{ ref('int_frozen_profit_differences') }}
    where customer_id is not null and contribution_difference_amount <> 0

),

all_rows as (

    select
        coalesce(joined.entity_id, frozen.entity_id) as entity_id,
        coalesce(joined.month_start_date, frozen.month_start_date) as month_start_date,
        coalesce(joined.customer_id, frozen.customer_id) as customer_id,
        joined.document_id,
        joined.document_type,
        {%- for amount in [
            'invoice_amount', 'rebate_amount', 'freight_charged_amount', 'cost_to_serve_amount',
            'traced_amount',
        ] %}
        coalesce(joined.{{ amount }}, 0) as {{ amount }},
        {%- endfor %}
        case when joined.entity_id is null then 0 else joined.freight_paid_amount end
            as freight_paid_amount,
        case when joined.entity_id is null then 0 else joined.direct_cost_amount end
            as direct_cost_amount,
        coalesce(frozen.contribution_difference_amount, 0) as frozen_difference_amount
    from joined
    full join frozen
        on
            joined.document_id is null
            and joined.entity_id = frozen.entity_id
            and joined.month_start_date = frozen.month_start_date
            and joined.customer_id = frozen.customer_id

),

final as (

    select
        documents.entity_id,
        documents.month_start_date,
        documents.customer_id,
        documents.document_id,
        documents.document_type,
        entities.currency,
        cast(documents.invoice_amount as decimal(18, 4)) as invoice_amount,
        cast(documents.rebate_amount as decimal(18, 4)) as rebate_amount,
        cast(documents.freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
        cast(documents.freight_paid_amount as decimal(18, 4)) as freight_paid_amount,
        cast(documents.direct_cost_amount as decimal(18, 4)) as direct_cost_amount,
        cast(
            documents.invoice_amount - documents.rebate_amount + documents.freight_charged_amount
            - documents.freight_paid_amount - documents.direct_cost_amount as decimal(18, 4)
        ) as gross_margin_amount,
        -- cost that is not measured for the customer is not for his documents either
        cast(
            case
                when customers.cost_to_serve_amount is not null then documents.cost_to_serve_amount
            end as decimal(18, 4)
        ) as cost_to_serve_amount,
        cast(
            case when customers.cost_to_serve_amount is not null then documents.traced_amount end
            as decimal(18, 4)
        ) as traced_amount,
        cast(
            case
                when customers.cost_to_serve_amount is not null
                    then documents.invoice_amount - documents.rebate_amount
                        + documents.freight_charged_amount - documents.freight_paid_amount
                        - documents.direct_cost_amount - documents.cost_to_serve_amount
            end as decimal(18, 4)
        ) as contribution_amount,
        cast(documents.frozen_difference_amount as decimal(18, 4)) as frozen_difference_amount
    from all_rows as documents
    inner join {{ ref('int_entities') }} as entities
        on documents.entity_id = entities.entity_id
    left join {{ ref('int_customer_profitability_computed_monthly') }} as customers
        on
            documents.entity_id = customers.entity_id
            and documents.month_start_date = customers.month_start_date
            and documents.customer_id = customers.customer_id

)

select * from final
