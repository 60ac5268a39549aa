-- Every active customer has a row in both facts in every period, measured or not (promise 2). A
-- period whose perceived value has closed has those who were active then: the nightly check of
-- closed periods names anybody else (rpt_value_restatements).
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
left join {{ source('books', 'periods') }} as closed
    on
        closed.kind = 'perceived_value'
        and active.entity_id = closed.entity_id
        and active.month_start_date = closed.month_start_date
        and closed.served_version is not null
where
    closed.entity_id is null
    and (value.customer_id is null or both_halves.customer_id is null)
