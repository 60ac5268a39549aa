-- Children sum to parents: what documents and the rest of a customer have of a pool's activity is
-- what the customer was assigned of it.
with

documents as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        customer_id,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_document_costs_monthly') }}
    group by entity_id, month_start_date, pool_id, activity, customer_id

),

customers as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        customer_id,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where pnl_line = 'cost_to_serve'
    group by entity_id, month_start_date, pool_id, activity, customer_id

)

select
    coalesce(documents.entity_id, customers.entity_id) as entity_id,
    coalesce(documents.month_start_date, customers.month_start_date) as month_start_date,
    coalesce(documents.pool_id, customers.pool_id) as pool_id,
    coalesce(documents.customer_id, customers.customer_id) as customer_id,
    documents.assigned_amount as documents_amount,
    customers.assigned_amount
from documents
full join customers
    on
        documents.entity_id = customers.entity_id
        and documents.month_start_date = customers.month_start_date
        and documents.pool_id = customers.pool_id
        and documents.activity = customers.activity
        and documents.customer_id = customers.customer_id
where coalesce(documents.assigned_amount, 0) <> coalesce(customers.assigned_amount, 0)
