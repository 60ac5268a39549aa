-- What every published metric is for: an end, a means to one, a guardrail or a diagnostic. A means
-- names the end it serves and what must not suffer for it.
with

final as (

    select
        metric,
        model as mart,
        column_name,
        role as metric_role,
        end_served,
        guardrails,
        valid_from,
        valid_to,
        owner,
        evidence,
        source
    from {{ ref('policy_metric_roles') }}

)

select * from final
