with

final as (

    select
        entity_id,
        dispute_kind,
        source_system,
        source_key,
        other_source_system,
        other_source_key,
        customer_id,
        other_customer_id,
        match_rule,
        match_probability,
        records_count
    from {{ source('build', 'identity_disputes') }}

)

select * from final
