-- Who stands in which role to a customer. A relation names them; every customer is one himself, and
-- pays for himself where no relation names another payer.
with

named as (

    select
        entity_id,
        related_customer_id as customer_id,
        case relation
            when 'payer_of' then 'payer'
            when 'user_of' then 'user'
            when 'affected_by' then 'affected_party'
        end as role,
        customer_id as party_id,
        valid_from,
        valid_to
    from {{ ref('input_party_relations') }}
    where relation in ('payer_of', 'user_of', 'affected_by')

),

payers as (

    select distinct
        entity_id,
        customer_id
    from named
    where role = 'payer'

),

customers as (

    select
        entity_id,
        customer_id,
        coalesce(acquired_on, date '1900-01-01') as valid_from,
        closed_on as valid_to
    from {{ ref('int_customers') }}
    where not is_unknown

),

final as (

    select
        entity_id,
        customer_id,
        role,
        party_id,
        valid_from,
        valid_to
    from named

    union all

    select
        entity_id,
        customer_id,
        'customer' as role,
        customer_id as party_id,
        valid_from,
        valid_to
    from customers

    union all

    select
        customers.entity_id,
        customers.customer_id,
        'payer' as role,
        customers.customer_id as party_id,
        customers.valid_from,
        customers.valid_to
    from customers
    left join payers
        on
            customers.entity_id = payers.entity_id
            and customers.customer_id = payers.customer_id
    where payers.customer_id is null

)

select * from final
