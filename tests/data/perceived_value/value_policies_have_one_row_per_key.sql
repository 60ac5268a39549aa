-- Two rows of a policy that start on the same day would contradict each other.
select 'policy_value_parameters' as policy, entity_id || ' ' || parameter as key
from {{ ref('policy_value_parameters') }}
group by entity_id, parameter, valid_from
having count(*) > 1

union all

select 'policy_value_attributes' as policy, entity_id || ' ' || survey_id || ' ' || question_id as key
from {{ ref('policy_value_attributes') }}
group by entity_id, survey_id, question_id, valid_from
having count(*) > 1

union all

select 'policy_hassle_rates' as policy, entity_id || ' ' || event_type as key
from {{ ref('policy_hassle_rates') }}
group by entity_id, event_type, valid_from
having count(*) > 1

union all

select 'policy_satisfaction_bands' as policy, entity_id || ' ' || segment as key
from {{ ref('policy_satisfaction_bands') }}
group by entity_id, segment, valid_from
having count(*) > 1

union all

select 'policy_customer_strategies' as policy, entity_id || ' ' || quadrant as key
from {{ ref('policy_customer_strategies') }}
group by entity_id, quadrant, valid_from
having count(*) > 1

union all

select 'policy_metric_roles' as policy, metric as key
from {{ ref('policy_metric_roles') }}
group by metric, valid_from
having count(*) > 1
