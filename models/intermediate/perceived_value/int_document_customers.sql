-- The customer of each document that a delivery or a posting refers to. Of no other document: a
-- new invoice that nothing refers to yet changes nothing here, and what is told by documents stays
-- as it is in every period.
with

referred as (

    select entity_id, document_id
    from {{ ref('input_deliveries') }}
    where document_id is not null
    union distinct
    select entity_id, document_id
    from {{ ref('input_cost_entries') }}
    where document_id is not null

),

final as (

    select
        documents.entity_id,
        documents.document_id,
        min(documents.customer_id) as customer_id
    from {{ ref('int_document_sales_monthly') }} as documents
    inner join referred
        on
            documents.entity_id = referred.entity_id
            and documents.document_id = referred.document_id
    where documents.customer_id <> '{{ var("unknown_customer_id") }}'
    group by documents.entity_id, documents.document_id

)

select * from final
