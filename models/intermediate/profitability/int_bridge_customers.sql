-- Customers of each comparison: how deep their profit was measured on both sides, and whether they
-- came or went in between.
with

-- how deep the profit of a customer was measured on both sides
measured_sides as (

    {%- for side in ['base_month_start_date', 'month_start_date'] %}
    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        case when comparisons.is_by_customer then profitability.customer_id else '(all)' end
            as customer_id,
        case when profitability.gross_margin_amount is null then 0 else 1 end as has_margin,
        case
            when comparisons.has_ledgers and profitability.operating_profit_amount is not null
                then 1
            else 0
        end as has_profit
    from {{ ref('int_bridge_comparisons') }} as comparisons
    inner join {{ ref('int_customer_profitability_computed_monthly') }} as profitability
        on
            comparisons.entity_id = profitability.entity_id
            and comparisons.{{ side }} = profitability.month_start_date
    left join {{ ref('int_customers') }} as parties
        on
            profitability.entity_id = parties.entity_id
            and profitability.customer_id = parties.customer_id
    where
        not profitability.is_receivable_only
        -- our own entities are in no budget
        and (comparisons.base_scenario = 'actual' or not coalesce(parties.is_intercompany, false))

    union all

    -- who is in the frozen rows alone
    select
        comparisons.entity_id,
        comparisons.comparison,
        comparisons.month_start_date,
        case when comparisons.is_by_customer then frozen.customer_id else '(all)' end
            as customer_id,
        1 as has_margin,
        case when comparisons.has_ledgers then 1 else 0 end as has_profit
    from {{ ref('int_bridge_comparisons') }} as comparisons
    inner join {{ ref('int_frozen_profit_differences') }} as frozen
        on
            comparisons.entity_id = frozen.entity_id
            and comparisons.{{ side }} = frozen.month_start_date
            and frozen.customer_id is not null

    union all
    {%- endfor %}

    select
        entity_id,
        'budget' as comparison,
        month_start_date,
        customer_id,
        case when cost_amount is null then 0 else 1 end as has_margin,
        0 as has_profit
    from {{ ref('int_budget_cells_monthly') }}

),

measured as (

    select
        entity_id,
        comparison,
        month_start_date,
        customer_id,
        case
            when min(has_profit) = 1 then 'operating_profit'
            when min(has_margin) = 1 then 'gross_margin'
            else 'pocket'
        end as profit_level
    from measured_sides
    group by entity_id, comparison, month_start_date, customer_id

),

-- new and lost is by being active (R11); where the data do not reach back a year, the source's day
-- of acquisition tells a customer of long standing from a new one
final as (

    select
        measured.entity_id,
        measured.comparison,
        measured.month_start_date,
        measured.customer_id,
        measured.profit_level,
        (
            active.customer_id is not null
            and base_active.customer_id is null
            and (
                comparisons.base_period_index >= {{ trailing_periods() }}
                or parties.acquired_on is null
                or parties.acquired_on > comparisons.base_month_end_date
            )
        ) as is_new,
        active.customer_id is null and base_active.customer_id is not null as is_lost
    from measured
    inner join {{ ref('int_bridge_comparisons') }} as comparisons
        on
            measured.entity_id = comparisons.entity_id
            and measured.comparison = comparisons.comparison
            and measured.month_start_date = comparisons.month_start_date
    left join {{ ref('int_active_customer_months') }} as active
        on
            measured.entity_id = active.entity_id
            and measured.customer_id = active.customer_id
            and measured.month_start_date = active.month_start_date
    left join {{ ref('int_active_customer_months') }} as base_active
        on
            measured.entity_id = base_active.entity_id
            and measured.customer_id = base_active.customer_id
            and comparisons.base_month_start_date = base_active.month_start_date
    left join {{ ref('int_customers') }} as parties
        on
            measured.entity_id = parties.entity_id
            and measured.customer_id = parties.customer_id

)

select * from final
