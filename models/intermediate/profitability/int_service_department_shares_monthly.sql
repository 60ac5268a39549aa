-- Where the cost of each service department ends, as shares of it in units of 10^-12, by each of
-- the three methods: direct, step-down (departments serve only those later in their order) and
-- reciprocal. All three are one set of equations: direct and step-down strike out links first.
--
-- The equations are solved by elimination, one department a step, in units of 10^-18. Division is
-- by the sum of what leaves a department, which is never a difference of two near numbers, is zero
-- exactly where nothing leaves (a closed group), and does not depend on the order of policy rows.
-- outcome: charged (to a pool that is no department), idle (capacity nobody used, stays with the
-- department), unused (nobody used the department), closed (no path out), and as a memo through
-- (what passes a department on the way, its gross cost).
{%- set one = '1' ~ '0' * 18 %}
with

methods as (

    select 'direct' as service_method
    union all
    select 'step_down' as service_method
    union all
    select 'reciprocal' as service_method

),

kinds as (

    select 'linked' as outcome
    union all
    select 'idle' as outcome
    union all
    select 'unused' as outcome

),

departments as (

    select
        pools.entity_id,
        pools.month_start_date,
        methods.service_method,
        pools.chart_id,
        pools.pool_id,
        pools.step_order,
        dense_rank() over (
            partition by pools.entity_id, pools.month_start_date, methods.service_method
            order by pools.pool_id
        ) as department_number,
        dense_rank() over (
            order by pools.entity_id, pools.month_start_date, methods.service_method
        ) as matrix_id
    from {{ ref('int_pools_monthly') }} as pools
    cross join methods
    where pools.is_department

),

capacity as (

    select
        entity_id,
        month_start_date,
        pool_id,
        {{ to_units('sum(practical_minutes)', 4) }} as practical_units,
        {{ to_units('sum(used_minutes)', 4) }} as used_units
    from {{ ref('int_capacity_use_monthly') }}
    group by entity_id, month_start_date, pool_id

),

used as (

    select
        entity_id,
        month_start_date,
        pool_id,
        receiver_pool_id,
        sum(used_minutes) as used_minutes
    from {{ ref('int_activity_minutes_monthly') }}
    where receiver_pool_id is not null and is_productive
    group by entity_id, month_start_date, pool_id, receiver_pool_id

),

costs as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(ledger_amount) as ledger_amount
    from {{ ref('int_pool_balances_monthly') }}
    group by entity_id, month_start_date, pool_id

),

-- own use is left out, and with it out of the sum that shares are taken of
links as (

    select
        departments.entity_id,
        departments.month_start_date,
        departments.service_method,
        departments.pool_id as giver_pool_id,
        policies.receiver_pool_id,
        receivers.pool_id is not null as is_receiver_department,
        coalesce(
            case policies.basis
                when 'share' then {{ to_units('policies.share', 9) }}
                when 'pool_cost' then greatest({{ to_units('costs.ledger_amount', 4) }}, 0)
                when 'minutes' then {{ to_units('used.used_minutes', 4) }}
            end, 0
        ) as weight_units
    from departments
    inner join {{ ref('policy_service_departments') }} as policies
        on
            departments.chart_id = policies.chart_id
            and departments.pool_id = policies.pool_id
            and departments.pool_id <> policies.receiver_pool_id
            and departments.month_start_date
            >= coalesce(cast(policies.valid_from as date), date '1900-01-01')
            and departments.month_start_date
            <= coalesce(cast(policies.valid_to as date), date '9999-12-31')
    left join departments as receivers
        on
            departments.entity_id = receivers.entity_id
            and departments.month_start_date = receivers.month_start_date
            and departments.service_method = receivers.service_method
            and policies.receiver_pool_id = receivers.pool_id
    left join used
        on
            departments.entity_id = used.entity_id
            and departments.month_start_date = used.month_start_date
            and departments.pool_id = used.pool_id
            and policies.receiver_pool_id = used.receiver_pool_id
    left join costs
        on
            departments.entity_id = costs.entity_id
            and departments.month_start_date = costs.month_start_date
            and policies.receiver_pool_id = costs.pool_id
    where
        receivers.pool_id is null
        or departments.service_method = 'reciprocal'
        or (
            departments.service_method = 'step_down'
            and departments.step_order < receivers.step_order
        )

),

weights as (

    select
        entity_id,
        month_start_date,
        service_method,
        giver_pool_id,
        sum(weight_units) as total_units
    from links
    group by entity_id, month_start_date, service_method, giver_pool_id

),

-- a department with capacity sends out only what was used of it; an over-run sends out more
givers as (

    select
        departments.entity_id,
        departments.month_start_date,
        departments.service_method,
        departments.pool_id,
        coalesce(weights.total_units, 0) as total_units,
        case
            when capacity.practical_units > 0
                then {{ divide_rounded(
                    'capacity.used_units * ' ~ one, 'capacity.practical_units'
                ) }}
            else {{ one }}
        end as sent_units
    from departments
    left join weights
        on
            departments.entity_id = weights.entity_id
            and departments.month_start_date = weights.month_start_date
            and departments.service_method = weights.service_method
            and departments.pool_id = weights.giver_pool_id
    left join capacity
        on
            departments.entity_id = capacity.entity_id
            and departments.month_start_date = capacity.month_start_date
            and departments.pool_id = capacity.pool_id

),

-- what leaves a department: over its links, as idle capacity, or, where nobody used it, unused
first_shares as (

    select
        givers.entity_id,
        givers.month_start_date,
        givers.service_method,
        givers.pool_id as giver_pool_id,
        coalesce(links.receiver_pool_id, givers.pool_id) as receiver_pool_id,
        case
            when kinds.outcome <> 'linked' then kinds.outcome
            when links.is_receiver_department then 'through'
            else 'charged'
        end as outcome,
        case kinds.outcome
            when 'linked'
                then {{ divide_rounded(
                    divide_rounded('links.weight_units * ' ~ one, 'cast(givers.total_units as '
                    ~ type_whole() ~ ')') ~ ' * givers.sent_units', one
                ) }}
            when 'idle' then {{ one }} - givers.sent_units
            else givers.sent_units
        end as share_units
    from givers
    cross join kinds
    left join links
        on
            kinds.outcome = 'linked'
            and links.weight_units > 0
            and givers.entity_id = links.entity_id
            and givers.month_start_date = links.month_start_date
            and givers.service_method = links.service_method
            and givers.pool_id = links.giver_pool_id
    where
        (kinds.outcome = 'linked' and links.receiver_pool_id is not null)
        or (kinds.outcome = 'idle' and givers.sent_units <> {{ one }})
        or (kinds.outcome = 'unused' and givers.total_units = 0 and givers.sent_units <> 0)

),

-- to each department, and to all that is none
first_cells as (

    select
        entity_id,
        month_start_date,
        service_method,
        giver_pool_id,
        case when outcome = 'through' then receiver_pool_id end as receiver_pool_id,
        sum(share_units) as share_units
    from first_shares
    group by
        entity_id, month_start_date, service_method, giver_pool_id,
        case when outcome = 'through' then receiver_pool_id end

),

-- departments by number, and all that leaves them as one more column: a small matrix of numbers
receivers as (

    select
        matrix_id,
        department_number,
        pool_id
    from departments

    union all

    select distinct
        matrix_id,
        9999 as department_number,
        cast(null as {{ dbt.type_string() }}) as pool_id
    from departments

),

step_0 as (

    select
        givers.matrix_id,
        givers.department_number as giver_number,
        receivers.department_number as receiver_number,
        cast(coalesce(first_cells.share_units, 0) as {{ type_whole() }}) as share_units
    from departments as givers
    inner join receivers
        on givers.matrix_id = receivers.matrix_id
    left join first_cells
        on
            givers.entity_id = first_cells.entity_id
            and givers.month_start_date = first_cells.month_start_date
            and givers.service_method = first_cells.service_method
            and givers.pool_id = first_cells.giver_pool_id
            and receivers.pool_id is not distinct from first_cells.receiver_pool_id

),
{%- for pivot in range(1, var('service_departments_at_most') + 1) %}

pivot_{{ pivot }} as (

    select
        matrix_id,
        giver_number,
        receiver_number,
        share_units,
        max(case when receiver_number = {{ pivot }} then share_units end) over (
            partition by matrix_id, giver_number
        ) as to_pivot_units,
        max(case when giver_number = {{ pivot }} then share_units end) over (
            partition by matrix_id, receiver_number
        ) as from_pivot_units,
        cast(sum(
            case
                when giver_number = {{ pivot }} and receiver_number > {{ pivot }} then share_units
            end
        ) over (partition by matrix_id) as {{ type_whole() }}) as leaving_units
    from step_{{ pivot - 1 }}

),

step_{{ pivot }} as (

    select
        matrix_id,
        giver_number,
        receiver_number,
        case
            when leaving_units > 0
                then share_units
                    + {{ divide_rounded('to_pivot_units * from_pivot_units', 'leaving_units') }}
            else share_units
        end as share_units
    from pivot_{{ pivot }}

),
{%- endfor %}

-- what passes each department on the way, and what of that leaves there
through as (

    select
        givers.entity_id,
        givers.month_start_date,
        givers.service_method,
        givers.pool_id as giver_pool_id,
        receivers.pool_id as receiver_pool_id,
        steps.share_units
    from step_{{ var('service_departments_at_most') }} as steps
    inner join departments as givers
        on
            steps.matrix_id = givers.matrix_id
            and steps.giver_number = givers.department_number
    inner join departments as receivers
        on
            steps.matrix_id = receivers.matrix_id
            and steps.receiver_number = receivers.department_number
    where steps.share_units <> 0

),

paths as (

    select
        entity_id,
        month_start_date,
        service_method,
        giver_pool_id,
        receiver_pool_id,
        outcome,
        share_units
    from first_shares
    where outcome <> 'through'

    union all

    select
        through.entity_id,
        through.month_start_date,
        through.service_method,
        through.giver_pool_id,
        first_shares.receiver_pool_id,
        first_shares.outcome,
        {{ divide_rounded('through.share_units * first_shares.share_units', one) }} as share_units
    from through
    inner join first_shares
        on
            first_shares.outcome <> 'through'
            and through.entity_id = first_shares.entity_id
            and through.month_start_date = first_shares.month_start_date
            and through.service_method = first_shares.service_method
            and through.receiver_pool_id = first_shares.giver_pool_id

    union all

    select
        entity_id,
        month_start_date,
        service_method,
        giver_pool_id,
        receiver_pool_id,
        'through' as outcome,
        share_units
    from through

),

-- every department has a row: what leaves it goes somewhere
sums as (

    select
        entity_id,
        month_start_date,
        service_method,
        giver_pool_id,
        receiver_pool_id,
        outcome,
        cast(sum(share_units) as {{ type_whole() }}) as share_units,
        cast(sum(sum(case when outcome <> 'through' then share_units else 0 end)) over (
            partition by entity_id, month_start_date, service_method, giver_pool_id
        ) as {{ type_whole() }}) as drained_units,
        row_number() over (
            partition by entity_id, month_start_date, service_method, giver_pool_id
            order by receiver_pool_id, outcome
        ) as path_number
    from paths
    group by
        entity_id, month_start_date, service_method, giver_pool_id, receiver_pool_id, outcome

),

ends as (

    select false as is_closed
    union all
    select true as is_closed

),

-- what never leaves: more than a thousand millionth is a closed group and no rounding
final as (

    select
        sums.entity_id,
        sums.month_start_date,
        sums.service_method,
        sums.giver_pool_id,
        case when ends.is_closed then sums.giver_pool_id else sums.receiver_pool_id end
            as receiver_pool_id,
        case when ends.is_closed then 'closed' else sums.outcome end as outcome,
        case
            when ends.is_closed
                then {{ divide_rounded('(' ~ one ~ ' - sums.drained_units)', '1000000') }}
            else {{ divide_rounded('sums.share_units', '1000000') }}
        end as share_units
    from sums
    cross join ends
    where
        (not ends.is_closed and abs(sums.share_units) >= 500000)
        or (ends.is_closed and sums.path_number = 1 and {{ one }} - sums.drained_units > 1000000000)

)

select * from final
