-- Between batches: running totals shrink to one row a key, settled quarters go.

create or replace table sim_customer_minutes as
select
    n,
    activity_type,
    cast(sum(minutes) as decimal(18, 4)) as minutes
from sim_customer_minutes
group by all;

create or replace table sim_customer_years as
select
    n,
    year_number,
    cast(sum(net_amount) as decimal(18, 4)) as net_amount,
    cast(sum(rebate_amount) as decimal(18, 4)) as rebate_amount,
    cast(sum(freight_result) as decimal(18, 4)) as freight_result,
    cast(sum(direct_cost_amount) as decimal(18, 4)) as direct_cost_amount,
    cast(sum(lines_count) as bigint) as lines_count
from sim_customer_years
group by all;

-- a quarter is settled in the month after it, so what ended before the next month's quarter is done
create or replace table sim_accruals as
select
    n,
    entity_number,
    month_index,
    currency,
    is_foreign,
    cast(sum(rebate_amount) as decimal(18, 4)) as rebate_amount
from sim_accruals
where 3 * ((month_index - 1) // 3) + 4 > getvariable('month_to')
group by all;
