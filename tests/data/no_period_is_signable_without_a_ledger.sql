-- What no ledger stands behind, nobody can sign.
select
    entity_id,
    month_start_date
from {{ ref('dim_months') }}
where period_status = 'signable' and not has_ledger
