with

final as (

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
        cast(ranks.customers_count as bigint) as customers_count
    from {{ ref('int_value_scale_ranks') }} as ranks
    inner join {{ ref('int_entity_months') }} as months
        on
            ranks.entity_id = months.entity_id
            and ranks.window_period_index = months.period_index

)

select * from final
