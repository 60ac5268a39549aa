-- How often each purchase reason was stated.
select
    entity_id,
    reason,
    count(*) as statements_count,
    count(distinct customer_id) as customers_count
from {{ ref('input_stated_reasons') }}
group by entity_id, reason
