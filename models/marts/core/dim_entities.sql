with

final as (

    select
        entities.entity_id,
        entities.entity_name,
        entities.organisation_type,
        entities.value_definition,
        entities.currency,
        cast(entities.minor_digits as bigint) as minor_digits,
        entities.fiscal_calendar_id,
        entities.freight_policy,
        entities.ledger_scope_channel,
        entities.revenue_label,
        entities.is_synthetic,
        entities.has_policy,
        entities.has_ledger,
        reach.as_of_date
    from {{ ref('int_entities') }} as entities
    inner join {{ ref('int_entity_reach') }} as reach
        on entities.entity_id = reach.entity_id

)

select * from final
