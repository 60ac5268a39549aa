with

revenue as (

    select
        entity_id,
        customer_id,
        month_start_date,
        invoice_amount
    from {{ ref('fct_customer_profitability_monthly') }}

),

active as (

    select
        value.entity_id,
        value.month_start_date,
        value.customer_id,
        value.measurement_status,
        value.response_rate,
        quadrants.trailing_profit_amount is not null as is_profit_measured
    from {{ ref('fct_customer_perceived_value_monthly') }} as value
    inner join {{ ref('int_customer_quadrants') }} as quadrants
        on
            value.entity_id = quadrants.entity_id
            and value.customer_id = quadrants.customer_id
            and value.month_start_date = quadrants.month_start_date

),

-- full join: revenue of the unknown customer belongs to nobody who could be asked
joined as (

    select
        coalesce(active.entity_id, revenue.entity_id) as entity_id,
        coalesce(active.month_start_date, revenue.month_start_date) as month_start_date,
        coalesce(active.measurement_status, 'unknown_customer') as measurement_status,
        coalesce(active.is_profit_measured, false) as is_profit_measured,
        active.customer_id,
        active.response_rate,
        coalesce(revenue.invoice_amount, 0) as invoice_amount
    from active
    full join revenue
        on
            active.entity_id = revenue.entity_id
            and active.customer_id = revenue.customer_id
            and active.month_start_date = revenue.month_start_date

),

counted as (

    select
        entity_id,
        month_start_date,
        measurement_status,
        is_profit_measured,
        count(customer_id) as customers_count,
        count(response_rate) as asked_customers_count,
        sum(invoice_amount) as revenue_amount
    from joined
    group by entity_id, month_start_date, measurement_status, is_profit_measured

),

totalled as (

    select
        entity_id,
        month_start_date,
        measurement_status,
        is_profit_measured,
        customers_count,
        asked_customers_count,
        revenue_amount,
        sum(customers_count) over (partition by entity_id, month_start_date)
            as all_customers_count,
        sum(revenue_amount) over (partition by entity_id, month_start_date) as all_revenue_amount
    from counted

),

final as (

    select
        totalled.entity_id,
        totalled.month_start_date,
        totalled.measurement_status,
        totalled.is_profit_measured,
        entities.currency,
        cast(totalled.revenue_amount as decimal(18, 4)) as revenue_amount,
        cast(totalled.customers_count as bigint) as customers_count,
        cast(totalled.asked_customers_count as bigint) as asked_customers_count,
        {{ units_to_score(share_units(
            'totalled.customers_count', 'totalled.all_customers_count'
        )) }} as customers_share,
        case when totalled.all_revenue_amount > 0
            then {{ units_to_score(share_units(
                to_units('totalled.revenue_amount', 4), to_units('totalled.all_revenue_amount', 4)
            )) }}
        end as revenue_share
    from totalled
    inner join {{ ref('int_entities') }} as entities
        on totalled.entity_id = entities.entity_id

)

select * from final
