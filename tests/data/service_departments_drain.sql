{{ config(meta={"to_blame": "input"}) }}
-- Cost that only circles among departments reaches nobody. A row names the group that is closed.
with

closed as (

    select
        shares.entity_id,
        shares.service_method,
        shares.giver_pool_id,
        min(shares.month_start_date) as first_month_start_date
    from {{ ref('int_service_department_shares_monthly') }} as shares
    inner join {{ ref('int_pools_monthly') }} as pools
        on
            shares.entity_id = pools.entity_id
            and shares.month_start_date = pools.month_start_date
            and shares.giver_pool_id = pools.pool_id
            and shares.service_method = pools.service_method
    where shares.outcome = 'closed'
    group by shares.entity_id, shares.service_method, shares.giver_pool_id

)

select
    entity_id,
    service_method,
    min(first_month_start_date) as first_month_start_date,
    {{ dbt.listagg('giver_pool_id', "', '") }} as closed_group
from closed
group by entity_id, service_method
