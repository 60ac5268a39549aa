{{ config(meta={"to_blame": "input"}) }}
-- A typing error in a policy would leave cost unassigned without anybody having meant it.
select
    'policy_account_mapping' as policy,
    mapping.chart_id || ' ' || mapping.account_code as policy_row,
    'pnl_line ' || mapping.pnl_line || ' is not in lookup_pnl_lines' as fault
from {{ ref('policy_account_mapping') }} as mapping
left join {{ ref('lookup_pnl_lines') }} as pnl_lines
    on mapping.pnl_line = pnl_lines.pnl_line
where pnl_lines.pnl_line is null

union all

select
    'policy_account_mapping' as policy,
    mapping.chart_id || ' ' || mapping.account_code as policy_row,
    'pool_id ' || mapping.pool_id || ' is not in policy_cost_pools' as fault
from {{ ref('policy_account_mapping') }} as mapping
left join {{ ref('policy_cost_pools') }} as pools
    on
        mapping.chart_id = pools.chart_id
        and mapping.pool_id = pools.pool_id
where mapping.pool_id is not null and pools.pool_id is null

union all

select
    'policy_cost_pools' as policy,
    pools.chart_id || ' ' || pools.pool_id as policy_row,
    case
        when levels.hierarchy_level is null
            then 'hierarchy_level ' || pools.hierarchy_level || ' is not in lookup_cost_levels'
        when
            pools.method not in (
                'quantity', 'duration', 'percentage', 'even', 'weighted', 'fixed_variable',
                'direct', 'none'
            )
            then 'method ' || pools.method || ' is not known'
        when (pools.method = 'duration') <> (pools.driver = 'duration')
            then 'method and driver have to be duration both or neither'
        when pools.hierarchy_level = 'product_sustaining'
            then 'driver ' || pools.driver || ' reaches no product: quantity, lines or revenue do'
        else 'driver ' || pools.driver || ' is not known'
    end as fault
from {{ ref('policy_cost_pools') }} as pools
left join {{ ref('lookup_cost_levels') }} as levels
    on pools.hierarchy_level = levels.hierarchy_level
where
    levels.hierarchy_level is null
    or pools.method not in (
        'quantity', 'duration', 'percentage', 'even', 'weighted', 'fixed_variable', 'direct', 'none'
    )
    or (pools.method = 'duration') <> (pools.driver = 'duration')
    or (
        pools.hierarchy_level = 'product_sustaining'
        and pools.driver not in ('quantity', 'lines', 'revenue', 'direct', 'none')
    )
    or (
        pools.driver not in (
            'orders', 'lines', 'quantity', 'revenue', 'returns', 'cases', 'customers', 'deliveries',
            'delivery_attempts', 'duration', 'activities', 'direct', 'none'
        )
        and pools.driver not like 'activity:%'
        and pools.driver not like 'activity_minutes:%'
    )

union all

select
    'policy_activity_drivers' as policy,
    drivers.chart_id || ' ' || drivers.pool_id || ' ' || drivers.activity as policy_row,
    case
        when pools.pool_id is null then 'its pool is not in policy_cost_pools'
        when drivers.weight < 0 then 'its weight is below zero'
        else 'driver ' || drivers.driver || ' is not known'
    end as fault
from {{ ref('policy_activity_drivers') }} as drivers
left join {{ ref('policy_cost_pools') }} as pools
    on
        drivers.chart_id = pools.chart_id
        and drivers.pool_id = pools.pool_id
where
    pools.pool_id is null
    or drivers.weight < 0
    or (
        drivers.driver not in (
            'orders', 'lines', 'quantity', 'revenue', 'returns', 'cases', 'customers', 'deliveries',
            'delivery_attempts'
        )
        and drivers.driver not like 'activity:%'
        and drivers.driver not like 'activity_minutes:%'
    )

union all

select
    'policy_activity_drivers' as policy,
    chart_id || ' ' || pool_id as policy_row,
    'the shares of its activities add up to '
    || cast(sum(activity_share) as {{ dbt.type_string() }}) || ' and not to 1' as fault
from (
    select distinct
        chart_id,
        pool_id,
        activity,
        activity_share,
        valid_from
    from {{ ref('policy_activity_drivers') }}
) as activities
group by chart_id, pool_id, valid_from
having sum(activity_share) <> 1

union all

select
    'policy_service_departments' as policy,
    departments.chart_id || ' ' || departments.pool_id || ' ' || departments.receiver_pool_id
        as policy_row,
    case
        when givers.pool_id is null then 'the department is not in policy_cost_pools'
        when receivers.pool_id is null then 'the receiver is not in policy_cost_pools'
        when departments.share < 0 then 'its share is below zero'
        else 'basis ' || departments.basis || ' is not share, pool_cost or minutes'
    end as fault
from {{ ref('policy_service_departments') }} as departments
left join {{ ref('policy_cost_pools') }} as givers
    on
        departments.chart_id = givers.chart_id
        and departments.pool_id = givers.pool_id
left join {{ ref('policy_cost_pools') }} as receivers
    on
        departments.chart_id = receivers.chart_id
        and departments.receiver_pool_id = receivers.pool_id
where
    givers.pool_id is null
    or receivers.pool_id is null
    or departments.basis not in ('share', 'pool_cost', 'minutes')
    or departments.share < 0

union all

select
    'policy_service_departments' as policy,
    chart_id || ' ' || pool_id as policy_row,
    case
        when count(distinct basis) > 1 then 'it has more than one basis'
        when count(distinct step_order) > 1 then 'it has more than one place in the step-down order'
        else
            'its shares add up to ' || cast(sum(share) as {{ dbt.type_string() }})
            || ' and not to 1'
    end as fault
from {{ ref('policy_service_departments') }}
group by chart_id, pool_id, valid_from
having
    count(distinct basis) > 1
    or count(distinct step_order) > 1
    or (min(basis) = 'share' and sum(share) is distinct from 1)

union all

select
    'policy_service_departments' as policy,
    chart_id as policy_row,
    'it has more than {{ var("service_departments_at_most") }} departments: raise'
    || ' service_departments_at_most in dbt_project.yml' as fault
from {{ ref('policy_service_departments') }}
group by chart_id
having count(distinct pool_id) > {{ var('service_departments_at_most') }}

union all

select
    'policy_service_departments' as policy,
    first_ones.chart_id || ' ' || first_ones.pool_id as policy_row,
    'its place in the step-down order is also that of ' || others.pool_id as fault
from {{ ref('policy_service_departments') }} as first_ones
inner join {{ ref('policy_service_departments') }} as others
    on
        first_ones.chart_id = others.chart_id
        and first_ones.pool_id < others.pool_id
        and first_ones.step_order is not distinct from others.step_order
        and first_ones.valid_from is not distinct from others.valid_from

union all

select
    'policy_time_equations' as policy,
    equations.chart_id || ' ' || equations.pool_id || ' ' || equations.activity_type as policy_row,
    'its pool is neither costed by duration nor a service department' as fault
from {{ ref('policy_time_equations') }} as equations
left join {{ ref('policy_cost_pools') }} as pools
    on
        equations.chart_id = pools.chart_id
        and equations.pool_id = pools.pool_id
        and (pools.method = 'duration' or pools.hierarchy_level = 'service_department')
where pools.pool_id is null

union all

select
    'policy_time_equations' as policy,
    chart_id || ' ' || pool_id || ' ' || activity_type as policy_row,
    'its terms are productive and not productive' as fault
from {{ ref('policy_time_equations') }}
group by chart_id, pool_id, activity_type, valid_from
having count(distinct is_productive) > 1

union all

select
    'policy_costing_parameters' as policy,
    entity_id || ' ' || parameter as policy_row,
    'value ' || value || ' is not one of its values' as fault
from {{ ref('policy_costing_parameters') }}
where
    (parameter = 'service_method' and value not in ('direct', 'step_down', 'reciprocal'))
    or (parameter = 'late_postings' and value not in ('open_period', 'own_period'))
    or (parameter like 'rate_basis%' and value not in ('actual', 'year_to_date', 'standard'))
    or (
        (parameter = 'capital_charge_rate' or parameter like 'standard_rate:%')
        and try_cast(value as decimal(18, 9)) is null
    )
    or not (
        parameter in ('service_method', 'rate_basis', 'capital_charge_rate', 'late_postings')
        or parameter like 'rate_basis:%'
        or parameter like 'standard_rate:%'
    )

union all

select
    'policy_reporting' as policy,
    entity_id || ' ' || parameter as policy_row,
    'value ' || value || ' is no amount, warn or block' as fault
from {{ ref('policy_reporting') }}
where
    (parameter = 'unmapped_accounts' and value not in ('warn', 'block'))
    or (parameter like 'materiality%' and try_cast(value as decimal(18, 9)) is null)

union all

select
    'policy_organisations' as policy,
    organisations.entity_id as policy_row,
    'fiscal_calendar_id ' || organisations.fiscal_calendar_id
    || ' is not in policy_fiscal_calendar' as fault
from {{ ref('policy_organisations') }} as organisations
left join {{ ref('policy_fiscal_calendar') }} as calendars
    on organisations.fiscal_calendar_id = calendars.fiscal_calendar_id
where calendars.fiscal_calendar_id is null

union all

select
    'policy_adjustments' as policy,
    entity_id || ' ' || document_id as policy_row,
    'a line has no posted_on, and so no period' as fault
from {{ ref('policy_adjustments') }}
where posted_on is null
