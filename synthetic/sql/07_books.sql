-- The ledger, from what was booked and what the work cost; capacity beside it.

create or replace table sim_pools as
select *
from (
    values
    ('order_handling', 'CC100', 0.82, 1.15),
    ('picking', 'CC110', 0.55, 1.15),
    ('returns_handling', 'CC120', 0.60, 1.30),
    ('customer_service', 'CC200', 0.75, 1.20),
    ('key_account_management', 'CC210', 1.25, 1.25),
    ('receivables_handling', 'CC220', 0.70, 1.30)
) as t (pool_id, cost_centre_id, cost_a_minute, room);

create or replace table sim_pool_months as
with used as (
    select
        u.entity_number,
        year(m.month_start) as year_number,
        case u.activity_type
            when 'order_entry' then 'order_handling'
            when 'pick' then 'picking'
            when 'return_inspection' then 'returns_handling'
            when 'service_call' then 'customer_service'
            when 'visit' then 'key_account_management'
            when 'training' then 'key_account_management'
            when 'dunning' then 'receivables_handling'
        end as pool_id,
        cast(sum(u.minutes) as double) as minutes
    from sim_used_minutes as u
    inner join sim_months as m on u.month_index = m.month_index
    group by all
),
year_lengths as (
    select
        year(month_start) as year_number,
        count(*) as months_count
    from sim_months
    group by all
)
select
    e.entity_number,
    p.pool_id,
    p.cost_centre_id,
    m.month_index,
    -- capacity is bought for a year: the busy months overrun it, the quiet ones leave it idle
    cast(
        greatest(ceil(coalesce(u.minutes, 0) / y.months_count * p.room / 60.0) * 60, 120) as bigint
    ) as practical_minutes,
    p.cost_a_minute * (1 + 0.02 * (y.year_number - 2023)) as cost_a_minute
from sim_entities as e
cross join sim_pools as p
cross join sim_months as m
inner join year_lengths as y on year(m.month_start) = y.year_number
left join used as u
    on
        e.entity_number = u.entity_number
        and p.pool_id = u.pool_id
        and y.year_number = u.year_number;

-- The two first key accounts of an entity have people of their own.
create or replace table sim_dedicated as
select
    n,
    entity_number,
    customer_id,
    first_month,
    last_month
from sim_customers
where segment = 'key_account' and partner_entity_id is null
qualify row_number() over (partition by entity_number order by first_month, n) <= 2;

create or replace table out_capacity as
with dedicated as (
    select
        d.entity_number,
        d.customer_id,
        p.pool_id,
        m.month_index,
        p.minutes
    from sim_dedicated as d
    cross join
        (values ('key_account_management', 60), ('customer_service', 30)) as p (pool_id, minutes)
    inner join sim_months as m on m.month_index between d.first_month and d.last_month
),
given as (
    select
        entity_number,
        pool_id,
        month_index,
        sum(minutes) as minutes
    from dedicated
    group by all
),
pools as (
    select
        p.entity_number,
        p.pool_id,
        p.month_index,
        greatest(p.practical_minutes - coalesce(g.minutes, 0), 60) as minutes,
        cast(null as varchar) as customer_id
    from sim_pool_months as p
    left join given as g
        on
            p.entity_number = g.entity_number
            and p.pool_id = g.pool_id
            and p.month_index = g.month_index
    union all
    select
        entity_number,
        pool_id,
        month_index,
        minutes,
        customer_id
    from dedicated
    union all
    select
        e.entity_number,
        'it' as pool_id,
        m.month_index,
        9600 as minutes,
        cast(null as varchar) as customer_id
    from sim_entities as e
    cross join sim_months as m
)
select
    e.entity_id,
    p.pool_id || '|' || m.month_label || '|' || coalesce(p.customer_id, '') as source_id,
    p.pool_id,
    m.month_start as period,
    money(p.minutes) as practical_minutes,
    money(round(p.minutes / 0.8, 0)) as theoretical_minutes,
    p.customer_id as dedicated_customer_id,
    cast(m.month_start - 5 as timestamp) + to_hours(10) as recorded_at
from pools as p
inner join sim_entities as e on p.entity_number = e.entity_number
inner join sim_months as m on p.month_index = m.month_index;

-- Postings before the balancing ones. `label` keeps two postings of one account and day apart.
create or replace table sim_postings as
with trade as (
    select
        b.entity_number,
        b.posted_on,
        b.partner_entity_id,
        a.account_code,
        cast(case a.account_code
            when '4000' then case
                    when
                        b.document_type in ('invoice', 'down_payment')
                        and b.partner_entity_id is null
                        then -b.list_amount else 0
                end
            when '4100' then case
                    when
                        b.document_type in ('invoice', 'down_payment')
                        and b.partner_entity_id is null
                        then b.discount_amount else 0
                end
            when '4200' then case
                    when b.document_type in ('return', 'credit_note') then -b.net_amount else 0
                end
            when '4300' then b.rebate_amount
                    - case when b.document_type = 'rebate_settlement' then b.net_amount else 0 end
            when '4400' then -b.freight_charged_amount
            when '4900' then case when b.partner_entity_id is not null then -b.net_amount else 0 end
            when '5000' then b.direct_cost_amount
            when '5100' then b.freight_paid_amount
            when '1200' then b.net_amount + b.freight_charged_amount + b.tax_amount
            when '1400' then -b.direct_cost_amount
            when '2100' then -b.tax_amount
            when '2200' then -b.rebate_amount
        end as decimal(18, 4)) as amount
    from sim_booked as b
    cross join (
        values ('4000'),
        ('4100'),
        ('4200'),
        ('4300'),
        ('4400'),
        ('4900'),
        ('5000'),
        ('5100'),
        ('1200'),
        ('1400'),
        ('2100'),
        ('2200')
    ) as a (account_code)
),
daily as (
    select
        t.entity_number,
        t.account_code,
        -- carriers send one invoice a month; one of them came a month late
        case
            when t.account_code = '5100' and t.entity_number = 3 and t.partner_entity_id is null
                and m.month_label = '2023-11' and h.last_month > 11 then date '2023-12-05'
            when t.account_code = '5100' then m.month_end
            else t.posted_on
        end as posted_on,
        t.partner_entity_id,
        case when t.account_code = '5100' then 'carrier ' || m.month_label else 'day' end as label,
        sum(t.amount) as amount
    from trade as t
    inner join sim_months as m on t.posted_on between m.month_start and m.month_end
    cross join sim_horizon as h
    group by all
    having sum(t.amount) <> 0
),
sizes as (
    select
        m.month_index,
        b.entity_number,
        round(
            cast(
                sum(b.net_amount) over (partition by b.entity_number, year(m.month_start)) as double
            )
            / count(*) over (partition by b.entity_number, year(m.month_start)), 2) as usual_net
    from (
        select
            entity_number,
            month_index,
            sum(net_amount) as net_amount
        from sim_booked
        group by all
    ) as b
    inner join sim_months as m on b.month_index = m.month_index
),
pool_costs as (
    select
        entity_number,
        month_index,
        cost_centre_id,
        practical_minutes * cost_a_minute
        * (0.97 + 0.06 * uniform(month_index * 10 + entity_number, 'cost ' || pool_id)) as cost
    from sim_pool_months
    union all
    select
        u.entity_number,
        u.month_index,
        'CC130' as cost_centre_id,
        60 + 0.9 * u.activities_count as cost
    from sim_used_minutes as u
    where u.activity_type = 'order_entry'
    union all
    select
        s.entity_number,
        s.month_index,
        o.cost_centre_id,
        s.usual_net
        * o.share
        * (0.95 + 0.10 * uniform(s.month_index * 10 + s.entity_number, o.cost_centre_id)) as cost
    from sizes as s
    cross join (
        values ('CC300', 0.012), ('CC400', 0.018), ('CC600', 0.015)
    ) as o (cost_centre_id, share)
),
operating as (
    select
        c.entity_number,
        a.account_code,
        case a.account_code when '6000' then m.month_start + 24 else m.month_end end as posted_on,
        c.cost_centre_id,
        'month' as label,
        cast(round(c.cost * a.share, 2) as decimal(18, 4)) as amount
    from pool_costs as c
    inner join sim_months as m on c.month_index = m.month_index
    cross join
        (values ('6000', 0.80), ('6100', 0.09), ('6300', 0.06), ('6400', 0.05))
            as a (account_code, share)
),
single as (
    select
        s.entity_number,
        o.account_code,
        m.month_end as posted_on,
        o.cost_centre_id,
        'month' as label,
        cast(round(
            s.usual_net
            * o.share
            * (0.9 + 0.2 * uniform(s.month_index * 10 + s.entity_number, o.account_code)),
            2
        ) as decimal(18, 4)) as amount
    from sizes as s
    inner join sim_months as m on s.month_index = m.month_index
    cross join (
        values
        ('6200', 'CC500', 0.020),
        ('6500', 'CC300', 0.015),
        ('7000', 'CC700', 0.022),
        ('6999', null, 0.0002),
        ('8000', null, 0.004),
        ('8100', null, 0.0006),
        ('8200', null, 0.018)
    ) as o (account_code, cost_centre_id, share)
),
-- a posting on the wrong cost centre, taken back and booked again a month later
misposted as (
    select
        e.entity_number,
        '6100' as account_code,
        m.month_start + x.day_shift as posted_on,
        x.cost_centre_id,
        x.label,
        cast(
            x.sign
            * (
                120 + pick_number(m.month_index * 10 + e.entity_number, 'misposted', 400)
            ) as decimal(18, 4)
        ) as amount
    from sim_entities as e
    cross join sim_months as m
    cross join sim_horizon as h
    cross join (
        values
        (12, 'CC600', 1, 'wrong centre'),
        (35, 'CC600', -1, 'reversal'),
        (35, 'CC100', 1, 'rebooked')
    ) as x (day_shift, cost_centre_id, sign, label)
    where m.month_index % 6 = 2 and m.month_index + 1 < h.last_month
),
teams as (
    select
        d.entity_number,
        d.customer_id,
        m.month_end as posted_on,
        cast(180 + pick_number(d.n * 64 + m.month_index, 'team', 60) as decimal(18, 4)) as amount
    from sim_dedicated as d
    inner join sim_months as m on m.month_index between d.first_month and d.last_month
),
-- what a company of the group bought from another: the seller's invoice at the buyer's rate
group_purchases as (
    select
        buyer.entity_number,
        m.month_end as posted_on,
        seller.entity_id as partner_entity_id,
        cast(round(sum(b.net_amount) * max(r.rate), 2) as decimal(18, 4)) as amount
    from sim_booked as b
    inner join sim_months as m on b.month_index = m.month_index
    inner join sim_entities as seller on b.entity_number = seller.entity_number
    inner join sim_entities as buyer on b.partner_entity_id = buyer.entity_id
    inner join sim_fx_months as r
        on
            buyer.entity_number = r.entity_number
            and seller.currency = r.base_currency
            and b.month_index = r.month_index
    group by all
)
select
    entity_number,
    account_code,
    posted_on,
    cast(null as varchar) as cost_centre_id,
    cast(null as varchar) as customer_id,
    partner_entity_id,
    cast(null as varchar) as currency,
    label,
    cast(amount as decimal(18, 4)) as amount
from daily
union all
select entity_number, account_code, posted_on, cost_centre_id, null, null, null, label, amount
from operating
union all
select entity_number, account_code, posted_on, cost_centre_id, null, null, null, label, amount
from single
union all
select entity_number, account_code, posted_on, cost_centre_id, null, null, null, label, amount
from misposted
union all
select entity_number, '6600', posted_on, 'CC210', customer_id, null, null, 'team', amount from teams
union all
select entity_number, '5900', posted_on, null, null, partner_entity_id, null, 'group', amount
from group_purchases
union all
-- an agency abroad invoices in its own currency
select
    1 as entity_number, '6500', month_end, 'CC300', null, null, 'USD', 'agency',
    cast(150 + pick_number(month_index, 'agency', 10000) * 0.01 as decimal(18, 4))
from sim_months;

-- The sales plan: as many of every product, for as much list value as was sold within a tenth.
create or replace table sim_sales_plan as
with sold as (
    select
        entity_number,
        month_index,
        cast(sum(list_amount) as double) as list_amount
    from sim_booked
    where document_type = 'invoice' and partner_entity_id is null
    group by all
),
priced as (
    select
        p.*,
        m.month_index,
        m.month_start,
        m.month_end,
        s.list_amount as sold_list_amount,
        sum(p.list_price) over (partition by p.entity_number, m.month_index) as list_price_of_all
    from sim_products as p
    inner join sim_months as m on p.year_number = year(m.month_start)
    inner join sold as s
        on p.entity_number = s.entity_number and m.month_index = s.month_index
),
planned as (
    select
        *,
        round(
            sold_list_amount / list_price_of_all
            * (0.9 + 0.2 * uniform(product_number * 512 + month_index, 'plan ' || entity_id))
        ) as quantity
    from priced
),
valued as (
    select
        *,
        cast(round(quantity * list_price, 2) as decimal(18, 4)) as list_amount,
        cast(round(quantity * standard_cost, 2) as decimal(18, 4)) as direct_cost_amount,
        -- a plan is made once a year, a month before it begins
        cast(make_date(year_number, 1, 1) - 30 as timestamp) + to_hours(9) as recorded_at
    from planned
    where quantity > 0
)
select
    *,
    money(round(list_amount * 0.121, 2)) as discount_amount,
    money(round(list_amount * 0.014, 2)) as returned_amount,
    money(round(list_amount * 0.026, 2)) as rebate_amount,
    money(round(list_amount * 0.008, 2)) as freight_charged_amount,
    money(round(list_amount * 0.015, 2)) as freight_paid_amount
from valued;

create or replace table out_cost_entries as
with placed as (
    select
        p.entity_number,
        e.entity_id,
        e.prefix,
        p.account_code,
        cast(p.posted_on as date) as posted_on,
        p.cost_centre_id,
        p.customer_id,
        p.partner_entity_id,
        coalesce(p.currency, e.currency) as currency,
        p.label,
        p.amount,
        m.month_index,
        m.month_start,
        m.month_end
    from sim_postings as p
    inner join sim_entities as e on p.entity_number = e.entity_number
    inner join sim_months as m on p.posted_on between m.month_start and m.month_end
    where p.amount <> 0
),
-- everything else goes through payables, so that every month's postings add to nothing
balancing as (
    select
        entity_number,
        entity_id,
        prefix,
        '2000' as account_code,
        month_end as posted_on,
        cast(null as varchar) as cost_centre_id,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as partner_entity_id,
        currency,
        'payables ' || currency as label,
        cast(-sum(amount) as decimal(18, 4)) as amount,
        month_index,
        month_start,
        month_end
    from placed
    group by all
    having sum(amount) <> 0
),
-- customers pay, suppliers are paid: two balance accounts that cancel
payments as (
    select
        b.entity_number,
        b.entity_id,
        b.prefix,
        x.account_code,
        b.posted_on,
        b.cost_centre_id,
        b.customer_id,
        b.partner_entity_id,
        b.currency,
        'payment ' || b.currency as label,
        cast(x.sign * b.amount as decimal(18, 4)) as amount,
        b.month_index,
        b.month_start,
        b.month_end
    from balancing as b
    cross join (values ('1000', 1), ('2000', -1)) as x (account_code, sign)
),
headcount as (
    select
        e.entity_number,
        e.entity_id,
        e.prefix,
        '9000' as account_code,
        m.month_end as posted_on,
        cast(null as varchar) as cost_centre_id,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as partner_entity_id,
        e.currency,
        'headcount' as label,
        money(getvariable('employees')) as amount,
        m.month_index,
        m.month_start,
        m.month_end
    from sim_entities as e
    cross join sim_months as m
),
actual as (
    select *, 'actual' as scenario from placed
    union all
    select *, 'actual' as scenario from balancing
    union all
    select *, 'actual' as scenario from payments
    union all
    select *, 'actual' as scenario from headcount
),
planned as (
    select
        entity_number,
        entity_id,
        prefix,
        account_code,
        cost_centre_id,
        currency,
        month_index,
        month_start,
        month_end,
        cast(round(
            cast(sum(amount) as double)
            * (0.94 + 0.1 * uniform(month_index * 10 + entity_number, 'budget ' || account_code)),
            0
        ) as decimal(18, 4)) as amount
    from placed
    where
        account_code between '6000' and '7000'
        and account_code <> '6999' and partner_entity_id is null
    group by
        entity_number, entity_id, prefix, account_code, cost_centre_id, currency, month_index,
        month_start, month_end

    union all

    -- trade is what the sales plan says, product by product
    select
        p.entity_number,
        p.entity_id,
        e.prefix,
        a.account_code,
        cast(null as varchar) as cost_centre_id,
        p.currency,
        p.month_index,
        p.month_start,
        p.month_end,
        cast(sum(case a.account_code
            when '4000' then -p.list_amount
            when '4100' then p.discount_amount
            when '4200' then p.returned_amount
            when '4300' then p.rebate_amount
            when '4400' then -p.freight_charged_amount
            when '5000' then p.direct_cost_amount
            when '5100' then p.freight_paid_amount
        end) as decimal(18, 4)) as amount
    from sim_sales_plan as p
    inner join sim_entities as e on p.entity_number = e.entity_number
    cross join (
        values ('4000'), ('4100'), ('4200'), ('4300'), ('4400'), ('5000'), ('5100')
    ) as a (account_code)
    group by all
),
budget as (
    select
        entity_number,
        entity_id,
        prefix,
        account_code,
        month_start as posted_on,
        cost_centre_id,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as partner_entity_id,
        currency,
        'budget' as label,
        amount,
        month_index,
        month_start,
        month_end,
        'budget' as scenario
    from planned
),
entries as (
    select * from actual
    union all
    select * from budget
)
select
    n.entity_number,
    n.month_index as month_index,
    n.entity_id,
    n.prefix
    || '-GL-'
    || n.account_code
    || '-'
    || strftime(n.posted_on, '%y%m%d')
    || '-'
    || coalesce(n.cost_centre_id, '')
    || '-'
    || n.label
    || coalesce('-' || n.customer_id, '')
    || coalesce('-' || n.partner_entity_id, '')
    || '-'
    || n.currency as source_id,
    n.posted_on,
    n.account_code,
    n.cost_centre_id,
    n.amount,
    n.currency,
    n.customer_id,
    cast(null as varchar) as product_id,
    cast(null as varchar) as document_id,
    n.partner_entity_id,
    n.scenario,
    case
        when n.scenario = 'budget'
            then cast(make_date(year(n.posted_on), 1, 1) - 30 as timestamp) + to_hours(9)
        -- closing entries come in the first days after a month; the last one is closed already
        when n.account_code = '6100' and n.label = 'month' and n.month_index < h.last_month
            then cast(n.month_end + 4 as timestamp) + to_hours(15)
        else cast(n.posted_on as timestamp) + to_hours(20)
    end as recorded_at
from entries as n
cross join sim_horizon as h;

create or replace table out_ledger_balances as
select
    entity_id,
    account_code || '|' || strftime(posted_on, '%Y-%m') || '|' || currency as source_id,
    cast(date_trunc('month', posted_on) as date) as period,
    account_code,
    money(sum(amount)) as amount,
    currency,
    cast(max(last_day(posted_on)) + 6 as timestamp) + to_hours(12) as recorded_at
from out_cost_entries
where scenario = 'actual'
group by
    entity_id,
    account_code,
    currency,
    strftime(posted_on, '%Y-%m'),
    cast(date_trunc('month', posted_on) as date);

create or replace table out_budgets as
select
    entity_id,
    'BUD-' || strftime(month_start, '%Y-%m') || '-' || lpad(cast(product_number as varchar), 4, '0')
    as source_id,
    month_start as period,
    'P' || lpad(cast(product_number as varchar), 4, '0') as product_id,
    cast(null as varchar) as customer_id,
    cast(quantity as decimal(18, 4)) as quantity,
    money(
        list_amount - discount_amount - returned_amount - rebate_amount + freight_charged_amount
    ) as net_amount,
    cast(null as decimal(18, 4)) as functional_amount,
    freight_charged_amount,
    money(direct_cost_amount + freight_paid_amount) as direct_cost_amount,
    currency,
    recorded_at
from sim_sales_plan;
