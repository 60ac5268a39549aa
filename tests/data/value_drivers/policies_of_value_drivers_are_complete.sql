{{ config(meta={"to_blame": "input"}) }}
-- A report would lose its rows without anybody having meant it, or show staff in groups too small.
with

needed as (

    select 'policy_reporting' as policy, 'minimum_staff_shown' as parameter
    union all
    select 'policy_reporting' as policy, 'agreement_gap_alert' as parameter
    union all
    select 'policy_reporting' as policy, 'driver_minimum_customers' as parameter
    union all
    select 'policy_reporting' as policy, 'consideration_margin' as parameter
    union all
    select 'policy_contact_parameters' as policy, 'incremental_share' as parameter
    union all
    select 'policy_contact_parameters' as policy, 'lost_years' as parameter
    union all
    select 'policy_contact_parameters' as policy, 'reachable_share' as parameter

),

attributes as (

    select distinct attribute_id
    from {{ ref('policy_value_attributes') }}

)

select
    'policy_reporting' as policy,
    needed.parameter as policy_row,
    'no number for all entities (*)' as fault
from needed
left join {{ ref('policy_reporting') }} as reporting
    on
        needed.parameter = reporting.parameter
        and reporting.entity_id = '*'
        and try_cast(reporting.value as decimal(18, 9)) is not null
where
    needed.policy = 'policy_reporting'
    and reporting.parameter is null

union all

select
    'policy_reporting' as policy,
    entity_id || ' ' || parameter as policy_row,
    'staff are shown from ten people on, not from ' || value as fault
from {{ ref('policy_reporting') }}
where parameter = 'minimum_staff_shown' and coalesce(try_cast(value as bigint), 0) < 10

union all

select
    'policy_staff_statements' as policy,
    statements.entity_id || ' ' || statements.statement_id as policy_row,
    case
        when attributes.attribute_id is null
            then 'attribute_id ' || statements.attribute_id || ' is not in policy_value_attributes'
        else 'customers_agree_when has to be high or low'
    end as fault
from {{ ref('policy_staff_statements') }} as statements
left join attributes
    on statements.attribute_id = attributes.attribute_id
where
    statements.attribute_id is not null
    and (
        attributes.attribute_id is null
        or coalesce(statements.customers_agree_when, '') not in ('high', 'low')
    )

union all

select
    'policy_contact_caps' as policy,
    entity_id || ' ' || channel as policy_row,
    'a window has at least one day and allows at least one contact' as fault
from {{ ref('policy_contact_caps') }}
where coalesce(window_days, 0) < 1 or coalesce(contacts_at_most, 0) < 1

union all

select
    'policy_contact_parameters' as policy,
    needed.parameter as policy_row,
    'no number of nought or more for all entities (*)' as fault
from needed
left join {{ ref('policy_contact_parameters') }} as parameters
    on
        needed.parameter = parameters.parameter
        and parameters.entity_id = '*'
        and parameters.value >= 0
where
    needed.policy = 'policy_contact_parameters'
    and parameters.parameter is null

union all

select
    'policy_reason_terms' as policy,
    reason as policy_row,
    'driver ' || driver || ' is no term' as fault
from {{ ref('policy_reason_terms') }}
where driver not in ('product_quality', 'service_quality', 'price', 'hassle')

union all

select
    'policy_lever_costs' as policy,
    entity_id || ' ' || coalesce(driver, '') as policy_row,
    'a lever moves a term and costs something' as fault
from {{ ref('policy_lever_costs') }}
where
    coalesce(driver, '') not in ('product_quality', 'service_quality', 'price', 'hassle')
    or coalesce(cost_per_point_amount, 0) <= 0

union all

select
    'lookup_comment_words' as policy,
    language || ' ' || word as policy_row,
    'a word is plain, of one version, and marks a term or a language' as fault
from {{ ref('lookup_comment_words') }}
where
    {{ plain_text('word') }} <> ' ' || word || ' '
    or term not in ('product_quality', 'service_quality', 'price', 'hassle', 'language')
    or list_version <> (select max(list_version) from {{ ref('lookup_comment_words') }})
