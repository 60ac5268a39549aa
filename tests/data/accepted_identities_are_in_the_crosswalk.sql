-- The identity step reads the raw rows before dbt; it has to have taken those that input accepts,
-- and no customer may bear keys of two tax numbers.
with

accepted as (

    select
        identities.entity_id,
        identities.source_system,
        identities.source_key,
        case when bridge.source_key is null then 'not in the crosswalk' end as fault
    from {{ ref('input_identities') }} as identities
    left join {{ ref('bridge_customer_identities') }} as bridge
        on
            identities.entity_id = bridge.entity_id
            and identities.source_system = bridge.source_system
            and identities.source_key = bridge.source_key
            and bridge.valid_to is null

),

refused as (

    select
        bridge.entity_id,
        bridge.source_system,
        bridge.source_key,
        'not accepted by input' as fault
    from {{ ref('bridge_customer_identities') }} as bridge
    left join {{ ref('input_identities') }} as identities
        on
            bridge.entity_id = identities.entity_id
            and bridge.source_system = identities.source_system
            and bridge.source_key = identities.source_key
    where identities.source_key is null

),

across_tax_ids as (

    select
        bridge.entity_id,
        bridge.party_id as source_system,
        cast(null as {{ dbt.type_string() }}) as source_key,
        'two tax numbers in one party' as fault
    from {{ ref('bridge_customer_identities') }} as bridge
    inner join {{ ref('input_identities') }} as identities
        on
            bridge.entity_id = identities.entity_id
            and bridge.source_system = identities.source_system
            and bridge.source_key = identities.source_key
    where
        bridge.valid_to is null
        -- without a digit it is a remark
        and translate(identities.tax_id, '0123456789', '') <> identities.tax_id
    group by bridge.entity_id, bridge.party_id
    having count(distinct translate(upper(identities.tax_id), ' -./', '')) > 1

)

select entity_id, source_system, source_key, fault
from accepted
where fault is not null
union all
select entity_id, source_system, source_key, fault
from refused
union all
select entity_id, source_system, source_key, fault
from across_tax_ids
