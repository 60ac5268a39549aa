-- Every arguable number a figure rests on, with its owner, dates, evidence and source.
{%- set policies = {
    'policy_organisations': ['entity_id', 'currency', 'fiscal_calendar_id', 'freight_policy', 'ledger_scope_channel', 'revenue_label'],
    'policy_account_mapping': ['chart_id', 'account_code', 'cost_centre_id', 'pnl_line', 'pool_id'],
    'policy_cost_pools': ['chart_id', 'pool_id', 'driver', 'method', 'hierarchy_level', 'avoidability'],
    'policy_direct_cost_rates': ['entity_id', 'category', 'direct_cost_rate'],
    'policy_reconciling_items': ['chart_id', 'pnl_line', 'item_type', 'is_signable', 'explanation'],
    'policy_reporting': ['entity_id', 'parameter', 'value'],
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
            partition by policy, assumption order by valid_from, valid_to, evidence, source
        ) as bigint) as occurrence,
        valid_from,
        valid_to,
        owner,
        evidence,
        source
    from rows_of_policies

)

select * from final
