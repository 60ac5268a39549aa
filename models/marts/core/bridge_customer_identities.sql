-- Whom each key stood for, dated: until the day its link was known the customer the source itself
-- named (or none), from then on the one it was resolved to. The dates are those of the records, so
-- a night that is run again tells the same history.
with

links as (

    select
        entity_id,
        source_system,
        source_key,
        known_customer_id,
        party_id,
        customer_id,
        resolution_status,
        match_rule,
        match_probability,
        survivorship,
        records_count,
        cast(recorded_at as date) as recorded_on,
        cast(linked_at as date) as linked_on
    from {{ source('build', 'identity_links') }}

),

final as (

    select
        entity_id,
        source_system,
        source_key,
        recorded_on as valid_from,
        cast({{ dbt.dateadd('day', -1, 'linked_on') }} as date) as valid_to,
        known_customer_id as customer_id,
        customer_id as as_is_customer_id,
        party_id,
        case when known_customer_id is null then 'unresolved' else 'resolved' end
            as resolution_status,
        case when known_customer_id is null then 'own_record' else 'customer_id' end as match_rule,
        cast(1 as decimal(18, 9)) as match_probability,
        case when known_customer_id is null then 'no_customer' else 'only_customer' end
            as survivorship,
        cast(1 as bigint) as records_count
    from links
    where recorded_on < linked_on

    union all

    select
        entity_id,
        source_system,
        source_key,
        linked_on as valid_from,
        cast(null as date) as valid_to,
        customer_id,
        customer_id as as_is_customer_id,
        party_id,
        resolution_status,
        match_rule,
        match_probability,
        survivorship,
        records_count
    from links

)

select * from final
