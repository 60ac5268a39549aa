-- Every party of an entity, in its version true last. One that a fact names and no customer table
-- knows is kept, marked as inferred: his money is real.
with

versions as (

    select
        entity_id,
        customer_id,
        name,
        party_type,
        parent_customer_id,
        segment,
        country,
        acquired_on,
        closed_on,
        lock_in_level,
        partner_entity_id
    from {{ ref('input_customers') }}
    qualify row_number() over (
        partition by entity_id, customer_id
        order by valid_from desc, recorded_at desc, source_id asc
    ) = 1

),

seen as (

    select entity_id, customer_id from {{ ref('int_customer_revenue_monthly') }}
    union distinct
    select entity_id, customer_id from {{ ref('int_customer_costs_monthly') }}
    union distinct
    select entity_id, customer_id from {{ ref('int_active_customer_months') }}
    union distinct
    -- a customer merged since is still in periods that closed before
    select entity_id, customer_id from {{ source('books', 'fct_customer_profitability_monthly') }}

),

final as (

    select
        coalesce(versions.entity_id, seen.entity_id) as entity_id,
        coalesce(versions.customer_id, seen.customer_id) as customer_id,
        versions.name,
        versions.party_type,
        versions.parent_customer_id,
        versions.segment,
        versions.country,
        versions.acquired_on,
        versions.closed_on,
        versions.lock_in_level,
        versions.partner_entity_id,
        versions.partner_entity_id is not null as is_intercompany,
        versions.customer_id is null as is_inferred,
        coalesce(versions.customer_id, seen.customer_id) = '{{ var("unknown_customer_id") }}'
            as is_unknown
    from versions
    full join seen
        on
            versions.entity_id = seen.entity_id
            and versions.customer_id = seen.customer_id

)

select * from final
