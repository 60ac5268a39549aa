-- Profit of a customer by profit level over the readings that curves are drawn for: each fiscal
-- year, and the trailing twelve periods up to the build's day. Periods with revenue and no ledger
-- stay out of every level that cost enters. A level that any row of the entity lacks is not drawn.
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

final as (

    select
        entity_id,
        period,
        profit_level,
        customer_id,
        cast(sum(profit_amount) as decimal(18, 4)) as profit_amount
    from levels
    where profit_amount is not null
    group by entity_id, period, profit_level, customer_id

)

select * from final
