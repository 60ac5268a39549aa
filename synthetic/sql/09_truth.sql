-- What only the maker of a world can know. Nothing in the warehouse reads it; tests do.

create or replace table truth_customers as
select
    c.entity_id,
    c.customer_id,
    c.segment,
    c.first_month,
    c.leave_month,
    c.is_difficult,
    t.is_in_trial,
    t.is_treated,
    t.lock_in_level,
    cast(t.quality_product as decimal(18, 9)) as true_product_quality,
    cast(t.quality_service as decimal(18, 9)) as true_service_quality,
    cast(t.price_burden as decimal(18, 9)) as true_price_burden,
    cast(t.hassle_burden as decimal(18, 9)) as true_hassle,
    cast(t.value_before as decimal(18, 9)) as true_value,
    cast(t.value_after as decimal(18, 9)) as true_value_from_month_19,
    cast(leave_chance(t.value_before, t.lock_in_level) as decimal(18, 9))
        as true_monthly_leave_chance,
    cast(leave_chance(t.value_after, t.lock_in_level) as decimal(18, 9))
        as true_monthly_leave_chance_from_month_19
from sim_customers as c
inner join sim_truth as t on c.n = t.n
where c.partner_entity_id is null;

-- The response itself, on a grid: chance to stay a month and a year at a level of true value.
create or replace table truth_staying_response as
with grid as (
    select
        (g.step - 40) * 0.1 as true_value,
        l.lock_in_level,
        1.0 - leave_chance((g.step - 40) * 0.1, l.lock_in_level) as stays
    from range(81) as g (step)
    cross join (values ('none'), ('low'), ('medium'), ('high')) as l (lock_in_level)
)
select
    cast(true_value as decimal(18, 9)) as true_value,
    lock_in_level,
    cast(stays as decimal(18, 9)) as stays_a_month,
    cast(
        (stays * stays) * (stays * stays) * (stays * stays) * (stays * stays)
        * (stays * stays) * (stays * stays) as decimal(18, 9)
    ) as stays_a_year
from grid;

create or replace table truth_duplicates as
select
    entity_id,
    customer_id as duplicate_customer_id,
    lag(customer_id) over (order by n) as true_customer_id,
    is_duplicate
from sim_customers
qualify is_duplicate;

-- Keys with one party are one party's, whatever customer the systems take them for.
create or replace table truth_identities as
select
    i.entity_id,
    i.source_system,
    i.source_key,
    c.customer_id as true_customer_id,
    m.tax_id as true_tax_id
from sim_identities as i
inner join sim_customers as c on i.true_n = c.n
inner join sim_names as m on i.true_n = m.n;

create or replace table truth_economics as
with work as (
    select
        w.n,
        sum(cast(round(cast(w.minutes as double) * p.cost_a_minute, 4) as decimal(18, 4)))
            as work_cost
    from sim_customer_minutes as w
    inner join (
        values
        ('order_entry', 0.82), ('pick', 0.55), ('return_inspection', 0.60), ('service_call', 0.75),
        ('visit', 1.25), ('training', 1.25), ('dunning', 0.70)
    ) as p (activity_type, cost_a_minute) on w.activity_type = p.activity_type
    group by w.n
),
trade as (
    select
        n,
        sum(net_amount) as net_amount,
        sum(rebate_amount) as rebate_amount,
        sum(freight_result) as freight_result,
        sum(direct_cost_amount) as direct_cost_amount,
        sum(lines_count) as lines_count
    from sim_customer_years
    group by n
)
select
    c.entity_id,
    c.customer_id,
    c.entity_currency as currency,
    money(t.net_amount) as net_amount,
    money(t.rebate_amount) as rebate_amount,
    money(t.net_amount - t.rebate_amount + t.freight_result - t.direct_cost_amount)
        as gross_margin_amount,
    money(coalesce(w.work_cost, 0)) as work_cost_amount,
    money(
        t.net_amount
        - t.rebate_amount
        + t.freight_result
        - t.direct_cost_amount
        - coalesce(w.work_cost, 0)
    )
    as true_contribution_amount,
    cast(t.lines_count as bigint) as lines_count
from trade as t
inner join sim_customers as c on t.n = c.n
left join work as w on t.n = w.n;

-- Where the ledger and the sub-ledger differ on purpose.
create or replace table truth_timing_differences as
select
    'meridian_uk' as entity_id,
    m.month_start,
    'freight_paid' as pnl_line,
    money(sum(b.freight_paid_amount) * case m.month_label when '2023-11' then -1 else 1 end)
        as ledger_less_subledger_amount,
    'the carrier invoice of November 2023 was booked in December 2023' as reason
from sim_months as m
cross join sim_horizon as h
inner join sim_booked as b
    on b.entity_number = 3
        and b.dirt_kind is null
        and b.month_index = 11
        and b.partner_entity_id is null
where m.month_label in ('2023-11', '2023-12') and h.last_month > 11
group by m.month_start, m.month_label;

-- What the books say of the documents, by month, without companies of the group.
create or replace table truth_booked_months as
select
    e.entity_id,
    m.month_start,
    b.document_type,
    coalesce(b.dirt_kind, 'accepted') as lands_as,
    e.currency,
    money(sum(b.list_amount)) as list_amount,
    money(sum(b.discount_amount)) as discount_amount,
    money(sum(b.rebate_amount)) as rebate_amount,
    money(sum(b.net_amount)) as net_amount,
    money(sum(b.freight_charged_amount)) as freight_charged_amount,
    money(sum(b.freight_paid_amount)) as freight_paid_amount,
    money(sum(b.tax_amount)) as tax_amount,
    money(sum(b.direct_cost_amount)) as direct_cost_amount,
    cast(sum(b.lines_count) as bigint) as lines_count
from sim_booked as b
inner join sim_entities as e on b.entity_number = e.entity_number
inner join sim_months as m on b.month_index = m.month_index
where b.partner_entity_id is null
group by all;
