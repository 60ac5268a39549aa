-- Every active customer has a row in both facts in every period, measured or not (promise 2).
select
    active.entity_id,
    active.customer_id,
    active.month_start_date
from {{ ref('int_active_customer_months') }} as active
left join {{ ref('fct_customer_perceived_value_monthly') }} as value
    on
        active.entity_id = value.entity_id
        and active.customer_id = value.customer_id
        and active.month_start_date = value.month_start_date
left join {{ ref('fct_customer_value_monthly') }} as both_halves
    on
        active.entity_id = both_halves.entity_id
        and active.customer_id = both_halves.customer_id
        and active.month_start_date = both_halves.month_start_date
where
    value.customer_id is null
    or both_halves.customer_id is null
