{{ config(meta={"to_blame": "input"}) }}
-- A line or a receivable that cannot be converted would drop out of every sum; the failing rows
-- name the currency and the day, and fx_rates is what has to be delivered.
select
    entity_id,
    'revenue_lines' as input_table,
    transaction_currency,
    min(posted_on) as first_posted_on,
    count(*) as rows_count
from {{ ref('int_revenue_lines') }}
where transaction_currency <> currency and net_amount is null
group by entity_id, transaction_currency

union all

select
    receivables.entity_id,
    'receivables' as input_table,
    receivables.currency as transaction_currency,
    min(coalesce(receivables.issued_on, receivables.due_on)) as first_posted_on,
    count(*) as rows_count
from {{ ref('input_receivables') }} as receivables
inner join {{ ref('int_entities') }} as entities
    on
        receivables.entity_id = entities.entity_id
        and receivables.currency <> entities.currency
inner join {{ ref('int_entity_days') }} as days
    on
        receivables.entity_id = days.entity_id
        and coalesce(receivables.issued_on, receivables.due_on) = days.date_day
left join {{ ref('int_fx_rates_monthly') }} as rates
    on
        receivables.entity_id = rates.entity_id
        and days.month_start_date = rates.month_start_date
        and receivables.currency = rates.currency
where rates.currency is null
group by receivables.entity_id, receivables.currency
