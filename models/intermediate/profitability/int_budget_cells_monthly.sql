-- Planned sales in the cells that bridges compare, in entity currency: at the planned rate where
-- the plan has one, else at the period's own. Where one row of an entity's plan has no customer it
-- is compared over all customers together.
with

plans as (

    select
        entity_id,
        min(case when customer_id is null then 0 else 1 end) = 1 as is_by_customer
    from {{ ref('input_budgets') }}
    group by entity_id

),

planned as (

    select
        budgets.entity_id,
        days.month_start_date,
        case when plans.is_by_customer then budgets.customer_id else '(all)' end as customer_id,
        plans.is_by_customer,
        budgets.product_id as item_id,
        budgets.currency as transaction_currency,
        budgets.quantity,
        budgets.net_amount as transaction_pocket_amount,
        coalesce(
            budgets.functional_amount,
            {{ convert_currency(
                'budgets.net_amount', 'rates.rate_numerator', 'rates.rate_denominator',
                'budgets.currency <> entities.currency'
            ) }}
        ) as pocket_amount,
        budgets.direct_cost_amount as cost_amount
    from {{ ref('input_budgets') }} as budgets
    inner join plans
        on budgets.entity_id = plans.entity_id
    inner join {{ ref('int_entities') }} as entities
        on budgets.entity_id = entities.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            budgets.entity_id = days.entity_id
            and budgets.period = days.date_day
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            budgets.entity_id = rates.entity_id
            and days.month_start_date = rates.month_start_date
            and budgets.currency = rates.currency

),

final as (

    select
        entity_id,
        month_start_date,
        customer_id,
        item_id,
        transaction_currency,
        is_by_customer,
        cast(sum(quantity) as decimal(18, 4)) as quantity,
        cast(sum(pocket_amount) as decimal(18, 4)) as pocket_amount,
        cast(sum(transaction_pocket_amount) as decimal(18, 4)) as transaction_pocket_amount,
        cast(case when count(*) = count(cost_amount) then sum(cost_amount) end as decimal(18, 4))
            as cost_amount
    from planned
    group by
        entity_id, month_start_date, customer_id, item_id, transaction_currency, is_by_customer

)

select * from final
