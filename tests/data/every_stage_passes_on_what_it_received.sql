-- The total is the same at every stage of the path: what the ledger put in is what one stage lets
-- out and the next takes in, and in the end what stays somewhere. Adjustments move cost inside a
-- pool and add nothing to it.
with

stages as (

    select
        entity_id,
        month_start_date,
        sum(input_amount) as input_amount,
        sum(net_amount) as net_amount,
        {%- for stage in ['ledger', 'pool', 'activity', 'customer'] %}
        sum(case when stage = '{{ stage }}' then allocation_in_amount else 0 end)
            as {{ stage }}_in_amount,
        sum(case when stage = '{{ stage }}' then allocation_out_amount else 0 end)
            as {{ stage }}_out_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_cost_assignments_monthly') }}
    group by entity_id, month_start_date

),

adjusted_pools as (

    select distinct entity_id, month_start_date
    from (
        select entity_id, month_start_date
        from {{ ref('fct_cost_assignments_monthly') }}
        group by entity_id, month_start_date, pool_id
        having sum(adjustment_amount) <> 0
    ) as unbalanced

),

pools as (

    select
        entity_id,
        month_start_date,
        sum(ledger_amount) as ledger_amount
    from {{ ref('rpt_ledger_reconciliation') }}
    where tie_out = 'T2'
    group by entity_id, month_start_date

)

select
    coalesce(stages.entity_id, pools.entity_id) as entity_id,
    coalesce(stages.month_start_date, pools.month_start_date) as month_start_date,
    pools.ledger_amount,
    stages.input_amount,
    stages.net_amount
from stages
full join pools
    on
        stages.entity_id = pools.entity_id
        and stages.month_start_date = pools.month_start_date
left join adjusted_pools
    on
        stages.entity_id = adjusted_pools.entity_id
        and stages.month_start_date = adjusted_pools.month_start_date
where
    coalesce(stages.input_amount, 0) is distinct from coalesce(pools.ledger_amount, 0)
    or stages.net_amount <> stages.input_amount
    or adjusted_pools.entity_id is not null
    or stages.ledger_out_amount <> stages.pool_in_amount
    or stages.pool_out_amount <> stages.activity_in_amount
    or stages.activity_out_amount <> stages.customer_in_amount
