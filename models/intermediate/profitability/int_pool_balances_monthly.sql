-- What each pool holds in a period: the part the ledger traces to a customer, the part that has to
-- find its way by departments and drivers, and in whole minor units what can be assigned of it.
with

ledger as (

    select
        entries.entity_id,
        entries.month_start_date,
        entries.period_index,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code) as pool_id,
        sum(entries.amount) as ledger_amount,
        -- a line above the customer stays there, whoever the posting names
        sum(
            case
                when entries.customer_id is not null and lines.reaches_customers
                    then entries.amount
                else 0
            end
        )
            as traced_amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            entries.pnl_line = lines.pnl_line
            and lines.is_pool_cost
    group by
        entries.entity_id,
        entries.month_start_date,
        entries.period_index,
        entries.pnl_line,
        coalesce(entries.pool_id, 'unpooled:' || entries.account_code)

),

final as (

    select
        ledger.entity_id,
        ledger.month_start_date,
        ledger.period_index,
        ledger.pnl_line,
        ledger.pool_id,
        coalesce(pools.pool_name, ledger.pool_id) as pool_name,
        coalesce(pools.driver, 'none') as driver,
        pools.hierarchy_level,
        pools.avoidability,
        coalesce(pools.is_avoidable, false) as is_avoidable,
        coalesce(pools.is_department, false) as is_department,
        pools.pool_id is not null as has_policy,
        entities.currency,
        entities.minor_digits,
        cast(ledger.ledger_amount as decimal(18, 4)) as ledger_amount,
        cast(ledger.traced_amount as decimal(18, 4)) as traced_amount,
        cast(ledger.ledger_amount - ledger.traced_amount as decimal(18, 4)) as driven_amount,
        case when ledger.ledger_amount < ledger.traced_amount then -1 else 1 end as driven_sign,
        {{ divide_whole(
            'abs(' ~ to_units('ledger.ledger_amount - ledger.traced_amount', 4) ~ ')',
            units_in_a_minor_unit('entities.minor_digits')
        ) }} as driven_minor_units
    from ledger
    inner join {{ ref('int_entities') }} as entities
        on ledger.entity_id = entities.entity_id
    left join {{ ref('int_pools_monthly') }} as pools
        on
            ledger.entity_id = pools.entity_id
            and ledger.month_start_date = pools.month_start_date
            and ledger.pool_id = pools.pool_id

)

select * from final
