-- The path of every cent in four stages: the ledger puts it into a pool, service departments pass
-- it on to other pools, pools give it to activities, activities to customers. What one stage lets
-- out the next takes in; what stays behind is the net of its row. A customer's row leads back by
-- pool_id to the pool's rows, and by from_pool_id to the ledger pool and its postings. Adjustments
-- come in at the end, on rows of their own, and lead back by pool to rpt_adjustments.
with

transfers as (

    select
        transfers.entity_id,
        transfers.month_start_date,
        transfers.receiver_pool_id as pool_id,
        transfers.pool_id as from_pool_id,
        sum({{ minor_units_to_money('transfers.minor_units', 'origins.minor_digits') }}) as amount
    from {{ ref('int_department_transfers_monthly') }} as transfers
    inner join {{ ref('int_pools_monthly') }} as origins
        on
            transfers.entity_id = origins.entity_id
            and transfers.month_start_date = origins.month_start_date
            and transfers.pool_id = origins.pool_id
            and transfers.service_method = origins.service_method
    where transfers.outcome = 'charged'
    group by
        transfers.entity_id,
        transfers.month_start_date,
        transfers.receiver_pool_id,
        transfers.pool_id

),

given as (

    select
        entity_id,
        month_start_date,
        from_pool_id,
        sum(amount) as amount
    from transfers
    group by entity_id, month_start_date, from_pool_id

),

ledger_pools as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(ledger_amount) as ledger_amount
    from {{ ref('int_pool_balances_monthly') }}
    group by entity_id, month_start_date, pool_id

),

pool_rows as (

    select
        entity_id,
        month_start_date,
        pool_id,
        from_pool_id,
        amount
    from transfers

    union all

    -- what no department passes on stays in the pool it was posted to
    select
        ledger_pools.entity_id,
        ledger_pools.month_start_date,
        ledger_pools.pool_id,
        ledger_pools.pool_id as from_pool_id,
        ledger_pools.ledger_amount - coalesce(given.amount, 0) as amount
    from ledger_pools
    left join given
        on
            ledger_pools.entity_id = given.entity_id
            and ledger_pools.month_start_date = given.month_start_date
            and ledger_pools.pool_id = given.from_pool_id

),

customer_rows as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        activity,
        customer_id,
        assignment_basis,
        driver_quantity,
        assigned_amount,
        avoidable_amount
    from {{ ref('int_cost_assigned_to_customers') }}

),

given_to_activities as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        activity,
        assignment_basis,
        sum(driver_quantity) as driver_quantity,
        sum(assigned_amount) as amount,
        sum(avoidable_amount) as avoidable_amount
    from customer_rows
    group by entity_id, month_start_date, pnl_line, pool_id, activity, assignment_basis

),

pool_totals as (

    select
        entity_id,
        month_start_date,
        pool_id,
        amount,
        cast(0 as decimal(18, 4)) as assigned_amount
    from pool_rows

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        cast(0 as decimal(18, 4)) as amount,
        amount as assigned_amount
    from given_to_activities

),

kept as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(amount) - sum(assigned_amount) as amount
    from pool_totals
    group by entity_id, month_start_date, pool_id

),

driven as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(amount) as amount
    from given_to_activities
    where assignment_basis <> 'traced'
    group by entity_id, month_start_date, pool_id

),

-- what a pool keeps is idle capacity, priced and used by nobody, and what could not be assigned
idle as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        {{ minor_units_to_money('costs.priced_minor_units', 'costs.minor_digits') }}
        - coalesce(driven.amount, 0) as amount
    from {{ ref('int_pool_costs_monthly') }} as costs
    left join driven
        on
            costs.entity_id = driven.entity_id
            and costs.month_start_date = driven.month_start_date
            and costs.pool_id = driven.pool_id
    where costs.priced_minor_units is not null

),

paths as (

    select
        entity_id,
        month_start_date,
        'ledger' as stage,
        pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        'input' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        ledger_amount as input_amount,
        cast(0 as decimal(18, 4)) as allocation_in_amount,
        ledger_amount as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(0 as decimal(18, 4)) as avoidable_amount
    from {{ ref('int_pool_balances_monthly') }}

    union all

    select
        entity_id,
        month_start_date,
        'pool' as stage,
        cast(null as {{ dbt.type_string() }}) as pnl_line,
        pool_id,
        from_pool_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        case when pool_id = from_pool_id then 'own' else 'department' end as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        amount as allocation_in_amount,
        amount as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(0 as decimal(18, 4)) as avoidable_amount
    from pool_rows

    union all

    select
        entity_id,
        month_start_date,
        'activity' as stage,
        pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        assignment_basis,
        driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        amount as allocation_in_amount,
        amount as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(0 as decimal(18, 4)) as avoidable_amount
    from given_to_activities

    union all

    select
        kept.entity_id,
        kept.month_start_date,
        'activity' as stage,
        cast(null as {{ dbt.type_string() }}) as pnl_line,
        kept.pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        'not_assigned' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        kept.amount - coalesce(idle.amount, 0) as allocation_in_amount,
        cast(0 as decimal(18, 4)) as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(0 as decimal(18, 4)) as avoidable_amount
    from kept
    left join idle
        on
            kept.entity_id = idle.entity_id
            and kept.month_start_date = idle.month_start_date
            and kept.pool_id = idle.pool_id

    union all

    select
        entity_id,
        month_start_date,
        'activity' as stage,
        cast(null as {{ dbt.type_string() }}) as pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        'idle_shared' as activity,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        'idle' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        amount as allocation_in_amount,
        cast(0 as decimal(18, 4)) as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        cast(0 as decimal(18, 4)) as avoidable_amount
    from idle

    union all

    select
        entity_id,
        month_start_date,
        'customer' as stage,
        pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        activity,
        customer_id,
        assignment_basis,
        driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        assigned_amount as allocation_in_amount,
        cast(0 as decimal(18, 4)) as allocation_out_amount,
        cast(0 as decimal(18, 4)) as adjustment_amount,
        avoidable_amount
    from customer_rows

    union all

    select
        entity_id,
        month_start_date,
        case when customer_id is null then 'activity' else 'customer' end as stage,
        pnl_line,
        pool_id,
        cast(null as {{ dbt.type_string() }}) as from_pool_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        customer_id,
        'adjusted' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        cast(0 as decimal(18, 4)) as input_amount,
        cast(0 as decimal(18, 4)) as allocation_in_amount,
        cast(0 as decimal(18, 4)) as allocation_out_amount,
        sum(adjustment_amount) as adjustment_amount,
        sum(case when customer_id is not null and is_avoidable then adjustment_amount else 0 end)
            as avoidable_amount
    from {{ ref('int_adjustments') }}
    where adjustment_status = 'booked'
    group by entity_id, month_start_date, pnl_line, pool_id, customer_id

),

computed as (

    select
        paths.entity_id,
        paths.month_start_date,
        paths.stage,
        entities.currency,
        paths.pnl_line,
        paths.pool_id,
        paths.from_pool_id,
        paths.activity,
        paths.customer_id,
        paths.assignment_basis,
        pools.hierarchy_level,
        pools.avoidability,
        cast(paths.driver_quantity as decimal(18, 4)) as driver_quantity,
        cast(paths.input_amount as decimal(18, 4)) as input_amount,
        cast(paths.allocation_in_amount as decimal(18, 4)) as allocation_in_amount,
        cast(paths.allocation_out_amount as decimal(18, 4)) as allocation_out_amount,
        cast(paths.adjustment_amount as decimal(18, 4)) as adjustment_amount,
        cast(
            paths.input_amount + paths.allocation_in_amount - paths.allocation_out_amount
            + paths.adjustment_amount as decimal(18, 4)
        )
            as net_amount,
        cast(paths.avoidable_amount as decimal(18, 4)) as avoidable_amount
    from paths
    inner join {{ ref('int_entities') }} as entities
        on paths.entity_id = entities.entity_id
    left join {{ ref('int_pools_monthly') }} as pools
        on
            paths.entity_id = pools.entity_id
            and paths.month_start_date = pools.month_start_date
            and paths.pool_id = pools.pool_id
    where
        paths.input_amount <> 0
        or paths.allocation_in_amount <> 0
        or paths.allocation_out_amount <> 0
        or paths.adjustment_amount <> 0

),

final as (

    {%- set columns = [
        'entity_id', 'month_start_date', 'stage', 'currency', 'pnl_line', 'pool_id',
        'from_pool_id', 'activity', 'customer_id', 'assignment_basis', 'hierarchy_level',
        'avoidability', 'driver_quantity', 'input_amount', 'allocation_in_amount',
        'allocation_out_amount', 'adjustment_amount', 'net_amount', 'avoidable_amount',
    ] %}
    {{ with_frozen_rows('fct_cost_assignments_monthly', columns) }}

)

select * from final
