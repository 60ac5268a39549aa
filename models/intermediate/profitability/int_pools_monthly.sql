-- The policy of each pool in each period: level, method, whether it is a service department, and
-- how it is priced.
with

departments as (

    select
        chart_id,
        pool_id,
        valid_from,
        valid_to,
        min(step_order) as step_order
    from {{ ref('policy_service_departments') }}
    group by chart_id, pool_id, valid_from, valid_to

),

pools as (

    select
        months.entity_id,
        months.month_start_date,
        months.period_index,
        months.fiscal_year,
        entities.chart_id,
        entities.currency,
        entities.minor_digits,
        pools.pool_id,
        pools.pool_name,
        pools.driver,
        pools.method,
        pools.hierarchy_level,
        pools.avoidability,
        coalesce(levels.reaches_customers, false) as reaches_customers,
        coalesce(levels.charged_line, 'unallocated') as charged_line
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entities') }} as entities
        on months.entity_id = entities.entity_id
    inner join {{ ref('policy_cost_pools') }} as pools
        on
            entities.chart_id = pools.chart_id
            and months.month_start_date
            >= coalesce(cast(pools.valid_from as date), date '1900-01-01')
            and months.month_start_date
            <= coalesce(cast(pools.valid_to as date), date '9999-12-31')
    left join {{ ref('lookup_cost_levels') }} as levels
        on pools.hierarchy_level = levels.hierarchy_level

),

final as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.period_index,
        pools.fiscal_year,
        pools.chart_id,
        pools.currency,
        pools.minor_digits,
        pools.pool_id,
        pools.pool_name,
        pools.driver,
        pools.method,
        pools.hierarchy_level,
        pools.avoidability,
        coalesce(pools.avoidability in ('variable', 'avoidable_12m'), false) as is_avoidable,
        pools.reaches_customers and departments.pool_id is null as reaches_customers,
        pools.charged_line,
        departments.pool_id is not null as is_department,
        departments.step_order,
        coalesce(service_method.value, 'reciprocal') as service_method,
        coalesce(basis_of_pool.value, basis.value, 'actual') as rate_basis,
        try_cast(standard.value as decimal(18, 9)) as standard_rate
    from pools
    left join departments
        on
            pools.chart_id = departments.chart_id
            and pools.pool_id = departments.pool_id
            and pools.month_start_date
            >= coalesce(cast(departments.valid_from as date), date '1900-01-01')
            and pools.month_start_date
            <= coalesce(cast(departments.valid_to as date), date '9999-12-31')
    left join {{ ref('int_costing_parameters_monthly') }} as service_method
        on
            pools.entity_id = service_method.entity_id
            and pools.month_start_date = service_method.month_start_date
            and service_method.parameter = 'service_method'
    left join {{ ref('int_costing_parameters_monthly') }} as basis
        on
            pools.entity_id = basis.entity_id
            and pools.month_start_date = basis.month_start_date
            and basis.parameter = 'rate_basis'
    left join {{ ref('int_costing_parameters_monthly') }} as basis_of_pool
        on
            pools.entity_id = basis_of_pool.entity_id
            and pools.month_start_date = basis_of_pool.month_start_date
            and basis_of_pool.parameter = 'rate_basis:' || pools.pool_id
    left join {{ ref('int_costing_parameters_monthly') }} as standard
        on
            pools.entity_id = standard.entity_id
            and pools.month_start_date = standard.month_start_date
            and standard.parameter = 'standard_rate:' || pools.pool_id

)

select * from final
