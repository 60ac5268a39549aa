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
    chart_id || ' ' || pool_id as policy_row,
    'driver ' || driver || ' is not known' as fault
from {{ ref('policy_cost_pools') }}
where
    driver not in (
        'orders', 'lines', 'quantity', 'revenue', 'returns', 'cases', 'customers', 'direct', 'none'
    )
    and driver not like 'activity:%'
    and driver not like 'activity_minutes:%'

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
