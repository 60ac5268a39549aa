-- The mart that finance ties out carries the sub-ledger of T3, line by line; receivables are no
-- line of it. Where the ledger covers one channel only, the mart has no channel to split by: those
-- entities are left out.
with

mart as (

    select
        pnl_lines.entity_id,
        pnl_lines.month_start_date,
        pnl_lines.pnl_line,
        sum(case
            when pnl_lines.pnl_line in ('freight_paid', 'direct_cost')
                then -pnl_lines.profit_effect_amount
            else pnl_lines.profit_effect_amount
        end) as mart_amount
    from {{ ref('fct_customer_pnl_lines_monthly') }} as pnl_lines
    inner join {{ ref('dim_customers') }} as customers
        on
            pnl_lines.entity_id = customers.entity_id
            and pnl_lines.customer_id = customers.customer_id
    where not customers.is_intercompany
    group by pnl_lines.entity_id, pnl_lines.month_start_date, pnl_lines.pnl_line

)

select
    tie_outs.entity_id,
    tie_outs.month_start_date,
    tie_outs.pnl_line,
    tie_outs.assigned_amount,
    mart.mart_amount
from {{ ref('rpt_ledger_reconciliation') }} as tie_outs
inner join {{ ref('lookup_pnl_lines') }} as lines
    on tie_outs.pnl_line = lines.pnl_line
inner join {{ ref('dim_entities') }} as entities
    on tie_outs.entity_id = entities.entity_id
left join mart
    on
        tie_outs.entity_id = mart.entity_id
        and tie_outs.month_start_date = mart.month_start_date
        and tie_outs.pnl_line = mart.pnl_line
where
    tie_outs.tie_out = 'T3'
    and tie_outs.pnl_line <> 'intercompany'
    and entities.ledger_scope_channel is null
    and tie_outs.assigned_amount <> coalesce(mart.mart_amount, 0)
