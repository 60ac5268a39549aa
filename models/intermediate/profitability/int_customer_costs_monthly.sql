-- Assigned cost by customer and period, by where it stands in the waterfall.
with

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        cast(
            sum(
                case when pnl_line = 'cost_to_serve' then assigned_amount else 0 end
            ) as decimal(18, 4)
        )
            as cost_to_serve_amount,
        cast(
            sum(
                case when pnl_line = 'customer_sustaining' then assigned_amount else 0 end
            ) as decimal(18, 4)
        )
            as customer_sustaining_amount,
        cast(
            sum(
                case
                    when pnl_line not in ('cost_to_serve', 'customer_sustaining')
                        then assigned_amount
                    else 0
                end
            ) as decimal(18, 4)
        )
            as other_assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    group by entity_id, month_start_date, customer_id

)

select * from final
