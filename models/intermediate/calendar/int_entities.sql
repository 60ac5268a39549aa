-- One row per entity that brought anything, with the policy in force. How far its data reaches
-- stands apart (int_entity_reach): a new period must not look like a new policy.
with

ledgers as (

    select
        entity_id,
        min(currency) as first_currency,
        max(currency) as last_currency
    from {{ ref('input_cost_entries') }}
    where scenario = 'actual'
    group by entity_id

),

entities as (

    select entity_id from {{ ref('input_revenue_lines') }}
    union distinct
    select entity_id from ledgers
    union distinct
    select entity_id from {{ ref('input_customers') }}

),

-- the version of the policy in force last; dated versions of a figure are joined where it is used
policies as (

    select
        entity_id,
        entity_name,
        organisation_type,
        value_definition,
        currency,
        fiscal_calendar_id,
        chart_id,
        freight_policy,
        ledger_scope_channel,
        revenue_label,
        is_synthetic
    from {{ ref('policy_organisations') }}
    qualify row_number() over (partition by entity_id order by valid_from desc) = 1

),

described as (

    select
        entities.entity_id,
        coalesce(policies.entity_name, entities.entity_id) as entity_name,
        coalesce(policies.organisation_type, 'commercial') as organisation_type,
        policies.value_definition,
        -- a ledger in one currency says which; nothing else is guessed
        coalesce(
            policies.currency,
            case
                when ledgers.first_currency = ledgers.last_currency then ledgers.first_currency
            end
        ) as currency,
        coalesce(policies.fiscal_calendar_id, 'calendar_month') as fiscal_calendar_id,
        coalesce(policies.chart_id, entities.entity_id) as chart_id,
        coalesce(policies.freight_policy, 'actual') as freight_policy,
        policies.ledger_scope_channel,
        coalesce(policies.revenue_label, 'revenue') as revenue_label,
        coalesce(policies.is_synthetic, false) as is_synthetic,
        policies.entity_id is not null as has_policy,
        ledgers.entity_id is not null as has_ledger
    from entities
    left join ledgers on entities.entity_id = ledgers.entity_id
    left join policies on entities.entity_id = policies.entity_id

),

final as (

    select
        described.entity_id,
        described.entity_name,
        described.organisation_type,
        described.value_definition,
        described.currency,
        coalesce(currencies.minor_digits, 2) as minor_digits,
        described.fiscal_calendar_id,
        described.chart_id,
        described.freight_policy,
        described.ledger_scope_channel,
        described.revenue_label,
        described.is_synthetic,
        described.has_policy,
        described.has_ledger
    from described
    left join {{ ref('lookup_currencies') }} as currencies
        on described.currency = currencies.currency

)

select * from final
