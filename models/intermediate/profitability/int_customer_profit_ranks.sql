-- Customers in order of profit, with running and total sums. The unknown customer and our own
-- entities are in the total and have no rank.
with

classified as (

    select
        profits.entity_id,
        profits.period,
        profits.profit_level,
        profits.customer_id,
        profits.profit_amount,
        profits.currency,
        profits.periods_count,
        profits.signable,
        not customers.is_unknown and not customers.is_intercompany as is_ranked
    from {{ ref('int_customer_profit_by_period') }} as profits
    inner join {{ ref('int_customers') }} as customers
        on
            profits.entity_id = customers.entity_id
            and profits.customer_id = customers.customer_id

),

final as (

    select
        entity_id,
        period,
        profit_level,
        customer_id,
        profit_amount,
        currency,
        periods_count,
        signable,
        is_ranked,
        case when is_ranked then row_number() over (
            partition by entity_id, period, profit_level, is_ranked
            order by profit_amount desc, customer_id asc
        ) end as customer_rank,
        case when is_ranked then sum(profit_amount) over (
            partition by entity_id, period, profit_level, is_ranked
            order by profit_amount desc, customer_id asc
            rows between unbounded preceding and current row
        ) end as cumulative_profit_amount,
        sum(profit_amount) over (partition by entity_id, period, profit_level)
            as total_profit_amount,
        sum(case when is_ranked then profit_amount else 0 end) over (
            partition by entity_id, period, profit_level
        ) as ranked_profit_amount,
        sum(case when is_ranked then 1 else 0 end) over (
            partition by entity_id, period, profit_level
        ) as ranked_customers_count
    from classified

)

select * from final
