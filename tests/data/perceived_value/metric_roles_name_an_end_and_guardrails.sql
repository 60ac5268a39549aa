-- A means serves an end and is guarded; an end serves nothing (R31, design promise 3).
select
    roles.metric,
    roles.role
from {{ ref('policy_metric_roles') }} as roles
left join {{ ref('policy_metric_roles') }} as served
    on roles.end_served = served.metric
where
    (roles.role = 'end' and roles.end_served is not null)
    or (roles.role <> 'end' and served.metric is null)
    or (roles.role = 'means' and (served.role <> 'end' or roles.guardrails is null))
    or roles.role not in ('end', 'means', 'guardrail', 'diagnostic')
