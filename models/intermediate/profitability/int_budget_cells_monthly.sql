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

converted as (

    select
        budgets.entity_id,
        days.month_start_date,
        case when plans.is_by_customer then budgets.customer_id else '(all)' end as customer_id,
        plans.is_by_customer,
        budgets.product_id as item_id,
        budgets.currency as transaction_currency,
        budgets.quantity,
        budgets.net_amount,
        budgets.functional_amount,
        budgets.freight_charged_amount,
        coalesce(
            budgets.functional_amount,
            {{ convert_currency(
                'budgets.net_amount', 'rates.rate_numerator', 'rates.rate_denominator',
                'budgets.currency <> entities.currency'
            ) }}
        ) as functional_net_amount,
        {{ convert_currency(
            'budgets.freight_charged_amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'budgets.currency <> entities.currency'
        ) }} as freight_at_own_rate,
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

-- freight at the rate that the rest of its row is planned at
planned as (

    select
        entity_id,
        month_start_date,
        customer_id,
        is_by_customer,
        item_id,
        transaction_currency,
        quantity,
        net_amount,
        freight_charged_amount as transaction_freight_amount,
        functional_net_amount,
        case
            when freight_charged_amount = 0 then 0
            when functional_amount is null or net_amount <= 0 then freight_at_own_rate
            else {{ convert_currency(
                'freight_charged_amount', to_units('functional_amount', 4),
                to_units('net_amount', 4), 'net_amount > 0'
            ) }}
        end as freight_charged_amount,
        cost_amount
    from converted

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
        cast(sum(functional_net_amount - freight_charged_amount) as decimal(18, 4))
            as pocket_amount,
        cast(sum(net_amount - transaction_freight_amount) as decimal(18, 4))
            as transaction_pocket_amount,
        cast(sum(freight_charged_amount) as decimal(18, 4)) as freight_charged_amount,
        cast(case when count(*) = count(cost_amount) then sum(cost_amount) end as decimal(18, 4))
            as cost_amount
    from planned
    group by
        entity_id, month_start_date, customer_id, item_id, transaction_currency, is_by_customer

)

select * from final
