-- Assigned cost by customer and period: by where it stands in the waterfall, by how it got there,
-- and what of it would go away without him.
with

costs as (

    select
        entity_id,
        month_start_date,
        customer_id,
        pnl_line,
        assignment_basis,
        assigned_amount,
        avoidable_amount
    from {{ ref('int_cost_assigned_to_customers') }}

    union all

    select
        entity_id,
        month_start_date,
        customer_id,
        pnl_line,
        'adjusted' as assignment_basis,
        adjustment_amount as assigned_amount,
        case when is_avoidable then adjustment_amount else 0 end as avoidable_amount
    from {{ ref('int_adjustments') }}
    where adjustment_status = 'booked' and customer_id is not null

),

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        {%- for line in ['cost_to_serve', 'customer_sustaining'] %}
        cast(
            sum(case when pnl_line = '{{ line }}' then assigned_amount else 0 end)
            as decimal(18, 4)
        )
            as {{ line }}_amount,
        {%- endfor %}
        cast(
            sum(
                case
                    when pnl_line not in ('cost_to_serve', 'customer_sustaining')
                        then assigned_amount
                    else 0
                end
            ) as decimal(18, 4)
        )
            as other_assigned_amount,
        {%- for basis in ['traced', 'driven', 'spread'] %}
        cast(
            sum(case when assignment_basis = '{{ basis }}' then assigned_amount else 0 end)
            as decimal(18, 4)
        )
            as {{ basis }}_cost_amount,
        {%- endfor %}
        cast(
            sum(case when assignment_basis = 'adjusted' then assigned_amount else 0 end)
            as decimal(18, 4)
        )
            as adjustment_amount,
        cast(sum(avoidable_amount) as decimal(18, 4)) as avoidable_cost_amount
    from costs
    group by entity_id, month_start_date, customer_id

)

select * from final
