-- What operating profit is made of, cell by cell, as bridges compare it: sales by customer, product
-- and transaction currency; work by customer, pool and activity, with how much was done and how
-- long it took; and what pools kept, which is nobody's. Only a cell with a quantity has a price.
with

sales as (

    select
        entity_id,
        month_start_date,
        customer_id,
        product_id,
        transaction_currency,
        sum(quantity) as quantity,
        sum(net_amount - rebate_amount) as pocket_amount,
        sum(transaction_pocket_amount) as transaction_pocket_amount,
        -- sums without signs give the rate that was booked, whatever was returned
        sum(abs(net_amount - rebate_amount)) as gross_pocket_amount,
        sum(abs(transaction_pocket_amount)) as gross_transaction_amount,
        sum(freight_charged_amount) as freight_charged_amount,
        case
            when count(*) = count(freight_paid_amount + direct_cost_amount)
                then sum(freight_paid_amount + direct_cost_amount)
        end as cost_amount,
        -- a share that policy assumes and a cost that somebody measured are not comparable
        max(case when direct_cost_basis = 'assumed' then 'assumed' end) as assumed_basis,
        max(case when direct_cost_basis in ('traced', 'standard') then 'measured' end)
            as measured_basis
    from {{ ref('int_revenue_lines') }}
    group by entity_id, month_start_date, customer_id, product_id, transaction_currency

),

assigned as (

    select
        entity_id,
        month_start_date,
        customer_id,
        pool_id,
        activity,
        assignment_basis,
        sum(driver_quantity) as driver_quantity,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where pnl_line in ('cost_to_serve', 'customer_sustaining')
    group by entity_id, month_start_date, customer_id, pool_id, activity, assignment_basis

    union all

    select
        entity_id,
        month_start_date,
        customer_id,
        pool_id,
        'adjusted' as activity,
        'traced' as assignment_basis,
        cast(null as decimal(18, 4)) as driver_quantity,
        sum(adjustment_amount) as assigned_amount
    from {{ ref('int_adjustments') }}
    where adjustment_status = 'booked' and customer_id is not null
    group by entity_id, month_start_date, customer_id, pool_id

),

worked as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity_type,
        customer_id,
        sum(worked_quantity) as worked_quantity
    from {{ ref('int_activity_minutes_monthly') }}
    where is_productive and customer_id is not null
    group by entity_id, month_start_date, pool_id, activity_type, customer_id

),

kept as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(unused_capacity_amount) as unused_capacity_amount,
        sum(unassigned_amount) as unassigned_amount
    from {{ ref('int_unassigned_cost_monthly') }}
    group by entity_id, month_start_date, pool_id

),

-- how a pool is costed; where it differs between two periods nothing in it is comparable
methods as (

    select
        entity_id,
        month_start_date,
        pool_id,
        method || ' ' || driver || ' ' || rate_basis || ' ' || service_method || ' '
        || hierarchy_level as method
    from {{ ref('int_pools_monthly') }}

),

cells as (

    select
        entity_id,
        month_start_date,
        customer_id,
        'sale' as cell_kind,
        product_id as item_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        transaction_currency,
        coalesce(assumed_basis, measured_basis) as method,
        coalesce(quantity, 0) as quantity,
        coalesce(quantity, 0) as effort_quantity,
        pocket_amount,
        transaction_pocket_amount,
        gross_pocket_amount,
        gross_transaction_amount,
        freight_charged_amount,
        cost_amount
    from sales

    union all

    select
        assigned.entity_id,
        assigned.month_start_date,
        assigned.customer_id,
        case
            when assigned.activity = 'idle_dedicated' then 'dedicated'
            when assigned.assignment_basis = 'traced' then 'traced'
            else 'work'
        end as cell_kind,
        assigned.pool_id as item_id,
        assigned.activity,
        cast(null as {{ dbt.type_string() }}) as transaction_currency,
        methods.method,
        case
            when assigned.assignment_basis = 'traced' then 0
            else coalesce(nullif(worked.worked_quantity, 0), assigned.driver_quantity)
        end as quantity,
        coalesce(assigned.driver_quantity, 0) as effort_quantity,
        0 as pocket_amount,
        0 as transaction_pocket_amount,
        0 as gross_pocket_amount,
        0 as gross_transaction_amount,
        0 as freight_charged_amount,
        assigned.assigned_amount as cost_amount
    from assigned
    left join worked
        on
            assigned.entity_id = worked.entity_id
            and assigned.month_start_date = worked.month_start_date
            and assigned.pool_id = worked.pool_id
            and assigned.activity = worked.activity_type
            and assigned.customer_id = worked.customer_id
    left join methods
        on
            assigned.entity_id = methods.entity_id
            and assigned.month_start_date = methods.month_start_date
            and assigned.pool_id = methods.pool_id

    {%- for cell_kind, amount in [
        ('unused', 'unused_capacity_amount'), ('unassigned', 'unassigned_amount'),
    ] %}

    union all

    select
        kept.entity_id,
        kept.month_start_date,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        '{{ cell_kind }}' as cell_kind,
        kept.pool_id as item_id,
        cast(null as {{ dbt.type_string() }}) as activity,
        cast(null as {{ dbt.type_string() }}) as transaction_currency,
        methods.method,
        0 as quantity,
        0 as effort_quantity,
        0 as pocket_amount,
        0 as transaction_pocket_amount,
        0 as gross_pocket_amount,
        0 as gross_transaction_amount,
        0 as freight_charged_amount,
        kept.{{ amount }} as cost_amount
    from kept
    left join methods
        on
            kept.entity_id = methods.entity_id
            and kept.month_start_date = methods.month_start_date
            and kept.pool_id = methods.pool_id
    where kept.{{ amount }} <> 0
    {%- endfor %}

),

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        cell_kind,
        item_id,
        activity,
        transaction_currency,
        method,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(effort_quantity as decimal(18, 4)) as effort_quantity,
        cast(pocket_amount as decimal(18, 4)) as pocket_amount,
        cast(transaction_pocket_amount as decimal(18, 4)) as transaction_pocket_amount,
        cast(gross_pocket_amount as decimal(18, 4)) as gross_pocket_amount,
        cast(gross_transaction_amount as decimal(18, 4)) as gross_transaction_amount,
        cast(freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
        cast(cost_amount as decimal(18, 4)) as cost_amount
    from cells

)

select * from final
