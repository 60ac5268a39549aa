-- The customer of each document that a delivery, a posting or another event refers to.
select
    entity_id,
    document_id,
    min(customer_id) as customer_id
from {{ ref('int_revenue_lines') }}
where
    entity_id in (
        select entity_id from {{ ref('input_deliveries') }}
        union all
        select entity_id from {{ ref('input_cost_entries') }}
        where document_id is not null
    )
    and customer_id <> '{{ var("unknown_customer_id") }}'
group by entity_id, document_id
