-- What each pool has to assign, and at which rate where it is costed by time. The rate is the cost
-- over practical minutes, shared and dedicated: of the period (actual), of the fiscal year so far,
-- or the standard that policy dates. What is priced is the rate times practical capacity; actual
-- less that is the rate variance and not idle capacity.
with

totals as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(minor_units) as total_minor_units,
        sum(case when origin_pool_id = pool_id then minor_units else 0 end) as own_minor_units,
        sum(case when is_avoidable then minor_units else 0 end) as avoidable_minor_units,
        max(case when origin_pool_id = pool_id then origin_pnl_line end) as own_pnl_line
    from {{ ref('int_pool_parts_monthly') }}
    group by entity_id, month_start_date, pool_id

),

minutes as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(practical_minutes) as practical_minutes,
        sum(case when customer_id is not null then practical_minutes else 0 end)
            as dedicated_minutes,
        sum(used_minutes) as used_minutes,
        sum(used_dedicated_minutes) as used_dedicated_minutes
    from {{ ref('int_capacity_use_monthly') }}
    group by entity_id, month_start_date, pool_id

),

pools as (

    select
        totals.entity_id,
        totals.month_start_date,
        totals.pool_id,
        policies.fiscal_year,
        case when policies.pool_id is null then totals.own_pnl_line else policies.charged_line end
            as pnl_line,
        coalesce(policies.method, 'none') as method,
        coalesce(policies.driver, 'none') as driver,
        coalesce(policies.reaches_customers, false) as reaches_customers,
        coalesce(policies.minor_digits, entities.minor_digits) as minor_digits,
        cast(totals.total_minor_units as {{ type_whole() }}) as total_minor_units,
        cast(totals.own_minor_units as {{ type_whole() }}) as own_minor_units,
        cast(totals.avoidable_minor_units as {{ type_whole() }}) as avoidable_minor_units,
        policies.rate_basis,
        policies.standard_rate,
        case when policies.method = 'duration' then coalesce(minutes.practical_minutes, 0) end
            as practical_minutes,
        coalesce(minutes.dedicated_minutes, 0) as dedicated_minutes,
        coalesce(minutes.used_minutes, 0) as used_minutes,
        coalesce(minutes.used_dedicated_minutes, 0) as used_dedicated_minutes
    from totals
    inner join {{ ref('int_entities') }} as entities
        on totals.entity_id = entities.entity_id
    left join {{ ref('int_pools_monthly') }} as policies
        on
            totals.entity_id = policies.entity_id
            and totals.month_start_date = policies.month_start_date
            and totals.pool_id = policies.pool_id
    left join minutes
        on
            totals.entity_id = minutes.entity_id
            and totals.month_start_date = minutes.month_start_date
            and totals.pool_id = minutes.pool_id

),

-- a rate as the fraction of minor units over units of 10^-4 minutes
fractions as (

    select
        entity_id,
        month_start_date,
        pool_id,
        pnl_line,
        method,
        driver,
        reaches_customers,
        minor_digits,
        total_minor_units,
        own_minor_units,
        avoidable_minor_units,
        case
            when practical_minutes is null then null
            when rate_basis = 'standard' and standard_rate is null then 'actual'
            else rate_basis
        end as rate_basis,
        practical_minutes,
        dedicated_minutes,
        used_minutes,
        used_dedicated_minutes,
        {{ to_units('practical_minutes', 4) }} as practical_units,
        case
            when rate_basis = 'standard' and standard_rate is not null
                then {{ to_units('standard_rate', 9) }}
            when rate_basis = 'year_to_date'
                then cast(sum(total_minor_units) over (
                    partition by entity_id, pool_id, fiscal_year order by month_start_date
                ) as {{ type_whole() }})
            else total_minor_units
        end as rate_numerator,
        case
            -- units of 10^-9 of a currency unit a minute, to minor units a unit of 10^-4 minutes
            when rate_basis = 'standard' and standard_rate is not null
                then cast(1000000000 as {{ type_whole() }})
                    * {{ units_in_a_minor_unit('minor_digits') }}
            when rate_basis = 'year_to_date'
                then {{ to_units("sum(practical_minutes) over (
                    partition by entity_id, pool_id, fiscal_year order by month_start_date
                )", 4) }}
            else {{ to_units('practical_minutes', 4) }}
        end as rate_denominator
    from pools

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        pnl_line,
        method,
        driver,
        reaches_customers,
        minor_digits,
        total_minor_units,
        own_minor_units,
        avoidable_minor_units,
        rate_basis,
        cast(practical_minutes as decimal(18, 4)) as practical_minutes,
        cast(dedicated_minutes as decimal(18, 4)) as dedicated_minutes,
        cast(used_minutes as decimal(18, 4)) as used_minutes,
        cast(used_dedicated_minutes as decimal(18, 4)) as used_dedicated_minutes,
        rate_numerator,
        rate_denominator,
        case
            when practical_units > 0
                then {{ divide_rounded('rate_numerator * practical_units', 'rate_denominator') }}
        end as priced_minor_units
    from fractions

)

select * from final
