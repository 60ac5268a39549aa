-- Concentration of profit over the ranked customers, with measures that stay valid when some lose
-- money. Shares are of the total with everybody in it, as on the whale curve; Gini and Stobachoff
-- compare the ranked customers with each other. Every sum is exact; only the last division is
-- rounded. With losses G_RSV measures relative variability, not concentration (Raffinetti, Siletti
-- and Vernizzi 2015).
with

ranked as (

    select
        entity_id,
        period,
        profit_level,
        customer_rank,
        currency,
        periods_count,
        signable,
        ranked_customers_count as n,
        {{ to_units('profit_amount', 4) }} as profit_units,
        {{ to_units('cumulative_profit_amount', 4) }} as cumulative_units,
        {{ to_units('total_profit_amount', 4) }} as everybody_units
    from {{ ref('int_customer_profit_ranks') }}
    where is_ranked

),

sums as (

    select
        entity_id,
        period,
        profit_level,
        currency,
        periods_count,
        signable,
        max(n) as customers_count,
        sum(case when profit_units < 0 then 1 else 0 end) as loss_making_count,
        max(everybody_units) as total_units,
        sum(profit_units) as ranked_units,
        sum(case when profit_units > 0 then profit_units else 0 end) as gain_units,
        sum(case when profit_units < 0 then -profit_units else 0 end) as loss_units,
        greatest(max(cumulative_units), 0) as peak_units,
        -- customers up to the peak: the last whose profit is not negative
        sum(case when profit_units > 0 then 1 else 0 end) as gaining_count,
        -- sum over i < j of |x_i - x_j|, from ranks in falling order: x_r enters (n + 1 - 2r) times
        sum(({{ to_units('n', 0) }} + 1 - 2 * customer_rank) * profit_units) as difference_units,
        -- twice the trapezoid area under the cumulative curve, times n: 2 * sum of
        -- cumulated - total
        2 * sum(cumulative_units) - sum(profit_units) as double_area_units,
        sum(case when 10 * customer_rank <= n + 9 then profit_units else 0 end) as top_decile_units
    from ranked
    group by entity_id, period, profit_level, currency, periods_count, signable

),

final as (

    select
        entity_id,
        period,
        profit_level,
        cast(customers_count as bigint) as customers_count,
        cast(loss_making_count as bigint) as loss_making_count,
        {{ units_to_money('total_units') }} as total_profit_amount,
        {{ units_to_money('ranked_units') }} as ranked_profit_amount,
        {{ units_to_money('loss_units') }} as hidden_profit_amount,
        {{ ratio_of_units('peak_units', 'total_units', 'total_units > 0') }} as peak_share,
        {{ ratio_of_units('gaining_count', 'customers_count', 'total_units > 0') }}
            as peak_at_customers_share,
        {{ ratio_of_units('loss_units', 'total_units', 'total_units > 0') }} as erosion_share,
        {{ ratio_of_units('top_decile_units', 'total_units', 'total_units > 0') }}
            as top_decile_share,
        {{ ratio_of_units(
            'difference_units', 'customers_count * ranked_units', 'ranked_units > 0'
        ) }} as gini_coefficient,
        {{ ratio_of_units(
            'difference_units', '(customers_count - 1) * (gain_units + loss_units)',
            'customers_count > 1 and gain_units + loss_units > 0'
        ) }} as gini_rsv_coefficient,
        {{ ratio_of_units(
            'double_area_units - customers_count * ranked_units',
            '2 * customers_count * ranked_units',
            'ranked_units > 0'
        ) }} as stobachoff_area_excess,
        {{ ratio_of_units(
            'double_area_units - customers_count * ranked_units',
            'double_area_units',
            'ranked_units > 0'
        ) }} as stobachoff_index_bounded,
        currency,
        periods_count,
        signable
    from sums

)

select * from final
