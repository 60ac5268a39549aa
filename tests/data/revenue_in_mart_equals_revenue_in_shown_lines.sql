-- No orphan and no double count: the mart carries exactly the lines of each period. What a closed
-- period reports is frozen, and rpt_restatements compares it with its lines.
with

shown_lines as (

    -- settlements of rebates stand in the mart's rebates, not in its invoices
    select
        entity_id,
        month_start_date,
        sum(case when document_type = 'rebate_settlement' then 0 else net_amount end) as amount
    from {{ ref('int_revenue_lines') }}
    group by entity_id, month_start_date

),

mart as (

    select entity_id, month_start_date, sum(invoice_amount) as amount
    from {{ ref('fct_customer_profitability_monthly') }}
    group by entity_id, month_start_date

)

select
    coalesce(shown_lines.entity_id, mart.entity_id) as entity_id,
    coalesce(shown_lines.month_start_date, mart.month_start_date) as month_start_date,
    shown_lines.amount as lines_amount,
    mart.amount as mart_amount
from shown_lines
full join mart
    on
        shown_lines.entity_id = mart.entity_id
        and shown_lines.month_start_date = mart.month_start_date
left join {{ source('books', 'periods') }} as closed
    on
        closed.kind = 'profit'
        and coalesce(shown_lines.entity_id, mart.entity_id) = closed.entity_id
        and coalesce(shown_lines.month_start_date, mart.month_start_date)
        = closed.month_start_date
        and closed.served_version is not null
where
    closed.entity_id is null
    and coalesce(shown_lines.amount, 0) is distinct from coalesce(mart.amount, 0)
