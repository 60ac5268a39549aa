-- What each pool costs after the service departments, by each method beside the others, whichever
-- one is in force: does any figure depend on the choice?
with

amounts as (

    select
        transfers.entity_id,
        transfers.month_start_date,
        transfers.receiver_pool_id as pool_id,
        transfers.service_method,
        transfers.minor_units,
        origins.minor_digits
    from {{ ref('int_department_transfers_monthly') }} as transfers
    inner join {{ ref('int_pools_monthly') }} as origins
        on
            transfers.entity_id = origins.entity_id
            and transfers.month_start_date = origins.month_start_date
            and transfers.pool_id = origins.pool_id
    where transfers.outcome in ('charged', 'through')

),

methods as (

    select
        entity_id,
        month_start_date,
        pool_id,
        {%- for method in ['direct', 'step_down', 'reciprocal'] %}
        sum(
            case
                when service_method = '{{ method }}'
                    then {{ minor_units_to_money('minor_units', 'minor_digits') }}
                else 0
            end
        ) as {{ method }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from amounts
    group by entity_id, month_start_date, pool_id

),

ledger as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(ledger_amount) as ledger_amount
    from {{ ref('int_pool_balances_monthly') }}
    group by entity_id, month_start_date, pool_id

),

totals as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.currency,
        pools.pool_id,
        pools.pool_name,
        pools.is_department,
        pools.service_method,
        coalesce(ledger.ledger_amount, 0) as ledger_amount,
        coalesce(ledger.ledger_amount, 0) + coalesce(methods.direct_amount, 0) as direct_amount,
        coalesce(ledger.ledger_amount, 0) + coalesce(methods.step_down_amount, 0)
            as step_down_amount,
        coalesce(ledger.ledger_amount, 0) + coalesce(methods.reciprocal_amount, 0)
            as reciprocal_amount
    from {{ ref('int_pools_monthly') }} as pools
    left join ledger
        on
            pools.entity_id = ledger.entity_id
            and pools.month_start_date = ledger.month_start_date
            and pools.pool_id = ledger.pool_id
    left join methods
        on
            pools.entity_id = methods.entity_id
            and pools.month_start_date = methods.month_start_date
            and pools.pool_id = methods.pool_id
    where pools.is_department or methods.pool_id is not null

),

final as (

    select
        entity_id,
        month_start_date,
        currency,
        pool_id,
        pool_name,
        is_department,
        service_method,
        cast(ledger_amount as decimal(18, 4)) as ledger_amount,
        cast(direct_amount as decimal(18, 4)) as direct_amount,
        cast(step_down_amount as decimal(18, 4)) as step_down_amount,
        cast(reciprocal_amount as decimal(18, 4)) as reciprocal_amount,
        cast(
            greatest(direct_amount, step_down_amount, reciprocal_amount)
            - least(direct_amount, step_down_amount, reciprocal_amount) as decimal(18, 4)
        )
            as method_spread_amount
    from totals

)

select * from final
