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
        {{ ratio_of_units(
            to_units('cumulative_profit_amount', 4),
            to_units('total_profit_amount', 4),
            'total_profit_amount > 0 and customer_rank is not null'
        ) }} as cumulative_profit_share,
        currency,
        periods_count,
        signable
    from {{ ref('int_customer_profit_ranks') }}

)

select * from final
