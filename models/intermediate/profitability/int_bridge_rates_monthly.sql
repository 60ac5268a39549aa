-- Rates of exchange by scenario as bridges need them: what a period's sales were booked at, without
-- regard to signs; without any, the mean of its daily rates.
with

booked as (

    select
        'actual' as scenario,
        entity_id,
        month_start_date,
        transaction_currency as currency,
        sum(gross_pocket_amount) as gross_pocket_amount,
        sum(gross_transaction_amount) as gross_transaction_amount
    from {{ ref('int_profit_cells_monthly') }}
    where cell_kind = 'sale'
    group by entity_id, month_start_date, transaction_currency

    union all

    select
        'budget' as scenario,
        entity_id,
        month_start_date,
        transaction_currency as currency,
        sum(abs(pocket_amount)) as gross_pocket_amount,
        sum(abs(transaction_pocket_amount)) as gross_transaction_amount
    from {{ ref('int_budget_cells_monthly') }}
    group by entity_id, month_start_date, transaction_currency

),

final as (

    select
        coalesce(booked.scenario, 'actual') as scenario,
        coalesce(booked.entity_id, quoted.entity_id) as entity_id,
        coalesce(booked.month_start_date, quoted.month_start_date) as month_start_date,
        coalesce(booked.currency, quoted.currency) as currency,
        case
            when booked.gross_pocket_amount > 0 and booked.gross_transaction_amount > 0
                then {{ divide_rounded(
                    to_units('booked.gross_pocket_amount', 4) ~ ' * ' ~ to_units('1', 12),
                    to_units('booked.gross_transaction_amount', 4)
                ) }}
            else {{ divide_rounded(
                'quoted.rate_numerator * ' ~ to_units('1', 12), 'quoted.rate_denominator'
            ) }}
        end as rate_units
    from booked
    full join {{ ref('int_fx_rates_monthly') }} as quoted
        on
            booked.entity_id = quoted.entity_id
            and booked.month_start_date = quoted.month_start_date
            and booked.currency = quoted.currency

)

select * from final
