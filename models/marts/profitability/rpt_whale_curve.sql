-- Profit cumulated from the most profitable customer on. Shares are of the total with everybody in
-- it, and empty where that total is not positive. The origin is not a row.
with

final as (

    select
        entity_id,
        period,
        profit_level,
        cast(customer_rank as bigint) as customer_rank,
        customer_id,
        profit_amount,
        cast(cumulative_profit_amount as decimal(18, 4)) as cumulative_profit_amount,
        case when total_profit_amount > 0 and customer_rank is not null then cast(
            {{ divide_rounded(
                to_units('cumulative_profit_amount', 4) ~ ' * 1000000000',
                to_units('total_profit_amount', 4)
            ) }} * 0.000000001 as decimal(18, 9)
        ) end as cumulative_profit_share,
        currency,
        periods_count,
        signable
    from {{ ref('int_customer_profit_ranks') }}

)

select * from final
