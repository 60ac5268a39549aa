-- Profit of every active customer over the trailing twelve periods, at the one level the entity is
-- read at: operating profit where it has a ledger, else gross margin (R31). Periods with revenue
-- and no ledger count for neither.
with

entity_levels as (

    select
        entity_id,
        case when has_ledger then 'operating_profit' else 'gross_margin' end as profit_level
    from {{ ref('int_entities') }}

),

active as (

    select
        active.entity_id,
        active.customer_id,
        active.month_start_date,
        active.period_index,
        entity_levels.profit_level,
        status.period_status,
        entity_levels.profit_level = 'gross_margin' or status.period_status <> 'incomplete'
            as is_complete,
        profitability.gross_margin_amount,
        profitability.contribution_amount,
        profitability.cost_to_serve_amount,
        profitability.operating_profit_amount,
        profitability.invoice_amount,
        profitability.customer_id is not null as has_profit_row
    from {{ ref('int_active_customer_months') }} as active
    inner join entity_levels
        on active.entity_id = entity_levels.entity_id
    inner join {{ ref('int_period_status') }} as status
        on
            active.entity_id = status.entity_id
            and active.month_start_date = status.month_start_date
    left join {{ ref('int_customer_profitability_monthly') }} as profitability
        on
            active.entity_id = profitability.entity_id
            and active.customer_id = profitability.customer_id
            and active.month_start_date = profitability.month_start_date

),

levelled as (

    select
        entity_id,
        customer_id,
        month_start_date,
        period_index,
        profit_level,
        period_status,
        is_complete,
        case when is_complete then contribution_amount end as contribution_amount,
        case when is_complete then cost_to_serve_amount end as cost_to_serve_amount,
        case
            when not is_complete then null
            when profit_level = 'operating_profit' then operating_profit_amount
            else gross_margin_amount
        end as profit_amount,
        -- a period of the customer whose profit should be known and is not
        case
            when not is_complete or not has_profit_row then 0
            when profit_level = 'operating_profit' and operating_profit_amount is null then 1
            when profit_level = 'gross_margin' and gross_margin_amount is null then 1
            else 0
        end as unmeasured
    from active

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        period_index,
        profit_level,
        period_status,
        is_complete,
        cast(sum(contribution_amount) over trailing_window as decimal(18, 4))
            as trailing_contribution_amount,
        cast(sum(cost_to_serve_amount) over trailing_window as decimal(18, 4))
            as trailing_cost_to_serve_amount,
        cast(sum(profit_amount) over trailing_window as decimal(18, 4)) as trailing_profit_amount,
        sum(unmeasured) over trailing_window as unmeasured_periods_count,
        count(*) over trailing_window as active_periods_count
    from levelled
    window trailing_window as (
        partition by entity_id, customer_id
        order by period_index
        range between {{ trailing_periods() - 1 }} preceding and current row
    )

)

select * from final
