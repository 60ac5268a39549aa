-- What left the pools is what the customers' waterfall carries, for customers the ledger covers.
with

pools as (

    select entity_id, month_start_date, sum(assigned_amount) as assigned_amount
    from {{ ref('rpt_ledger_reconciliation') }}
    where tie_out = 'T2'
    group by entity_id, month_start_date

),

customers as (

    select
        entity_id,
        month_start_date,
        sum(coalesce(cost_to_serve_amount, 0) + coalesce(customer_sustaining_amount, 0))
            as arrived_amount
    from {{ ref('fct_customer_profitability_monthly') }}
    group by entity_id, month_start_date

)

select
    pools.entity_id,
    pools.month_start_date,
    pools.assigned_amount,
    customers.arrived_amount
from pools
left join customers
    on
        pools.entity_id = customers.entity_id
        and pools.month_start_date = customers.month_start_date
where pools.assigned_amount is distinct from coalesce(customers.arrived_amount, 0)
