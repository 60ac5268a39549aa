-- What to do with customers of each quadrant, by period. An entity's own row wins over the row for
-- all (*).
with

in_force as (

    select
        months.entity_id,
        months.month_start_date,
        strategies.quadrant,
        strategies.customer_strategy,
        row_number() over (
            partition by months.entity_id, months.month_start_date, strategies.quadrant
            order by
                case when strategies.entity_id = '*' then 1 else 0 end,
                strategies.valid_from desc
        ) as precedence
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_customer_strategies') }} as strategies
        on
            strategies.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between strategies.valid_from and coalesce(strategies.valid_to, date '9999-12-31')

),

final as (

    select
        entity_id,
        month_start_date,
        quadrant,
        customer_strategy
    from in_force
    where precedence = 1

)

select * from final
