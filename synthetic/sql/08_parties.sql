-- The tables that describe parties, people and promises.

create or replace table sim_names as
with parts as (
    select
        c.n,
        c.entity_number,
        c.entity_id,
        c.customer_id,
        c.party_type,
        c.segment,
        c.country,
        c.is_duplicate,
        -- a duplicate is called after the party before it
        case when c.is_duplicate then c.n - 1 else c.n end as true_n
    from sim_customers as c
),
related as (
    select
        p.*,
        t.party_type as true_party_type,
        -- two people of one household share family name, address and telephone
        case
            when
                p.true_n % 10 = 8 and t.party_type = 'person' and before.party_type = 'person'
                then p.true_n - 1
            else p.true_n
        end as family_n,
        -- a company called as another one, with a tax number of its own
        case
            when
                p.true_n % 10 = 9
                and t.party_type = 'organisation'
                and namesake.party_type = 'organisation'
                and uniform(p.true_n, 'namesake') < 0.5
                then p.true_n - 5
            else p.true_n
        end as namesake_n
    from parts as p
    inner join sim_customers as t on p.true_n = t.n
    left join sim_customers as before on p.true_n - 1 = before.n
    left join sim_customers as namesake on p.true_n - 5 = namesake.n
),
placed as (
    select
        *,
        -- some namesakes sit in one building
        case
            when namesake_n <> true_n and uniform(true_n, 'one building') < 0.4 then namesake_n
            else family_n
        end as place_n,
        choose(true_n, 'first', [
            'Anna', 'Ben', 'Clara', 'David', 'Emma', 'Felix', 'Grace', 'Hugo', 'Ida', 'Jonas',
            'Katja', 'Liam', 'Mia', 'Noah', 'Olga', 'Paul', 'Rosa', 'Sam', 'Tara', 'Umut'
        ]) as first_name,
        choose(case when true_party_type = 'person' then family_n else namesake_n end, 'last', [
            'Becker', 'O''Brien', 'Fischer', 'Müller', 'Smith', 'Novák', 'García', 'Jones',
            'Schmidt', 'Taylor', 'Weber', 'Brown', 'Wagner', 'Miller', 'Hoffmann', 'Evans',
            'Koch', 'Davis', 'Çelik', 'Lindqvist'
        ]) as last_name,
        choose(namesake_n, 'trade', [
            'Maschinenbau', 'Logistics', 'Works', 'Industries', 'Handel', 'Supplies',
            'Engineering', 'Foods', 'Clinic', 'Design', 'Bau', 'Motors'
        ]) as trade
    from related
),
named as (
    select
        *,
        case true_party_type
            when 'person' then first_name || ' ' || last_name
            else last_name || ' ' || trade || ' '
                || case entity_number when 1 then 'GmbH' when 2 then 'Inc.' else 'Ltd' end
                || ' '
                || (namesake_n % 977)
        end as clean_name
    from placed
)
select
    *,
    case
        when n % 331 = 7 then 'O''Brien; DROP TABLE'
        when n % 331 = 8 then '<script>alert(1)</script>'
        when n % 331 = 9 then '=1+1'
        when is_duplicate then replace(replace(clean_name, 'e', 'é'), 'GmbH', 'Gmbh')
        else clean_name
    end as name,
    case true_party_type
        when 'organisation'
            then country || lpad(cast(draw(true_n, 'tax') % 1000000000 as varchar), 9, '0')
        else null
    end as tax_id,
    -- an address of the person or the office; a duplicate often came with another one
    case
        when is_duplicate and uniform(n, 'other address') < 0.5 then 'info'
        else lower(first_name) || '.' || replace(lower(last_name), '''', '')
    end || (draw(true_n, 'mail') % 10000) || '@' || case entity_number
        when 1 then 'example.de' when 2 then 'example.com' else 'example.co.uk'
    end as email,
    case entity_number when 1 then '+49 30 ' when 2 then '+1 512 ' else '+44 20 ' end
    || lpad(cast(draw(place_n, 'phone') % 10000000 as varchar), 7, '0') as phone,
    cast(case true_party_type
        when 'person'
            then date '1940-01-01' + cast(pick_number(true_n, 'born', 24000) as integer)
    end as date) as birth_date
from named;

create or replace macro address_of(key, entity_number) as case entity_number
    when 1
        then choose(key, 'street', ['Hauptstr.', 'Ringstraße', 'Am Markt', 'Lange Str.'])
        || ' '
        || (1 + draw(key, 'house') % 180)
        || ', '
        || choose(key, 'town', ['Berlin', 'Hamburg', 'Köln', 'Leipzig'])
    else (1 + draw(key, 'house') % 180) || ' '
        || choose(key, 'street', ['Main Street', 'Station Road', 'Park Lane', 'Church Street'])
        || ', '
        || choose(key, 'town', case entity_number
            when 2 then ['Austin', 'Denver', 'Dayton', 'Portland'] else
                ['Leeds', 'Bristol', 'York', 'Cardiff']
        end)
end;

create or replace table out_customers as
with versions as (
    select
        c.*,
        m.name,
        h.last_day,
        f.month_start as first_day,
        -- one small business in ten grows into the middle
        unnest(case
            when c.segment = 'small_business'
                and uniform(c.n, 'grows') < 0.1
                and c.joined_before
                and h.last_month >= 24
                and c.last_month >= 20
                then ['before', 'after']
            else ['only']
        end) as version
    from sim_customers as c
    inner join sim_names as m on c.n = m.n
    inner join sim_months as f on c.first_month = f.month_index
    cross join sim_horizon as h
),
dated as (
    select
        *,
        cast(case
            when joined_before
                then date '2015-01-01' + cast(pick_number(n, 'acquired', 2900) as integer)
            else first_day
        end as date) as acquired_on
    from versions
)
select
    d.entity_number,
    cast(null as varchar) as dirt_kind,
    d.entity_id,
    d.customer_id || case d.version when 'after' then '/2' else '' end as source_id,
    d.customer_id,
    d.name,
    d.party_type,
    case
        when d.partner_entity_id is not null then null
        -- companies of a group, and now and then a group within a group
        when
            d.n % 10 in (1, 2, 3) and d.party_type = 'organisation' and uniform(d.n, 'child') < 0.5
            then head.customer_id
        when d.n % 100 = 10 and uniform(d.n, 'child') < 0.5 then upper_head.customer_id
    end as parent_customer_id,
    case when d.version = 'after' then 'mid_market' else d.segment end as segment,
    d.country,
    d.acquired_on,
    case
        when d.leave_month is not null
            and d.party_type = 'organisation'
            and uniform(d.n, 'gives notice') < 0.4
            then (select m.month_end from sim_months as m where m.month_index = d.leave_month)
    end as closed_on,
    d.lock_in_level,
    d.partner_entity_id,
    case when d.version = 'after' then date '2024-07-01' else d.acquired_on end as valid_from,
    case when d.version = 'before' then date '2024-06-30' end as valid_to,
    case
        when d.version = 'after' then timestamp '2024-07-02 10:00:00'
        else moment_of(d.acquired_on, d.n, 'recorded')
    end as recorded_at
from dated as d
left join sim_customers as head on d.n // 10 * 10 = head.n
left join sim_customers as upper_head on d.n // 100 * 100 = upper_head.n

union all

-- records of a kind that no system should have
select
    c.entity_number,
    'unknown_party_type' as dirt_kind,
    c.entity_id,
    c.customer_id || 'X' as source_id,
    c.customer_id || 'X' as customer_id,
    'Test record' as name,
    'robot' as party_type,
    null, c.segment, c.country, date '2022-01-01', null, null, null, date '2022-01-01', null,
    timestamp '2022-01-01 10:00:00'
from sim_customers as c
where c.partner_entity_id is null and (uniform(c.n, 'robot') < 0.002 or c.n % 1000 in (5, 55, 85));

create or replace table out_party_relations as
with parties as (
    select
        o.entity_id,
        o.customer_id,
        o.parent_customer_id,
        o.party_type,
        o.segment,
        min(o.acquired_on) as acquired_on,
        c.n
    from out_customers as o
    inner join sim_customers as c on o.customer_id = c.customer_id
    where o.valid_to is null
    group by all
),
relations as (
    select
        entity_id,
        customer_id,
        parent_customer_id as related_customer_id,
        'parent' as relation,
        acquired_on
    from parties
    where parent_customer_id is not null
    union all
    select entity_id, parent_customer_id, customer_id, 'payer_of', acquired_on
    from parties
    where parent_customer_id is not null and uniform(n, 'paid by head') < 0.3
    union all
    -- people of one household
    select
        a.entity_id,
        a.customer_id,
        b.customer_id,
        'household',
        greatest(a.acquired_on, b.acquired_on)
    from parties as a
    inner join parties as b on a.n + 1 = b.n
    where a.n % 10 = 7 and a.party_type = 'person' and b.party_type = 'person'
    union all
    -- parents pay for students, who use
    select
        a.entity_id,
        a.customer_id,
        b.customer_id,
        'payer_of',
        greatest(a.acquired_on, b.acquired_on)
    from parties as a
    inner join parties as b on a.n + 1 = b.n
    where a.n % 10 = 8 and a.segment = 'household' and b.segment = 'student'
    union all
    select
        b.entity_id, b.customer_id, a.customer_id, 'user_of', greatest(a.acquired_on, b.acquired_on)
    from parties as a
    inner join parties as b on a.n + 1 = b.n
    where a.n % 10 = 8 and a.segment = 'household' and b.segment = 'student'
    union all
    select
        a.entity_id,
        b.customer_id,
        a.customer_id,
        'affected_by',
        greatest(a.acquired_on, b.acquired_on)
    from parties as a
    inner join parties as b on a.n + 2 = b.n
    where a.n % 10 = 4 and a.party_type = 'organisation' and uniform(a.n, 'affects') < 0.2
)
select
    entity_id,
    relation || '|' || customer_id || '|' || related_customer_id as source_id,
    customer_id,
    related_customer_id,
    relation,
    acquired_on as valid_from,
    cast(null as date) as valid_to,
    cast(acquired_on as timestamp) + to_hours(11) as recorded_at
from relations;

-- One text with a slip of the hand: two letters change places, one is lost or struck twice.
create or replace macro with_slip(written, place, kind) as case kind
    when 0
        then left(written, place - 1)
        || substr(written, place + 1, 1)
        || substr(written, place, 1)
        || substr(written, place + 2)
    when 1 then left(written, place - 1) || substr(written, place + 1)
    else left(written, place) || substr(written, place)
end;

create or replace table sim_identities as
with systems as (
    select
        m.*,
        unnest(list_filter(['erp', 'crm', 'webshop'], lambda s: s = 'erp'
            or (s = 'crm' and uniform(m.n, 'in crm') < 0.8)
            or (s = 'webshop' and uniform(m.n, 'in webshop') < 0.5))) as source_system
    from sim_names as m
),
typed as (
    select
        *,
        -- looks like a drawn number, and is never drawn twice: the factors share none with 10^12
        upper(left(source_system, 1)) || lpad(cast((
            (n + 1)
            * case source_system
                when 'erp' then 982451653 when 'crm' then 961748941 else 941083987
            end
        ) % 1000000000000 as varchar), 12, '0') as source_key,
        uniform(n, 'typo ' || source_system) as typo,
        uniform(n, 'written ' || source_system) as writing,
        uniform(n, 'moved ' || source_system) as moving,
        2 + pick_number(n, 'slip ' || source_system, greatest(len(name) - 4, 1)) as slip_place,
        pick_number(n, 'slip kind ' || source_system, 3) as slip_kind
    from systems
)
select
    n,
    true_n,
    entity_id,
    source_system || '|' || source_key as source_id,
    source_system,
    source_key,
    customer_id,
    case
        when source_system = 'erp' or uniform(n, 'linked ' || source_system) < 0.7 then customer_id
    end as known_customer_id,
    case
        when source_system = 'webshop' and writing >= 0.985 then null
        when source_system <> 'erp' and writing < 0.09 then with_slip(name, slip_place, slip_kind)
        when source_system = 'crm' and writing < 0.14 then upper(name)
        when
            source_system = 'crm' and writing < 0.20 and true_party_type = 'person'
            then last_name || ', ' || first_name
        when
            source_system = 'webshop' and writing < 0.17
            then replace(replace(replace(name, ' GmbH', ''), ' Inc.', ''), ' Ltd', '')
        else name
    end as name,
    case
        -- a mailbox that strangers share
        when source_system = 'webshop' and uniform(n, 'marketplace') < 0.03
            then 'orders@marketplace.example'
        when source_system = 'erp' and uniform(n, 'email') >= 0.6 then null
        when family_n <> true_n and uniform(n, 'family mailbox') < 0.2 then lower(last_name)
            || '.family'
            || (draw(family_n, 'mail') % 10000)
            || '@example.net'
        when source_system <> 'erp' and uniform(n, 'slip in mail ' || source_system) < 0.03
            then with_slip(email, 3, slip_kind)
        else email
    end as email,
    case
        when typo < 0.03 then with_slip(phone, 9, slip_kind)
        when typo < 0.6 then phone
        when typo < 0.8 then replace(phone, ' ', '')
    end as phone,
    case
        when source_system <> 'erp' and moving < 0.10
            then address_of(1000000000 + place_n, entity_number)
        when source_system = 'crm' and moving < 0.30
            then replace(
                replace(address_of(place_n, entity_number), 'Street', 'St.'), 'straße', 'str.'
            )
        when source_system = 'webshop' and moving < 0.15 then null
        else address_of(place_n, entity_number)
    end as address,
    case when source_system <> 'webshop' then tax_id end as tax_id,
    case
        when
            uniform(n, 'birthday ' || source_system)
            < case source_system when 'crm' then 0.7 when 'webshop' then 0.5 else 0.3 end
            then birth_date
    end as birth_date,
    timestamp '2022-12-15 08:00:00' as recorded_at
from typed;

create or replace table out_identities as
select
    entity_id,
    source_id,
    source_system,
    source_key,
    known_customer_id as customer_id,
    name,
    email,
    phone,
    address,
    tax_id,
    birth_date,
    recorded_at
from sim_identities;

create or replace table out_employees as
select
    s.entity_id,
    s.employee_id as source_id,
    s.employee_id,
    choose(
        s.employee_number * 8 + s.entity_number,
        'staff first',
        ['Alex', 'Bea', 'Chris', 'Dana', 'Eli', 'Fran', 'Gil', 'Hanna']
    )
    || ' '
    || choose(
        s.employee_number * 8 + s.entity_number,
        'staff last',
        ['Adler', 'Boyd', 'Conti', 'Diaz', 'Ewing', 'Frank', 'Gross', 'Hall']
    )
    || ' ' || s.employee_number as name,
    s.function,
    s.grade,
    timestamp '2022-12-01 08:00:00' as recorded_at
from sim_employees as s;

create or replace table out_accountabilities as
with accounts as (
    select
        c.n,
        c.entity_id,
        c.entity_number,
        c.segment,
        c.customer_id,
        f.month_start as first_day,
        h.last_month
    from sim_customers as c
    inner join sim_months as f on c.first_month = f.month_index
    cross join sim_horizon as h
    where c.party_type = 'organisation' and c.partner_entity_id is null
),
answering as (
    select
        a.*,
        r.responsibility,
        v.version,
        -- sales and key account people are every third employee
        1
        + 3
        * pick_number(a.n, r.responsibility || v.version, (getvariable('employees') - 1) // 3 + 1)
            as employee_number
    from accounts as a
    cross join (values ('accountable'), ('responsible'), ('informed')) as r (responsibility)
    cross join (values ('before'), ('after')) as v (version)
    where
        (r.responsibility = 'accountable' or a.segment = 'key_account')
        and (v.version = 'before' or (uniform(a.n, 'handed over') < 0.15 and a.last_month >= 20))
)
select
    a.entity_id,
    a.customer_id || '|' || a.responsibility || '|' || a.version as source_id,
    a.customer_id,
    e.employee_id,
    a.responsibility,
    case a.version
        when 'before' then least(a.first_day, date '2023-01-01') else date '2024-08-01'
    end as valid_from,
    case
        when
            a.version = 'before' and uniform(a.n, 'handed over') < 0.15 and a.last_month >= 20
            then date '2024-07-31'
    end
    as valid_to,
    case a.version
        when 'before' then timestamp '2022-12-20 09:00:00' else timestamp '2024-07-25 09:00:00'
    end as recorded_at
from answering as a
inner join sim_employees as e
    on a.entity_number = e.entity_number and a.employee_number = e.employee_number;

create or replace table out_employee_survey_responses as
with asked as (
    select
        s.*,
        m.month_index,
        m.month_start,
        t.statement_id,
        t.agreement,
        -- whoever runs the survey knows who it is, and tells only that it is the same person
        'STR-' || lpad(cast(
            draw(s.employee_number * 8 + s.entity_number, 'staff pseudonym') % 1000000000000
            as varchar
        ), 12, '0') as respondent_id,
        draw((m.month_index * 100000 + s.employee_number) * 4 + s.entity_number, t.statement_id)
            as answer_key
    from sim_employees as s
    cross join sim_months as m
    cross join (
        values
        ('customers_satisfied', 0.0), ('service_is_responsive', 0.05), ('prices_are_fair', -0.05),
        ('ordering_is_easy', -0.10), ('quality_is_high', 0.10), ('i_know_my_customers_value', -0.20)
    ) as t (statement_id, agreement)
    where m.month_index % 6 = 5 or m.month_index = getvariable('months')
)
select
    entity_id,
    respondent_id || '-' || strftime(month_start, '%y%m') || '-' || statement_id as source_id,
    respondent_id,
    grade,
    function,
    statement_id,
    case
        when uniform(answer_key, 'silent') < 0.15 then null
        else uniform(answer_key, 'agrees')
            < agreement
            + case grade when 'executive' then 0.86 when 'manager' then 0.70 else 0.48 end
    end as agrees,
    cast(month_start + 7 as timestamp) + to_hours(9) as asked_at,
    cast(month_start + 7 as timestamp) + to_hours(9) as recorded_at
from asked;

create or replace table out_wallets as
with spend as (
    select
        n,
        year_number,
        cast(sum(net_amount) as double) as spend
    from sim_customer_years
    group by all
),
shares as (
    select
        c.*,
        s.year_number,
        s.spend,
        0.15
        + 0.75 * s_curve(0.6 * t.value_before + bell(c.n, 'share of wallet') * 0.5) as wallet_share
    from spend as s
    inner join sim_customers as c on s.n = c.n
    inner join sim_truth as t on s.n = t.n
    where s.spend > 0
        and c.partner_entity_id is null
        and uniform(s.n * 4096 + s.year_number, 'wallet known') < 0.6
),
estimated as (
    select
        *,
        spend
        / wallet_share
        * (0.85 + 0.30 * uniform(n * 4096 + year_number, 'wallet error')) as estimate,
        choose(n * 4096 + year_number, 'wallet source', ['survey', 'panel', 'register', 'model'])
            as source
    from shares
)
select
    entity_id,
    customer_id || '|' || year_number || '|' || source as source_id,
    customer_id,
    make_date(year_number, 1, 1) as period,
    money(round(estimate, 2)) as wallet_amount,
    entity_currency as currency,
    source,
    money(round(estimate * 0.8, 2)) as low,
    money(round(estimate * 1.25, 2)) as high,
    least(cast(make_date(year_number, 12, 20) as timestamp), cast(h.last_day as timestamp))
    + to_hours(9) as recorded_at
from estimated
cross join sim_horizon as h;

create or replace table out_entitlements as
with promised as (
    select
        e.entity_id,
        t.segment,
        cast(null as varchar) as customer_id,
        t.activity_type,
        t.quantity,
        t.period
    from sim_entities as e
    cross join (
        values
        ('key_account', 'visit', 3, 'quarter'), ('key_account', 'service_call', 4, 'month'),
        ('mid_market', 'visit', 1, 'quarter'), ('mid_market', 'service_call', 2, 'month'),
        ('small_business', 'service_call', 1, 'month'), ('household', 'service_call', 1, 'quarter'),
        ('student', 'service_call', 1, 'year'), ('key_account', 'training', 1, 'year')
    ) as t (segment, activity_type, quantity, period)
    union all
    select
        e.entity_id,
        null,
        d.customer_id,
        'visit',
        2,
        'month'
    from sim_dedicated as d
    inner join sim_entities as e on d.entity_number = e.entity_number
)
select
    entity_id,
    coalesce(customer_id, segment) || '|' || activity_type as source_id,
    customer_id,
    segment,
    activity_type,
    money(quantity) as quantity,
    period,
    date '2022-01-01' as valid_from,
    cast(null as date) as valid_to,
    timestamp '2021-12-15 09:00:00' as recorded_at
from promised;

create or replace table out_promises as
select
    e.entity_id,
    p.promise_id as source_id,
    p.promise_id,
    p.statement,
    p.promised_on,
    p.measure,
    money(p.target_value) as target_value,
    cast(p.promised_on as timestamp) + to_hours(8) as recorded_at
from sim_entities as e
cross join (
    values
    (
        'PROM-1',
        'Nine of ten deliveries arrive on the day we name.',
        date '2022-06-01',
        'on_time_share',
        0.9
    ),
    (
        'PROM-2',
        'You wait no longer than ten minutes for us.',
        date '2023-02-01',
        'wait_minutes',
        10.0
    ),
    ('PROM-3', 'A case is closed within three days.', date '2023-09-01', 'case_days', 3.0),
    ('PROM-4', 'No surprise on any invoice.', date '2024-01-15', null, null)
) as p (promise_id, statement, promised_on, measure, target_value);

create or replace table out_stakeholder_measures as
select
    e.entity_id,
    p.stakeholder || '|' || p.measure || '|' || m.month_label as source_id,
    p.stakeholder,
    p.measure,
    m.month_start as period,
    money(round(p.base + p.spread * bell(m.month_index * 10 + e.entity_number, p.measure), 2))
        as value,
    cast(
        case p.stakeholder
            when 'employees' then getvariable('employees') when 'suppliers' then 24 else 120
        end as bigint
    ) as respondents,
    p.higher_is_better,
    cast(m.month_end as timestamp) + to_hours(17) as recorded_at
from sim_entities as e
cross join sim_months as m
cross join (
    values
    ('employees', 'engagement', 7.1, 0.2, true),
    ('employees', 'sick_days', 0.9, 0.15, false),
    ('suppliers', 'paid_on_time_share', 0.93, 0.02, true),
    ('community', 'complaints', 3.0, 1.0, false),
    ('owners', 'return_on_capital', 0.08, 0.01, true)
) as p (stakeholder, measure, base, spread, higher_is_better)
where m.month_index % 3 = 0 or m.month_index = getvariable('months');

create or replace table out_benefits as
select
    e.entity_id,
    'BEN-' || m.month_label || '-' || p.benefit_type || '-' || p.area as source_id,
    m.month_start as period,
    cast(null as varchar) as customer_id,
    p.benefit_type,
    p.area,
    money(20 + pick_number(m.month_index * 10 + e.entity_number, p.area, 30)) as units,
    money(60) as need_units,
    money(500) as budget_amount,
    e.currency,
    cast(m.month_end as timestamp) + to_hours(17) as recorded_at
from sim_entities as e
cross join sim_months as m
cross join (
    values ('repair_workshop', 'north'), ('repair_workshop', 'south'), ('safety_training', 'north')
) as p (benefit_type, area);

create or replace table out_prospects as
select
    e.entity_id,
    e.prefix || '-PRO-' || p.prospect_number as source_id,
    e.prefix || '-PRO-' || p.prospect_number as prospect_id,
    case
        when p.prospect_number % 37 = 5 then '=1+1'
        else 'Prospect ' || p.prospect_number || ' (synthetic)'
    end as name,
    choose(
        p.prospect_number * 8 + e.entity_number,
        'segment',
        ['key_account', 'mid_market', 'small_business', 'household', 'student']
    ) as segment,
    e.country,
    cast(
        date '2023-01-05'
        + cast(
            pick_number(
                p.prospect_number * 8 + e.entity_number, 'met', 28 * getvariable('months')
            ) as integer
        ) as date
    )
    as first_contact_on,
    money(
        round(
            200
            + 5000
            * uniform(p.prospect_number * 8 + e.entity_number, 'potential')
            * uniform(p.prospect_number, 'potential too'),
            2
        )
    ) as potential_amount,
    e.currency,
    cast(
        date '2023-01-05'
        + cast(
            pick_number(
                p.prospect_number * 8 + e.entity_number, 'met', 28 * getvariable('months')
            ) as integer
        ) as timestamp
    )
    + to_hours(9) as recorded_at
from sim_entities as e
cross join range(1, 5 + getvariable('customers') // 60) as p (prospect_number);
