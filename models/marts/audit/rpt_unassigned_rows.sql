-- What reached no customer, by name and reason: nothing disappears between ledger and customers.
with

computed as (

    select
        pools.entity_id,
        pools.month_start_date,
        entities.currency,
        pools.pnl_line,
        pools.pool_id,
        pools.unassigned_reason,
        pools.ledger_amount,
        pools.unassigned_amount
    from {{ ref('int_unassigned_cost_monthly') }} as pools
    inner join {{ ref('int_entities') }} as entities
        on pools.entity_id = entities.entity_id
    where pools.unassigned_amount <> 0

),

final as (

    {%- set columns = [
        'entity_id', 'month_start_date', 'currency', 'pnl_line', 'pool_id', 'unassigned_reason',
        'ledger_amount', 'unassigned_amount',
    ] %}
    {{ with_frozen_rows('rpt_unassigned_rows', columns) }}

)

select * from final
