with

correlated as (

    select
        ranks.entity_id,
        months.month_start_date,
        ranks.scale_floor,
        -- Spearman: exact sums of ranks, one rounded division at the end
        case
            when
                ranks.customers_count * ranks.sum_xx > ranks.sum_x * ranks.sum_x
                and ranks.customers_count * ranks.sum_yy > ranks.sum_y * ranks.sum_y
                then cast(
                    cast(ranks.customers_count * ranks.sum_xy - ranks.sum_x * ranks.sum_y as double)
                    / sqrt(cast(
                        ranks.customers_count * ranks.sum_xx - ranks.sum_x * ranks.sum_x as double
                    ))
                    / sqrt(cast(
                        ranks.customers_count * ranks.sum_yy - ranks.sum_y * ranks.sum_y as double
                    ))
                    as decimal(18, 9)
                )
        end as rank_correlation,
        cast(ranks.customers_count as bigint) as customers_count,
        parameters.aggregate_low_customers
    from {{ ref('int_value_scale_ranks') }} as ranks
    inner join {{ ref('int_entity_months') }} as months
        on
            ranks.entity_id = months.entity_id
            and ranks.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            ranks.entity_id = parameters.entity_id
            and ranks.window_period_index = parameters.period_index

),

-- Fisher's transformation with the variance of rank correlations, (1 + r^2 / 2) / (n - 3)
-- (Bonett and Wright 2000); a perfect order has no interval
bounded as (

    select
        entity_id,
        month_start_date,
        scale_floor,
        rank_correlation,
        customers_count,
        aggregate_low_customers,
        case
            when customers_count > 3 and abs(rank_correlation) < 0.999999999
                then ln(
                    (1 + cast(rank_correlation as double)) / (1 - cast(rank_correlation as double))
                ) / 2
        end as transformed,
        case
            when customers_count > 3
                then 1.6448536e0 * sqrt(
                    (1 + cast(rank_correlation as double) * cast(rank_correlation as double) / 2)
                    / (customers_count - 3)
                )
        end as half_width
    from correlated

),

final as (

    select
        entity_id,
        month_start_date,
        scale_floor,
        rank_correlation,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        cast(
            1 - 2 / (exp(2 * (transformed {{ side }} half_width)) + 1) as decimal(18, 9)
        ) as rank_correlation_{{ name }},
        {%- endfor %}
        case when rank_correlation is not null then cast(1 as decimal(18, 9)) end
            as own_answer_share,
        case
            when rank_correlation is null then 'none'
            when transformed is null then 'spearman_without_interval'
            else 'spearman_fisher_90'
        end as method,
        case
            when rank_correlation is null then 'too_few'
            when customers_count < aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        customers_count
    from bounded

)

select * from final
