-- Customers of the documents that ledger postings name. A model of its own, so that a new document
-- does not make every period of the ledger due.
with

final as (

    select distinct
        documents.entity_id,
        documents.document_id,
        documents.customer_id
    from {{ ref('int_document_customers') }} as documents
    inner join {{ ref('input_cost_entries') }} as entries
        on
            documents.entity_id = entries.entity_id
            and documents.document_id = entries.document_id

)

select * from final
