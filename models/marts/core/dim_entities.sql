with

final as (

    select
        entity_id,
        entity_name,
        organisation_type,
        value_definition,
        currency,
        cast(minor_digits as bigint) as minor_digits,
        fiscal_calendar_id,
        freight_policy,
        ledger_scope_channel,
        revenue_label,
        is_synthetic,
        has_policy,
        has_ledger,
        as_of_date
    from {{ ref('int_entities') }}

)

select * from final
