{{ config(materialized='view') }}
-- The waterfall that everything else reads: as computed while a period is open, as frozen once it
-- is closed, then with the customer's segment and parent of that day.
with

final as (

    select
        computed.entity_id,
        computed.customer_id,
        computed.month_start_date,
        computed.list_amount,
        computed.discount_amount,
        computed.invoice_amount,
        computed.invoiced_discount_amount,
        computed.returned_amount,
        computed.rebate_amount,
        computed.pocket_amount,
        computed.freight_charged_amount,
        computed.freight_paid_amount,
        computed.direct_cost_amount,
        computed.gross_margin_amount,
        computed.cost_to_serve_amount,
        computed.contribution_amount,
        computed.customer_sustaining_amount,
        computed.operating_profit_amount,
        computed.capital_charge_amount,
        computed.economic_profit_amount,
        computed.traced_cost_amount,
        computed.driven_cost_amount,
        computed.spread_cost_amount,
        computed.adjustment_amount,
        computed.avoidable_cost_amount,
        computed.avoidable_contribution_amount,
        computed.is_receivable_only,
        computed.orders_count,
        computed.returns_count,
        computed.lines_count,
        computed.is_direct_cost_assumed,
        false as is_frozen,
        cast(null as {{ dbt.type_string() }}) as frozen_segment,
        cast(null as {{ dbt.type_string() }}) as frozen_parent_customer_id
    from {{ ref('int_customer_profitability_computed_monthly') }} as computed
    left join {{ source('books', 'periods') }} as closed
        on
            closed.kind = 'profit'
            and computed.entity_id = closed.entity_id
            and computed.month_start_date = closed.month_start_date
            and closed.served_version is not null
    where closed.entity_id is null

    union all

    select
        entity_id,
        customer_id,
        month_start_date,
        list_amount,
        discount_amount,
        invoice_amount,
        invoiced_discount_amount,
        returned_amount,
        rebate_amount,
        pocket_amount,
        freight_charged_amount,
        freight_paid_amount,
        direct_cost_amount,
        gross_margin_amount,
        cost_to_serve_amount,
        contribution_amount,
        customer_sustaining_amount,
        operating_profit_amount,
        capital_charge_amount,
        economic_profit_amount,
        traced_cost_amount,
        driven_cost_amount,
        spread_cost_amount,
        adjustment_amount,
        avoidable_cost_amount,
        avoidable_contribution_amount,
        is_receivable_only,
        orders_count,
        returns_count,
        lines_count,
        is_direct_cost_assumed,
        true as is_frozen,
        segment as frozen_segment,
        parent_customer_id as frozen_parent_customer_id
    from {{ source('books', 'fct_customer_profitability_monthly') }}
    where is_served

)

select * from final
