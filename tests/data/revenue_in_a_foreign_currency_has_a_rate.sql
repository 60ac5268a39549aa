{{ config(meta={"to_blame": "input"}) }}
-- A line that cannot be converted would drop out of every sum; the failing rows name the currency
-- and the day, and fx_rates is what has to be delivered.
select
    entity_id,
    transaction_currency,
    min(posted_on) as first_posted_on,
    count(*) as lines_count
from {{ ref('int_revenue_lines') }}
where transaction_currency <> currency and net_amount is null
group by entity_id, transaction_currency
