-- One event feeds one term, and a term is counted per one kind of opportunity (R24); else the same
-- mishap would lower value twice, or be measured against two bases.
select
    entity_id,
    month_start_date,
    'event ' || event_type as fault
from {{ ref('int_hassle_rates') }}
group by entity_id, month_start_date, event_type
having count(distinct term) > 1

union all

select
    entity_id,
    month_start_date,
    'term ' || term as fault
from {{ ref('int_hassle_rates') }}
group by entity_id, month_start_date, term
having count(distinct opportunity) > 1
