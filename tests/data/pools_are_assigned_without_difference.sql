-- T2 is zero by construction; anything else is a fault of the engine.
select
    entity_id,
    month_start_date,
    pnl_line,
    pool_id,
    difference_amount
from {{ ref('rpt_ledger_reconciliation') }}
where tie_out = 'T2' and difference_amount <> 0
