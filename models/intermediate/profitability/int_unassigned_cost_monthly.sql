-- What became of each ledger pool: assigned to customers, unused capacity, or unassigned and why.
-- Where a pool received from service departments, what became of its cost is given back to the
-- origins in proportion, by running totals in whole minor units, so that every origin closes.
with

assigned as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(assigned_amount) as assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where assignment_basis <> 'traced'
    group by entity_id, month_start_date, pool_id

),

outcomes as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.method,
        costs.reaches_customers,
        costs.practical_minutes,
        costs.minor_digits,
        costs.total_minor_units,
        costs.priced_minor_units,
        {{ divide_whole(
            to_units('coalesce(assigned.assigned_amount, 0)', 4),
            units_in_a_minor_unit('costs.minor_digits')
        ) }} as assigned_minor_units
    from {{ ref('int_pool_costs_monthly') }} as costs
    left join assigned
        on
            costs.entity_id = assigned.entity_id
            and costs.month_start_date = assigned.month_start_date
            and costs.pool_id = assigned.pool_id

),

running as (

    select
        parts.entity_id,
        parts.month_start_date,
        parts.pool_id,
        parts.origin_pnl_line,
        parts.origin_pool_id,
        parts.minor_units,
        outcomes.minor_digits,
        case when outcomes.total_minor_units < 0 then -1 else 1 end as total_sign,
        abs(outcomes.total_minor_units) as total_minor_units,
        outcomes.assigned_minor_units,
        -- priced and not assigned is idle, whether shared or below zero
        coalesce(outcomes.priced_minor_units, outcomes.assigned_minor_units)
            as used_up_minor_units,
        cast(sum(parts.minor_units) over (
            partition by parts.entity_id, parts.month_start_date, parts.pool_id
            order by parts.origin_pnl_line nulls last, parts.origin_pool_id nulls last
            rows between unbounded preceding and current row
        ) as {{ type_whole() }}) as running_units,
        row_number() over (
            partition by parts.entity_id, parts.month_start_date, parts.pool_id
            order by parts.origin_pnl_line nulls last, parts.origin_pool_id nulls last
        ) as part_number
    from {{ ref('int_pool_parts_monthly') }} as parts
    inner join outcomes
        on
            parts.entity_id = outcomes.entity_id
            and parts.month_start_date = outcomes.month_start_date
            and parts.pool_id = outcomes.pool_id

),

-- a pool that adds up to nothing gives everything to its first part
marks as (

    select
        entity_id,
        month_start_date,
        pool_id,
        origin_pnl_line,
        origin_pool_id,
        part_number,
        minor_units,
        minor_digits,
        {%- for part in ['assigned', 'used_up'] %}
        case
            when total_minor_units = 0 then {{ part }}_minor_units
            else {{ divide_rounded(
                '(total_sign * ' ~ part ~ '_minor_units * running_units)', 'total_minor_units'
            ) }}
        end as {{ part }}_mark{{ ',' if not loop.last }}
        {%- endfor %}
    from running

),

shares as (

    select
        entity_id,
        month_start_date,
        origin_pnl_line,
        origin_pool_id,
        minor_units,
        minor_digits,
        {%- for part in ['assigned', 'used_up'] %}
        {{ part }}_mark - coalesce(lag({{ part }}_mark) over (
            partition by entity_id, month_start_date, pool_id order by part_number
        ), 0) as {{ part }}_minor_units{{ ',' if not loop.last }}
        {%- endfor %}
    from marks

),

-- adjustments are of the pool itself: on its own line of the ledger, the first where it has two
own_lines as (

    select
        entity_id,
        month_start_date,
        pool_id,
        min(pnl_line) as pnl_line
    from {{ ref('int_pool_balances_monthly') }}
    group by entity_id, month_start_date, pool_id

),

adjusted as (

    select
        adjustments.entity_id,
        adjustments.month_start_date,
        coalesce(own_lines.pnl_line, pools.charged_line) as pnl_line,
        adjustments.pool_id,
        sum(case when adjustments.customer_id is null then 0 else adjustments.adjustment_amount end)
            as assigned_amount,
        sum(case when adjustments.customer_id is null then adjustments.adjustment_amount else 0 end)
            as unassigned_amount
    from {{ ref('int_adjustments') }} as adjustments
    inner join {{ ref('int_pools_monthly') }} as pools
        on
            adjustments.entity_id = pools.entity_id
            and adjustments.month_start_date = pools.month_start_date
            and adjustments.pool_id = pools.pool_id
    left join own_lines
        on
            adjustments.entity_id = own_lines.entity_id
            and adjustments.month_start_date = own_lines.month_start_date
            and adjustments.pool_id = own_lines.pool_id
    where adjustments.adjustment_status = 'booked'
    group by
        adjustments.entity_id,
        adjustments.month_start_date,
        coalesce(own_lines.pnl_line, pools.charged_line),
        adjustments.pool_id

),

by_origin as (

    select
        entity_id,
        month_start_date,
        origin_pnl_line as pnl_line,
        origin_pool_id as pool_id,
        {{ minor_units_to_money('assigned_minor_units', 'minor_digits') }} as assigned_amount,
        {{ minor_units_to_money('used_up_minor_units - assigned_minor_units', 'minor_digits') }}
            as unused_amount,
        {{ minor_units_to_money('minor_units - used_up_minor_units', 'minor_digits') }}
            as unassigned_amount,
        cast(0 as decimal(18, 4)) as department_unassigned_amount,
        cast(0 as decimal(18, 4)) as adjusted_unassigned_amount,
        0 as is_closed
    from shares

    union all

    select
        transfers.entity_id,
        transfers.month_start_date,
        transfers.pnl_line,
        transfers.pool_id,
        cast(0 as decimal(18, 4)) as assigned_amount,
        case
            when transfers.outcome = 'idle'
                then {{ minor_units_to_money('transfers.minor_units', 'origins.minor_digits') }}
            else 0
        end as unused_amount,
        cast(0 as decimal(18, 4)) as unassigned_amount,
        case
            when transfers.outcome <> 'idle'
                then {{ minor_units_to_money('transfers.minor_units', 'origins.minor_digits') }}
            else 0
        end as department_unassigned_amount,
        cast(0 as decimal(18, 4)) as adjusted_unassigned_amount,
        case when transfers.outcome = 'closed' then 1 else 0 end as is_closed
    from {{ ref('int_department_transfers_monthly') }} as transfers
    inner join {{ ref('int_pools_monthly') }} as origins
        on
            transfers.entity_id = origins.entity_id
            and transfers.month_start_date = origins.month_start_date
            and transfers.pool_id = origins.pool_id
            and transfers.service_method = origins.service_method
    where transfers.outcome in ('idle', 'unused', 'closed')

    union all

    -- what the ledger traces, and what is below one minor unit
    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        traced_amount as assigned_amount,
        cast(0 as decimal(18, 4)) as unused_amount,
        driven_amount
        - {{ minor_units_to_money('driven_sign * driven_minor_units', 'minor_digits') }}
            as unassigned_amount,
        cast(0 as decimal(18, 4)) as department_unassigned_amount,
        cast(0 as decimal(18, 4)) as adjusted_unassigned_amount,
        0 as is_closed
    from {{ ref('int_pool_balances_monthly') }}

    union all

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        assigned_amount,
        cast(0 as decimal(18, 4)) as unused_amount,
        unassigned_amount,
        cast(0 as decimal(18, 4)) as department_unassigned_amount,
        unassigned_amount as adjusted_unassigned_amount,
        0 as is_closed
    from adjusted

),

origins as (

    select
        entity_id,
        month_start_date,
        pnl_line,
        pool_id,
        sum(assigned_amount) as assigned_amount,
        sum(unused_amount) as unused_capacity_amount,
        sum(unassigned_amount + department_unassigned_amount) as unassigned_amount,
        sum(department_unassigned_amount) as department_unassigned_amount,
        sum(adjusted_unassigned_amount) as adjusted_unassigned_amount,
        max(is_closed) as is_closed
    from by_origin
    group by entity_id, month_start_date, pnl_line, pool_id

),

final as (

    select
        origins.entity_id,
        origins.month_start_date,
        origins.pnl_line,
        origins.pool_id,
        cast(coalesce(balances.ledger_amount, 0) as decimal(18, 4)) as ledger_amount,
        cast(origins.assigned_amount as decimal(18, 4)) as assigned_amount,
        cast(origins.unused_capacity_amount as decimal(18, 4)) as unused_capacity_amount,
        cast(origins.unassigned_amount as decimal(18, 4)) as unassigned_amount,
        case
            when origins.unassigned_amount = 0 then 'none'
            when origins.pnl_line = 'unmapped' then 'unmapped_account'
            when origins.pool_id like 'unpooled:%' then 'account_without_pool'
            when pools.pool_id is null then 'pool_without_policy'
            when origins.unassigned_amount = origins.adjusted_unassigned_amount then 'adjusted'
            when origins.is_closed = 1 then 'closed_department_group'
            when pools.is_department and origins.department_unassigned_amount <> 0
                then 'no_department_use'
            when
                abs(origins.unassigned_amount)
                < cast(0.0001 as decimal(18, 4)) * {{ units_in_a_minor_unit('pools.minor_digits') }}
                then 'below_one_minor_unit'
            when pools.is_department then 'in_receiving_pools'
            when not pools.reaches_customers or pools.driver = 'none'
                then 'above_the_customer_by_policy'
            when pools.driver = 'direct' then 'no_customer_named'
            when pools.method = 'duration' and coalesce(outcomes.practical_minutes, 0) = 0
                then 'no_capacity'
            when pools.method = 'duration' then 'rate_variance'
            else 'no_driver_volume'
        end as unassigned_reason
    from origins
    left join {{ ref('int_pool_balances_monthly') }} as balances
        on
            origins.entity_id = balances.entity_id
            and origins.month_start_date = balances.month_start_date
            and origins.pnl_line = balances.pnl_line
            and origins.pool_id = balances.pool_id
    left join {{ ref('int_pools_monthly') }} as pools
        on
            origins.entity_id = pools.entity_id
            and origins.month_start_date = pools.month_start_date
            and origins.pool_id = pools.pool_id
    left join outcomes
        on
            origins.entity_id = outcomes.entity_id
            and origins.month_start_date = outcomes.month_start_date
            and origins.pool_id = outcomes.pool_id
    where
        balances.pool_id is not null
        or origins.assigned_amount <> 0
        or origins.unused_capacity_amount <> 0
        or origins.unassigned_amount <> 0

)

select * from final
