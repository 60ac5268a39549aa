{{ config(meta={"to_blame": "input"}) }}
-- An entity's currency comes from policy_organisations, or from a ledger that has only one.
select entity_id
from {{ ref('int_entities') }}
where currency is null
