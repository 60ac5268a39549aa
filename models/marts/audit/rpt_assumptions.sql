-- Every arguable number a figure rests on, with its owner, dates, evidence and source.
{%- set policies = {
    'policy_organisations': [
        'entity_id', 'currency', 'fiscal_calendar_id', 'freight_policy', 'ledger_scope_channel',
        'revenue_label',
    ],
    'policy_account_mapping': ['chart_id', 'account_code', 'cost_centre_id', 'pnl_line', 'pool_id'],
    'policy_cost_pools': [
        'chart_id', 'pool_id', 'driver', 'method', 'hierarchy_level', 'avoidability',
    ],
    'policy_costing_parameters': ['entity_id', 'parameter', 'value'],
    'policy_service_departments': [
        'chart_id', 'pool_id', 'receiver_pool_id', 'basis', 'share', 'step_order',
    ],
    'policy_time_equations': [
        'chart_id', 'pool_id', 'activity_type', 'term', 'attribute_value', 'coefficient_minutes',
        'is_productive',
    ],
    'policy_activity_drivers': [
        'chart_id', 'pool_id', 'activity', 'activity_share', 'driver', 'weight',
    ],
    'policy_direct_cost_rates': ['entity_id', 'category', 'direct_cost_rate'],
    'policy_reconciling_items': ['chart_id', 'pnl_line', 'item_type', 'is_signable', 'explanation'],
    'policy_reporting': ['entity_id', 'parameter', 'value'],
    'policy_value_attributes': [
        'entity_id', 'survey_id', 'question_id', 'attribute_id', 'attribute_name', 'term',
        'direction', 'weight',
    ],
    'policy_value_parameters': ['entity_id', 'parameter', 'value'],
    'policy_hassle_rates': [
        'entity_id', 'event_type', 'term', 'opportunity', 'effect_per_unit',
        'is_ordinary',
    ],
    'policy_minute_values': ['entity_id', 'currency', 'minute_value_amount'],
    'policy_satisfaction_bands': ['entity_id', 'segment', 'lower_index', 'upper_index'],
    'policy_customer_strategies': ['entity_id', 'quadrant', 'customer_strategy', 'description'],
    'policy_identity_rules': ['parameter', 'value'],
    'policy_identity_weights': ['field', 'level', 'm_probability', 'u_probability'],
    'policy_identity_decisions': [
        'entity_id', 'source_system', 'source_key', 'other_source_system', 'other_source_key',
        'decision',
    ],
    'policy_metric_roles': ['metric', 'role', 'end_served', 'guardrails'],
    'policy_staff_statements': ['entity_id', 'statement_id', 'attribute_id', 'customers_agree_when'],
    'policy_contact_caps': ['entity_id', 'channel', 'window_days', 'contacts_at_most'],
    'policy_contact_parameters': ['entity_id', 'parameter', 'value'],
    'policy_reason_terms': ['reason', 'driver'],
    'policy_lever_costs': ['entity_id', 'driver', 'currency', 'cost_per_point_amount'],
} %}
with

rows_of_policies as (

    {%- for policy, columns in policies.items() %}
    select
        '{{ policy }}' as policy,
        {%- for column in columns %}
        '{{ column }}=' || coalesce(cast({{ column }} as {{ dbt.type_string() }}), '')
        {{- " || '; ' ||" if not loop.last }}
        {%- endfor %} as assumption,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        owner,
        evidence,
        source
    from {{ ref(policy) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        policy,
        assumption,
        cast(row_number() over (
            partition by policy, assumption
            order by
                valid_from nulls last,
                valid_to nulls last,
                evidence nulls last,
                source nulls last
        ) as bigint) as occurrence,
        valid_from,
        valid_to,
        owner,
        evidence,
        source
    from rows_of_policies

)

select * from final
