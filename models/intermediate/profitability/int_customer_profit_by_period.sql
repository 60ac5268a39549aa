-- Profit of a customer by profit level over the readings that curves are drawn for: each fiscal
-- year, and the trailing twelve periods up to the build's day. Periods with revenue and no ledger
-- stay out of every level that cost enters, as do rows that lack the level. A reading is signable
-- when each of its periods is.
with

months as (

    select
        profitability.entity_id,
        profitability.customer_id,
        months.fiscal_year,
        months.period_index,
        max(months.period_index) over (partition by profitability.entity_id) as last_period_index,
        status.period_status,
        profitability.pocket_amount,
        profitability.gross_margin_amount,
        profitability.contribution_amount,
        profitability.operating_profit_amount
    from {{ ref('int_customer_profitability_monthly') }} as profitability
    inner join {{ ref('int_entity_months') }} as months
        on
            profitability.entity_id = months.entity_id
            and profitability.month_start_date = months.month_start_date
    inner join {{ ref('int_period_status') }} as status
        on
            profitability.entity_id = status.entity_id
            and profitability.month_start_date = status.month_start_date
    -- to owe money is neither profit nor loss
    where not profitability.is_receivable_only

),

readings as (

    select
        entity_id,
        customer_id,
        'FY' || cast(fiscal_year as {{ dbt.type_string() }}) as period,
        period_status,
        pocket_amount,
        gross_margin_amount,
        contribution_amount,
        operating_profit_amount
    from months

    union all

    select
        entity_id,
        customer_id,
        'trailing_12' as period,
        period_status,
        pocket_amount,
        gross_margin_amount,
        contribution_amount,
        operating_profit_amount
    from months
    where period_index > last_period_index - 12

),

last_periods as (

    select entity_id, max(last_period_index) as last_period_index
    from months
    group by entity_id

),

period_readings as (

    select
        status.entity_id,
        'FY' || cast(calendar.fiscal_year as {{ dbt.type_string() }}) as period,
        status.period_status
    from {{ ref('int_period_status') }} as status
    inner join {{ ref('int_entity_months') }} as calendar
        on
            status.entity_id = calendar.entity_id
            and status.month_start_date = calendar.month_start_date

    union all

    select
        status.entity_id,
        'trailing_12' as period,
        status.period_status
    from {{ ref('int_period_status') }} as status
    inner join last_periods
        on status.entity_id = last_periods.entity_id
    where
        status.period_index > last_periods.last_period_index - 12
        and status.period_index <= last_periods.last_period_index

),

reading_status as (

    select
        entity_id,
        period,
        count(*) as periods_count,
        min(case when period_status = 'signable' then 1 else 0 end) = 1 as signable
    from period_readings
    group by entity_id, period

),

levels as (

    select entity_id, customer_id, period, 'pocket' as profit_level, pocket_amount as profit_amount
    from readings
    union all
    select
        entity_id,
        customer_id,
        period,
        'gross_margin' as profit_level,
        gross_margin_amount as profit_amount
    from readings
    union all
    select
        entity_id,
        customer_id,
        period,
        'contribution' as profit_level,
        contribution_amount as profit_amount
    from readings
    where period_status <> 'incomplete'
    union all
    select
        entity_id,
        customer_id,
        period,
        'operating_profit' as profit_level,
        operating_profit_amount as profit_amount
    from readings
    where period_status <> 'incomplete'

),

profits as (

    select
        entity_id,
        period,
        profit_level,
        customer_id,
        cast(sum(profit_amount) as decimal(18, 4)) as profit_amount
    from levels
    where profit_amount is not null
    group by entity_id, period, profit_level, customer_id

),

final as (

    select
        profits.entity_id,
        profits.period,
        profits.profit_level,
        profits.customer_id,
        profits.profit_amount,
        entities.currency,
        cast(reading_status.periods_count as bigint) as periods_count,
        reading_status.signable
    from profits
    inner join {{ ref('int_entities') }} as entities
        on profits.entity_id = entities.entity_id
    inner join reading_status
        on
            profits.entity_id = reading_status.entity_id
            and profits.period = reading_status.period

)

select * from final
