with

final as (

    select
        profitability.entity_id,
        profitability.customer_id,
        profitability.month_start_date,
        entities.currency,
        case
            when profitability.is_frozen then profitability.frozen_segment else customers.segment
        end as segment,
        case
            when profitability.is_frozen then profitability.frozen_parent_customer_id
            else customers.parent_customer_id
        end as parent_customer_id,
        profitability.list_amount,
        profitability.discount_amount,
        profitability.invoice_amount,
        profitability.rebate_amount,
        profitability.pocket_amount,
        profitability.freight_charged_amount,
        profitability.freight_paid_amount,
        profitability.direct_cost_amount,
        profitability.gross_margin_amount,
        profitability.cost_to_serve_amount,
        profitability.contribution_amount,
        profitability.customer_sustaining_amount,
        profitability.operating_profit_amount,
        profitability.capital_charge_amount,
        profitability.economic_profit_amount,
        profitability.orders_count,
        profitability.returns_count,
        profitability.lines_count,
        profitability.invoiced_discount_amount,
        profitability.returned_amount,
        profitability.traced_cost_amount,
        profitability.driven_cost_amount,
        profitability.spread_cost_amount,
        profitability.adjustment_amount,
        profitability.avoidable_cost_amount,
        profitability.avoidable_contribution_amount,
        case
            when profitability.operating_profit_amount is not null then 'operating_profit'
            when profitability.contribution_amount is not null then 'contribution'
            when profitability.gross_margin_amount is not null then 'gross_margin'
            else 'pocket'
        end as profit_level,
        profitability.is_direct_cost_assumed,
        profitability.is_receivable_only,
        status.period_status,
        status.period_status = 'signable' as signable
    from {{ ref('int_customer_profitability_monthly') }} as profitability
    inner join {{ ref('int_entities') }} as entities
        on profitability.entity_id = entities.entity_id
    inner join {{ ref('int_period_status') }} as status
        on
            profitability.entity_id = status.entity_id
            and profitability.month_start_date = status.month_start_date
    left join {{ ref('int_customers') }} as customers
        on
            profitability.entity_id = customers.entity_id
            and profitability.customer_id = customers.customer_id

)

select * from final
