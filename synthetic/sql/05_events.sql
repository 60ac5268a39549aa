-- What happened around the documents: deliveries, open items, work, cases, touches, answers.

create or replace temp table batch_active as
with active as (
    select
        c.*,
        unnest(range(
            greatest(c.first_month, getvariable('month_from')),
            least(c.last_month, getvariable('month_to')) + 1
        )) as month_index
    from sim_customers as c
    where
        c.first_month <= getvariable('month_to')
        and c.last_month >= getvariable('month_from')
        and c.partner_entity_id is null
)
select
    a.*,
    a.n * 4096 + a.month_index as month_key,
    m.month_start,
    m.month_end,
    m.days_count,
    -- what the trial changed for those who drew the lot
    a.quality_service
    + case when a.is_treated and a.month_index >= 19 then 0.6 else 0.0 end as service_now,
    a.hassle_burden
    - case when a.is_treated and a.month_index >= 19 then 0.5 else 0.0 end as hassle_now
from active as a
inner join sim_months as m on a.month_index = m.month_index;

create or replace temp table batch_deliveries as
with promised as (
    select
        o.*,
        cast(o.posted_on + case when o.is_express then 1 else 2 + o.freight_zone end as date)
            as promised_on,
        o.hassle_burden
        - case when o.is_treated and o.month_index >= 19 then 0.5 else 0.0 end as hassle_now
    from batch_orders as o
),
arrived as (
    select
        *,
        uniform(order_key, 'late delivery')
        < 0.02 + 0.16 * s_curve(hassle_now - 1.0) as is_delivered_late,
        uniform(order_key, 'damage') < 0.003 + 0.03 * s_curve(hassle_now - 1.0) as is_damaged
    from promised
)
select
    *,
    cast(promised_on + case
        when is_delivered_late then cast(1 + pick_number(order_key, 'days late', 8) as integer)
        else -cast(pick_number(order_key, 'days early', 2) as integer)
    end as date) as delivered_on
from arrived;

insert into out_deliveries
select
    d.entity_number,
    d.month_index as file_index,
    k.dirt_kind,
    d.entity_id,
    'DLV-' || d.document_id || coalesce(k.suffix, '') as source_id,
    d.document_id,
    d.promised_on,
    case when d.delivered_on <= h.last_day then d.delivered_on end as delivered_on,
    case
        when k.dirt_kind is not null then 0
        when d.is_delivered_late and uniform(d.order_key, 'again') < 0.4 then 2
        else 1
    end as attempts,
    d.is_damaged as damaged,
    moment_of(
        case when d.delivered_on <= h.last_day then d.delivered_on else d.posted_on end,
        d.order_key,
        'delivered'
    ) as recorded_at
from batch_deliveries as d
cross join sim_horizon as h
cross join lateral (
    select unnest(case
        when uniform(d.order_key, 'delivery dirt') < 0.0005
            then [{'dirt_kind': null, 'suffix': null}, {'dirt_kind': 'no_attempt', 'suffix': 'X'}]
        else [{'dirt_kind': null, 'suffix': null}]
    end, recursive := true)
) as k (dirt_kind, suffix);

-- Organisations pay by invoice.
create or replace temp table batch_open_items as
with documents as (
    select
        i.entity_number,
        i.entity_id,
        i.n,
        i.customer_id,
        i.document_id,
        i.order_key,
        i.month_index,
        i.posted_on,
        i.currency,
        sum(i.net_amount + i.freight_charged_amount + i.tax_amount) as open_amount
    from batch_invoice_lines as i
    inner join sim_customers as c on i.n = c.n
    where c.party_type = 'organisation' and not i.is_unnamed
    group by all
)
select
    *,
    posted_on + 30 as due_on,
    cast(posted_on + 30 + case
        when uniform(order_key, 'slow')
            < 0.08 + 0.25 * cast(uniform(n, 'slow payer') < 0.1 as integer)
            then cast(11 + pick_number(order_key, 'days slow', 60) as integer)
        else cast(pick_number(order_key, 'days', 14) as integer) - 8
    end as date) as paid_on
from documents;

insert into out_receivables
select
    o.entity_number,
    o.month_index as file_index,
    cast(null as varchar) as dirt_kind,
    o.entity_id,
    o.document_id as source_id,
    o.document_id,
    o.customer_id,
    o.posted_on as issued_on,
    o.due_on,
    case when o.paid_on <= h.last_day then o.paid_on end as paid_on,
    money(o.open_amount) as open_amount,
    o.currency,
    case
        when o.paid_on <= h.last_day then moment_of(o.paid_on, o.order_key, 'paid')
        else moment_of(o.posted_on, o.order_key, 'time')
    end as recorded_at
from batch_open_items as o
cross join sim_horizon as h;

-- Cases: more of them, longer and more often reopened, where the hassle is.
create or replace temp table batch_cases as
with counted as (
    select
        *,
        unnest(range(1, cast(floor(
            least(
                case_rate
                * (0.3 + 1.4 * s_curve(hassle_now))
                * case when is_difficult then 4 else 1 end,
                8.0
            )
            + uniform(month_key, 'cases')
        ) as bigint) + 1)) as case_number
    from batch_active
),
opened as (
    select
        *,
        draw(month_key * 64 + case_number, 'case') >> 8 as case_key
    from counted
),
told as (
    select
        *,
        cast(month_start + cast(pick_number(case_key, 'day', days_count) as integer) as date)
            as opened_day,
        choose(
            case_key,
            'category',
            ['delivery', 'delivery', 'invoice', 'product', 'return', 'question']
        ) as category,
        cast(
            uniform(case_key, 'reopened')
            < 0.05 + 0.25 * s_curve(hassle_now - service_now) as bigint
        ) as reopens,
        cast(
            uniform(case_key, 'transferred')
            < 0.10 + 0.30 * s_curve(hassle_now - service_now) as bigint
        ) as transfers
    from opened
)
select
    *,
    1 + reopens + transfers + pick_number(case_key, 'contacts', 2) as contacts
from told;

insert into out_service_cases
select
    c.entity_number,
    c.month_index as file_index,
    cast(null as varchar) as dirt_kind,
    c.entity_id,
    'CASE-'
    || c.customer_id
    || '-'
    || strftime(c.month_start, '%y%m')
    || '-'
    || c.case_number as source_id,
    c.customer_id,
    moment_of(c.opened_day, c.case_key, 'opened') as opened_at,
    case
        when c.opened_day + 20 <= h.last_day
            then moment_of(c.opened_day, c.case_key, 'opened')
                + to_hours(1 + pick_number(c.case_key, 'hours', 60) * (1 + c.reopens))
    end as closed_at,
    c.contacts,
    c.reopens,
    c.transfers,
    money(2 + pick_number(c.case_key, 'wait', 25) + 10 * c.transfers) as wait_minutes,
    c.category,
    case
        when pick_number(c.case_key, 'comment', 400) = 0 then 'O''Brien; DROP TABLE service_cases'
        when pick_number(c.case_key, 'comment', 400) = 1 then '<script>alert(1)</script>'
        when pick_number(c.case_key, 'comment', 400) = 2 then '=1+1'
        when uniform(c.case_key, 'comment') < 0.3 then 'Please look into my ' || c.category || '.'
    end as comment_text,
    moment_of(c.opened_day, c.case_key, 'opened') as recorded_at
from batch_cases as c
cross join sim_horizon as h;

-- Work. Minutes follow from what was done and vary by a fifth either way.
create or replace temp table batch_work as
select
    entity_number,
    n,
    month_index,
    'ACT-O-' || document_id as source_id,
    'order_entry' as activity_type,
    posted_on as done_on,
    order_key as work_key,
    case when is_unnamed then null else customer_id end as customer_id,
    document_id,
    1 as quantity,
    3.0 + 1.0 * lines_count + case when is_manual then 9.0 else 0.5 end
    + case when is_express then 3.0 else 0.0 end
    + case when is_foreign then 4.0 else 0.0 end as minutes,
    '{"lines": ' || lines_count || ', "is_manual": ' || cast(is_manual as integer)
    || ', "is_express": '
    || cast(is_express as integer)
    || ', "is_foreign": '
    || cast(is_foreign as integer)
    || '}'
    as attributes,
    channel,
    'serve' as activity_class
from batch_orders

union all

select
    entity_number,
    n,
    month_index,
    'ACT-P-' || document_id as source_id,
    'pick' as activity_type,
    posted_on as done_on,
    order_key + 1 as work_key,
    case when is_unnamed then null else customer_id end as customer_id,
    document_id,
    lines_count as quantity,
    3.0
    + 1.8 * lines_count
    + case when uniform(order_key, 'heavy') < 0.15 then 3.0 else 0.0 end as minutes,
    '{"lines": '
    || lines_count
    || ', "is_heavy": '
    || cast(uniform(order_key, 'heavy') < 0.15 as integer)
    || ', "is_express": ' || cast(is_express as integer) || '}' as attributes,
    channel,
    'serve' as activity_class
from batch_orders

union all

select
    entity_number,
    n,
    return_month_index as month_index,
    'ACT-R-' || document_id || 'R' as source_id,
    'return_inspection' as activity_type,
    returned_on as done_on,
    order_key + 2 as work_key,
    case when is_unnamed then null else customer_id end as customer_id,
    document_id || 'R' as document_id,
    1 as quantity,
    10.0 + 6.0 * count(*) as minutes,
    '{"lines": ' || count(*) || '}' as attributes,
    channel,
    'serve' as activity_class
from batch_return_lines
group by
    entity_number,
    n,
    return_month_index,
    document_id,
    returned_on,
    order_key,
    is_unnamed,
    customer_id,
    channel

union all

select
    c.entity_number,
    c.n,
    c.month_index,
    'ACT-S-'
    || c.customer_id
    || '-'
    || strftime(c.month_start, '%y%m')
    || '-'
    || c.case_number
    || '-'
    || c.contact_number
    as source_id,
    'service_call' as activity_type,
    c.opened_day as done_on,
    c.case_key + c.contact_number as work_key,
    c.customer_id,
    cast(null as varchar) as document_id,
    1 as quantity,
    9.0 + case when c.category in ('delivery', 'invoice') then 7.0 else 0.0 end as minutes,
    '{"category": "'
    || c.category
    || '", "is_complaint": '
    || cast(c.category <> 'question' as integer)
    || ', "language": "' || lower(c.country) || '"}' as attributes,
    choose(c.case_key, 'channel', ['phone', 'phone', 'email', 'chat']) as channel,
    case when c.category = 'question' then 'serve' else 'protect' end as activity_class
from (select *, unnest(range(1, contacts + 1)) as contact_number from batch_cases) as c

union all

select
    v.entity_number,
    v.n,
    v.month_index,
    'ACT-V-'
    || v.customer_id
    || '-'
    || strftime(v.month_start, '%y%m')
    || '-'
    || v.visit_number as source_id,
    case when uniform(v.month_key, 'training') < 0.06 then 'training' else 'visit' end
        as activity_type,
    cast(
        v.month_start + cast(pick_number(v.month_key, 'visit day', v.days_count) as integer) as date
    ) as done_on,
    v.month_key * 16 + v.visit_number as work_key,
    v.customer_id,
    cast(null as varchar) as document_id,
    1 as quantity,
    case when uniform(v.month_key, 'on site') < 0.4 then 90.0 else 30.0 end as minutes,
    '{"on_site": ' || cast(uniform(v.month_key, 'on site') < 0.4 as integer)
    || ', "distance_km": ' || (10 + 40 * v.freight_zone) || '}' as attributes,
    'field' as channel,
    'build' as activity_class
from (
    select
        *,
        unnest(range(1, cast(floor(
            case segment when 'key_account' then 1.1 else 0.22 end
            * least(1.6, 0.25 + 0.5 * size_rate)
            -- more visits than anything bought justifies, to a few
            * case when uniform(n, 'pampered') < 0.1 then 3.0 else 1.0 end
            + uniform(month_key, 'visits')
        ) as bigint) + 1)) as visit_number
    from batch_active
    where segment in ('key_account', 'mid_market')
) as v

union all

select
    o.entity_number,
    o.n,
    m.month_index,
    'ACT-D-' || o.document_id as source_id,
    'dunning' as activity_type,
    cast(o.due_on + 10 as date) as done_on,
    o.order_key + 3 as work_key,
    o.customer_id,
    o.document_id,
    1 as quantity,
    9.0 as minutes,
    '{"level": ' || case when o.paid_on > o.due_on + 40 then 2 else 1 end || '}' as attributes,
    'email' as channel,
    'serve' as activity_class
from batch_open_items as o
inner join sim_months as m on o.due_on + 10 between m.month_start and m.month_end
where o.paid_on > o.due_on + 10

union all

-- time that serves nobody
select
    s.entity_number,
    cast(null as bigint) as n,
    m.month_index,
    'ACT-M-' || s.employee_id || '-' || m.month_label as source_id,
    'internal_meeting' as activity_type,
    cast(m.month_start + 9 as date) as done_on,
    m.month_index * 100000 + s.employee_number as work_key,
    cast(null as varchar) as customer_id,
    cast(null as varchar) as document_id,
    1 as quantity,
    240.0 as minutes,
    '{}' as attributes,
    'internal' as channel,
    'serve' as activity_class
from sim_employees as s
cross join sim_months as m
where m.month_index between getvariable('month_from') and getvariable('month_to')

union all

-- what the information technology department does for the others
select
    e.entity_number,
    cast(null as bigint) as n,
    m.month_index,
    'ACT-I-' || t.pool_id || '-' || m.month_label as source_id,
    'it_ticket' as activity_type,
    cast(m.month_start + 19 as date) as done_on,
    m.month_index * 1000 + e.entity_number * 100 + t.pool_number as work_key,
    cast(null as varchar) as customer_id,
    cast(null as varchar) as document_id,
    t.tickets as quantity,
    t.tickets * 78.0 as minutes,
    '{"receiver_pool": "' || t.pool_id || '"}' as attributes,
    'internal' as channel,
    'serve' as activity_class
from sim_entities as e
cross join sim_months as m
cross join (
    values
    (1, 'order_handling', 24), (2, 'picking', 18), (3, 'returns_handling', 4),
    (4, 'delivery_planning', 10), (5, 'customer_service', 20), (6, 'key_account_management', 8),
    (7, 'receivables_handling', 4), (8, 'facility', 6), (9, 'finance', 12), (10, 'marketing', 6)
) as t (pool_number, pool_id, tickets)
where m.month_index between getvariable('month_from') and getvariable('month_to');

create or replace temp table batch_activities as
select
    w.* exclude (minutes),
    money(round(w.minutes * (0.8 + 0.4 * uniform(w.work_key, w.activity_type)), 1)) as minutes
from batch_work as w;

insert into sim_used_minutes
select
    entity_number,
    month_index,
    activity_type,
    count(*) as activities_count,
    sum(minutes) as minutes
from batch_activities
group by all;

insert into sim_customer_minutes
select
    n,
    activity_type,
    sum(minutes) as minutes
from batch_activities
where customer_id is not null
group by all;

insert into out_activities
select
    a.entity_number,
    a.month_index as file_index,
    k.dirt_kind,
    e.entity_id,
    a.source_id || coalesce(k.suffix, '') as source_id,
    a.activity_type,
    moment_of(a.done_on, a.work_key, 'done') as occurred_at,
    a.customer_id,
    a.document_id,
    money(case when k.dirt_kind is null then a.quantity else -a.quantity end) as quantity,
    a.minutes,
    a.attributes,
    e.prefix
    || '-E'
    || lpad(cast(1 + pick_number(a.work_key, 'by', getvariable('employees')) as varchar), 4, '0')
    as employee_id,
    a.channel,
    a.activity_class,
    moment_of(a.done_on, a.work_key, 'done') + to_minutes(30) as recorded_at
from batch_activities as a
inner join sim_entities as e on a.entity_number = e.entity_number
cross join lateral (
    select unnest(case
        when a.activity_type = 'pick' and uniform(a.work_key, 'dirt') < 0.002
            then [
                {'dirt_kind': null, 'suffix': null}, {'dirt_kind': 'negative_driver', 'suffix': 'X'}
            ]
        else [{'dirt_kind': null, 'suffix': null}]
    end, recursive := true)
) as k (dirt_kind, suffix);

insert into out_contacts
with touches as (
    select
        *,
        unnest(range(1, cast(floor(
            touch_rate * case when uniform(n, 'flooded') < 0.05 then 8.0 else 1.0 end
            + uniform(month_key, 'touches')
        ) as bigint) + 1)) as touch_number
    from batch_active
),
sent as (
    select
        *,
        draw(month_key * 64 + touch_number, 'touch') >> 8 as touch_key
    from touches
)
select
    s.entity_number,
    s.month_index as file_index,
    cast(null as varchar) as dirt_kind,
    s.entity_id,
    'TCH-'
    || s.customer_id
    || '-'
    || strftime(s.month_start, '%y%m')
    || '-'
    || s.touch_number as source_id,
    s.customer_id,
    moment_of(
        s.month_start + cast(pick_number(s.touch_key, 'day', s.days_count) as integer),
        s.touch_key,
        'sent'
    ) as sent_at,
    choose(s.touch_key, 'channel', ['email', 'email', 'email', 'letter', 'phone']) as channel,
    'C'
    || strftime(s.month_start, '%y%m')
    || '-'
    || (1 + pick_number(s.touch_key, 'campaign', 3)) as campaign_id,
    money(case choose(s.touch_key, 'channel', ['email', 'email', 'email', 'letter', 'phone'])
        when 'email' then 0.02 when 'letter' then 1.10 else 4.50 end) as cost_amount,
    s.entity_currency as currency,
    uniform(s.touch_key, 'opened') < 0.35 / s.touch_number as opened,
    uniform(s.touch_key, 'opted out') < 0.002 * s.touch_number as opted_out,
    moment_of(
        s.month_start + cast(pick_number(s.touch_key, 'day', s.days_count) as integer),
        s.touch_key,
        'sent'
    ) as recorded_at
from sent as s;

insert into out_stated_reasons
select
    o.entity_number,
    o.month_index as file_index,
    cast(null as varchar) as dirt_kind,
    o.entity_id,
    'RSN-' || o.document_id as source_id,
    o.customer_id,
    o.document_id,
    case
        when o.price_burden < -0.7 and uniform(o.order_key, 'why') < 0.6 then 'Price'
        when o.quality_product > 0.7 and uniform(o.order_key, 'why') < 0.6 then 'Quality'
        when o.quality_service > 0.7 and uniform(o.order_key, 'why') < 0.6 then 'Service'
        else choose(
            o.order_key,
            'reason',
            ['Price', 'Quality', 'Service', 'Availability', 'Recommendation', 'Habit']
        )
    end as reason,
    o.posted_on as stated_on,
    moment_of(o.posted_on, o.order_key, 'time') as recorded_at
from batch_orders as o
where not o.is_unnamed and o.partner_entity_id is null and uniform(o.order_key, 'asked why') < 0.05;
