-- One row per entity that brought anything, with the policy in force and the last day it shows.
with

revenue_reach as (

    select
        entity_id,
        max(posted_on) as last_revenue_on,
        min(posted_on) as first_revenue_on
    from {{ ref('input_revenue_lines') }}
    group by entity_id

),

ledger_reach as (

    select
        entity_id,
        max(posted_on) as last_ledger_on,
        min(posted_on) as first_ledger_on,
        min(currency) as first_currency,
        max(currency) as last_currency
    from {{ ref('input_cost_entries') }}
    where scenario = 'actual'
    group by entity_id

),

entities as (

    select entity_id from revenue_reach
    union distinct
    select entity_id from ledger_reach
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
                when ledger_reach.first_currency = ledger_reach.last_currency
                    then ledger_reach.first_currency
            end
        ) as currency,
        coalesce(policies.fiscal_calendar_id, 'calendar_month') as fiscal_calendar_id,
        coalesce(policies.chart_id, entities.entity_id) as chart_id,
        coalesce(policies.freight_policy, 'actual') as freight_policy,
        policies.ledger_scope_channel,
        coalesce(policies.revenue_label, 'revenue') as revenue_label,
        coalesce(policies.is_synthetic, false) as is_synthetic,
        policies.entity_id is not null as has_policy,
        ledger_reach.entity_id is not null as has_ledger,
        least(revenue_reach.first_revenue_on, ledger_reach.first_ledger_on) as first_posted_on,
        least(revenue_reach.last_revenue_on, ledger_reach.last_ledger_on) as reached_on
    from entities
    left join revenue_reach on entities.entity_id = revenue_reach.entity_id
    left join ledger_reach on entities.entity_id = ledger_reach.entity_id
    left join policies on entities.entity_id = policies.entity_id

),

reached_period as (

    select
        described.entity_id,
        max(calendar.period_end_date) as period_end_date
    from described
    inner join {{ ref('int_fiscal_periods') }} as calendar
        on
            described.fiscal_calendar_id = calendar.fiscal_calendar_id
            and described.reached_on between calendar.period_start_date and calendar.period_end_date
    group by described.entity_id

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
        described.has_ledger,
        described.first_posted_on,
        coalesce(parameters.as_of_date, reached_period.period_end_date) as as_of_date
    from described
    left join reached_period on described.entity_id = reached_period.entity_id
    left join {{ ref('lookup_currencies') }} as currencies
        on described.currency = currencies.currency
    cross join {{ source('build', 'parameters') }} as parameters

)

select * from final
