-- What two entities of our own charged each other in a period, each as its own ledger and its own
-- sub-ledger have it, and what is left when the group sets one against the other. Own cost of goods
-- sold to the partner is no charge between the two: it stays in the group. Balances are no profit.
with

-- by effect on profit: what an entity earned from the partner, less what it was charged
ledger as (

    select
        entity_id,
        month_start_date,
        coalesce(partner_entity_id, '(not named)') as partner_entity_id,
        -sum(case when mapped_pnl_line in ('direct_cost', 'freight_paid') then 0 else amount end)
            as ledger_amount,
        sum(case when mapped_pnl_line in ('direct_cost', 'freight_paid') then amount else 0 end)
            as own_cost_amount,
        cast(0 as decimal(18, 4)) as sub_ledger_amount
    from {{ ref('int_ledger_entries_monthly') }}
    where pnl_line = 'intercompany'
    group by entity_id, month_start_date, coalesce(partner_entity_id, '(not named)')

),

sub_ledger as (

    select
        revenue.entity_id,
        revenue.month_start_date,
        customers.partner_entity_id,
        cast(0 as decimal(18, 4)) as ledger_amount,
        cast(0 as decimal(18, 4)) as own_cost_amount,
        sum(revenue.net_amount - revenue.rebate_amount + revenue.freight_charged_amount)
            as sub_ledger_amount
    from {{ ref('int_customer_revenue_monthly') }} as revenue
    inner join {{ ref('int_customers') }} as customers
        on
            revenue.entity_id = customers.entity_id
            and revenue.customer_id = customers.customer_id
    where customers.partner_entity_id is not null
    group by revenue.entity_id, revenue.month_start_date, customers.partner_entity_id

),

found as (

    select
        entity_id, month_start_date, partner_entity_id, ledger_amount, own_cost_amount,
        sub_ledger_amount
    from ledger
    union all
    select
        entity_id, month_start_date, partner_entity_id, ledger_amount, own_cost_amount,
        sub_ledger_amount
    from sub_ledger

),

charges as (

    select
        found.entity_id,
        found.partner_entity_id,
        found.month_start_date,
        entities.currency,
        entities.fiscal_calendar_id,
        rates.group_currency,
        cast(sum(found.ledger_amount) as decimal(18, 4)) as ledger_amount,
        cast(sum(found.own_cost_amount) as decimal(18, 4)) as own_cost_amount,
        cast(sum(found.sub_ledger_amount) as decimal(18, 4)) as sub_ledger_amount,
        max(rates.rate_numerator) as rate_numerator,
        max(rates.rate_denominator) as rate_denominator,
        coalesce(entities.currency <> rates.group_currency, false) as is_foreign
    from found
    inner join {{ ref('int_entities') }} as entities
        on found.entity_id = entities.entity_id
    left join {{ ref('int_group_rates_monthly') }} as rates
        on
            found.entity_id = rates.entity_id
            and found.month_start_date = rates.month_start_date
    group by
        found.entity_id, found.partner_entity_id, found.month_start_date, entities.currency,
        entities.fiscal_calendar_id, rates.group_currency

),

translated as (

    select
        entity_id,
        partner_entity_id,
        month_start_date,
        currency,
        fiscal_calendar_id,
        -- two entities of one currency need no group to be compared
        coalesce(group_currency, currency) as group_currency,
        ledger_amount,
        own_cost_amount,
        sub_ledger_amount,
        {{ convert_currency('ledger_amount', 'rate_numerator', 'rate_denominator', 'is_foreign') }}
            as group_amount,
        -- the pair under one name, whoever looks at it
        least(entity_id, partner_entity_id) as first_entity_id,
        greatest(entity_id, partner_entity_id) as second_entity_id
    from charges

),

firsts as (

    select
        entity_id, first_entity_id, second_entity_id, month_start_date, currency,
        fiscal_calendar_id, group_currency, ledger_amount, own_cost_amount, sub_ledger_amount,
        group_amount
    from translated
    where entity_id = first_entity_id

),

seconds as (

    select
        entity_id, first_entity_id, second_entity_id, month_start_date, currency,
        fiscal_calendar_id, group_currency, ledger_amount, own_cost_amount, sub_ledger_amount,
        group_amount
    from translated
    where entity_id <> first_entity_id

),

paired as (

    select
        coalesce(sides.first_entity_id, others.first_entity_id) as entity_id,
        coalesce(sides.second_entity_id, others.second_entity_id) as partner_entity_id,
        coalesce(sides.month_start_date, others.month_start_date) as month_start_date,
        sides.entity_id is not null as has_side,
        others.entity_id is not null as has_partner_side,
        sides.currency,
        others.currency as partner_currency,
        sides.ledger_amount,
        sides.sub_ledger_amount,
        sides.own_cost_amount,
        others.ledger_amount as partner_ledger_amount,
        others.sub_ledger_amount as partner_sub_ledger_amount,
        others.own_cost_amount as partner_own_cost_amount,
        coalesce(sides.group_currency, others.group_currency) as group_currency,
        coalesce(sides.group_currency = others.group_currency, true) as is_one_group,
        coalesce(sides.fiscal_calendar_id = others.fiscal_calendar_id, true) as is_one_calendar,
        sides.group_amount,
        others.group_amount as partner_group_amount,
        coalesce(sides.entity_id is null or sides.group_amount is not null, false)
        and coalesce(others.entity_id is null or others.group_amount is not null, false)
            as has_rates
    from firsts as sides
    full join seconds as others
        on
            sides.first_entity_id = others.first_entity_id
            and sides.second_entity_id = others.second_entity_id
            and sides.month_start_date = others.month_start_date

),

compared as (

    select
        entity_id,
        partner_entity_id,
        month_start_date,
        currency,
        partner_currency,
        ledger_amount,
        partner_ledger_amount,
        sub_ledger_amount,
        partner_sub_ledger_amount,
        own_cost_amount,
        partner_own_cost_amount,
        case when is_one_group then group_currency end as group_currency,
        group_amount,
        partner_group_amount,
        case
            when is_one_group and is_one_calendar and has_rates
                then cast(
                    coalesce(group_amount, 0) + coalesce(partner_group_amount, 0)
                    as decimal(18, 4)
                )
        end as elimination_difference_amount,
        case
            when not is_one_group then 'no_common_currency'
            when not is_one_calendar then 'other_calendar'
            when not has_rates then 'no_rate'
            when not has_side or not has_partner_side then 'one_sided'
        end as open_status
    from paired

),

final as (

    select
        compared.entity_id,
        compared.partner_entity_id,
        compared.month_start_date,
        compared.currency,
        compared.partner_currency,
        compared.ledger_amount,
        compared.partner_ledger_amount,
        compared.sub_ledger_amount,
        compared.partner_sub_ledger_amount,
        compared.own_cost_amount,
        compared.partner_own_cost_amount,
        compared.group_currency,
        compared.group_amount,
        compared.partner_group_amount,
        compared.elimination_difference_amount,
        case
            when compared.open_status is not null then compared.open_status
            when compared.elimination_difference_amount = 0 then 'eliminated'
            when abs(compared.elimination_difference_amount) <= coalesce(materiality.amount, 0)
                then 'below_materiality'
            else 'difference'
        end as elimination_status
    from compared
    left join {{ ref('int_materiality') }} as materiality
        on
            compared.entity_id = materiality.entity_id
            and compared.month_start_date = materiality.month_start_date

)

select * from final
