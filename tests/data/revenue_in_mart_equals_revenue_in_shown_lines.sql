-- No orphan and no double count: the mart carries exactly the lines of the shown periods.
with

shown_lines as (

    -- settlements of rebates stand in the mart's rebates, not in its invoices
    select
        entity_id,
        sum(case when document_type = 'rebate_settlement' then 0 else net_amount end) as amount
    from {{ ref('int_revenue_lines') }}
    group by entity_id

),

mart as (

    select entity_id, sum(invoice_amount) as amount
    from {{ ref('fct_customer_profitability_monthly') }}
    group by entity_id

)

select
    coalesce(shown_lines.entity_id, mart.entity_id) as entity_id,
    shown_lines.amount as lines_amount,
    mart.amount as mart_amount
from shown_lines
full join mart on shown_lines.entity_id = mart.entity_id
where coalesce(shown_lines.amount, 0) is distinct from coalesce(mart.amount, 0)
