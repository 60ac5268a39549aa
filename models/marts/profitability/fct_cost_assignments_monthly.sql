-- The path of every cent: what the ledger put into the pool, what left it for customers, and what
-- arrived there. Rows of the pool have no customer. Zero rows are left out.
with

pools as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        ledger_amount,
        assigned_amount
    from {{ ref('int_unassigned_cost_monthly') }}
    where ledger_amount <> 0 or assigned_amount <> 0

),

paths as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        'input' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        ledger_amount as input_amount,
        cast(0 as decimal(18, 4)) as allocation_in_amount,
        assigned_amount as allocation_out_amount
    from pools

    union all

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        driver as activity,
        customer_id,
        assignment_basis,
        driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        assigned_amount as allocation_in_amount,
        cast(0 as decimal(18, 4)) as allocation_out_amount
    from {{ ref('int_cost_assigned_to_customers') }}

),

final as (

    select
        paths.entity_id,
        paths.month_start_date,
        entities.currency,
        paths.pnl_line,
        paths.pool_id,
        paths.activity,
        paths.customer_id,
        paths.assignment_basis,
        paths.driver_quantity,
        paths.input_amount,
        paths.allocation_in_amount,
        paths.allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(
            paths.input_amount + paths.allocation_in_amount - paths.allocation_out_amount
            as decimal(18, 4)
        )
            as net_amount
    from paths
    inner join {{ ref('int_entities') }} as entities
        on paths.entity_id = entities.entity_id

)

select * from final
