-- Who the customers are, what is true about them and when they leave.
-- Blocks of ten share an entity; the first of a block may head a group of companies.

create or replace table sim_parties as
with numbered as (
    select
        n,
        1
        + case when (n // 10) % 10 < 5 then 0 when (n // 10) % 10 < 8 then 1 else 2 end
            as entity_number,
        n % 10 = 0 as is_head,
        case when n % 10 = 0 then uniform(n, 'segment') * 0.20 else uniform(n, 'segment') end
            as segment_draw
    from range(getvariable('customers')) as t (n)
),
placed as (
    select
        numbered.n,
        numbered.entity_number,
        numbered.is_head,
        (
            select min_by(s.segment, s.upper_share)
            from sim_segments as s
            where s.upper_share > numbered.segment_draw
        ) as segment
    from numbered
)
select
    placed.n,
    placed.entity_number,
    e.entity_id,
    e.prefix || '-' || lpad(cast(placed.n + 1 as varchar), 7, '0') as customer_id,
    e.currency as entity_currency,
    e.country,
    e.tax_rate,
    placed.is_head,
    placed.segment,
    s.party_type,
    cast(null as varchar) as partner_entity_id,
    -- a few are large: 1 / (0.01 + u) has mean 4.6 and a heavy tail
    s.orders_rate / (0.01 + uniform(placed.n, 'size')) / 4.615 as size_rate,
    uniform(placed.n, 'difficult') < 0.05 as is_difficult,
    s.lines_most,
    s.units_most,
    s.discount_thousandths,
    s.rebate_thousandths,
    s.survey_chance,
    s.touch_rate,
    s.case_rate,
    case when uniform(placed.n, 'foreign') < 0.06 and s.party_type = 'organisation'
        then e.foreign_currencies[1 + placed.n % 2] else e.currency
    end as currency,
    ['none', 'low', 'medium', 'high'][
        1
        + pick_number(placed.n, 'lock in', case s.party_type when 'organisation' then 4 else 2 end)
    ] as lock_in_level,
    case
        when uniform(placed.n, 'joined') < 0.62 or getvariable('months') = 1 then 1
        else 1 + pick_number(placed.n, 'joined when', getvariable('months'))
    end as first_month,
    uniform(placed.n, 'joined') < 0.62 as joined_before,
    -- a second record of the same real party, one number before
    placed.n % 10 = 6 and uniform(placed.n, 'duplicate') < 0.2 as is_duplicate
from placed
inner join sim_entities as e on placed.entity_number = e.entity_number
inner join sim_segments as s on placed.segment = s.segment

union all

-- companies of the own group
select
    cast(
        getvariable('customers') + 100 + seller.entity_number * 10 + buyer.entity_number as bigint
    ) as n,
    seller.entity_number,
    seller.entity_id,
    seller.prefix || '-IC-' || buyer.prefix as customer_id,
    seller.currency as entity_currency,
    buyer.country,
    0.0 as tax_rate,
    false as is_head,
    'key_account' as segment,
    'organisation' as party_type,
    buyer.entity_id as partner_entity_id,
    0.8 as size_rate,
    false as is_difficult,
    4 as lines_most,
    80 as units_most,
    0 as discount_thousandths,
    0 as rebate_thousandths,
    0.0 as survey_chance,
    0.0 as touch_rate,
    0.0 as case_rate,
    seller.currency,
    'high' as lock_in_level,
    1 as first_month,
    true as joined_before,
    false as is_duplicate
from sim_entities as seller
inner join sim_entities as buyer on seller.entity_number < buyer.entity_number;

-- Latent truth, in standard units. Quality, price and hassle hang together a little, as they do.
create or replace table sim_latent as
with drawn as (
    select
        n,
        bell(n, 'common') as common,
        bell(n, 'product') as product_part,
        bell(n, 'service') as service_part,
        bell(n, 'price') as price_part,
        bell(n, 'hassle') as hassle_part,
        entity_number,
        segment,
        is_difficult
    from sim_parties
),
latent as (
    select
        n,
        0.4 * common
        + 0.9 * product_part
        + case entity_number when 2 then 0.15 else 0.0 end as quality_product,
        0.5 * common + 0.85 * service_part
        + case segment
            when 'key_account' then 0.6 when 'mid_market' then 0.2 when 'student' then -0.3 else 0.0
        end
        as quality_service,
        -0.2 * common
        + 0.95 * price_part
        + case segment when 'student' then 0.4 else 0.0 end as price_burden,
        -0.3 * common + 0.9 * hassle_part + case when is_difficult then 1.0 else 0.0 end
        + case entity_number when 3 then 0.25 else 0.0 end as hassle_burden
    from drawn
)
select * from latent;

-- The staying response: additive, with hassle hurting more the more of it there is. It shares
-- neither form nor weights with the warehouse's perceived value.
create or replace macro true_value(quality_product, quality_service, price_burden, hassle_burden) as
    0.55 * (quality_product) + 0.75 * (quality_service) - 0.50 * (price_burden)
    - 0.60 * (hassle_burden)
    - 0.30 * greatest((hassle_burden) - 0.5, 0.0) * greatest((hassle_burden) - 0.5, 0.0);

create or replace macro leave_chance(value_level, lock_in) as
    0.002 + 0.055 * s_curve(
        -1.6 - 1.3 * (value_level)
        - case lock_in when 'high' then 2.4 when 'medium' then 1.2 when 'low' then 0.5 else 0.0 end
    );

create or replace table sim_truth as
select
    p.n,
    p.entity_number,
    l.quality_product,
    l.quality_service,
    l.price_burden,
    l.hassle_burden,
    -- an experiment: from month 19 half of the organisations of one entity get a service desk of
    -- their own, by lot
    p.entity_number = 2
    and p.party_type = 'organisation'
    and p.partner_entity_id is null as is_in_trial,
    p.entity_number = 2 and p.party_type = 'organisation' and p.partner_entity_id is null
    and uniform(p.n, 'trial') < 0.5 as is_treated,
    true_value(l.quality_product, l.quality_service, l.price_burden, l.hassle_burden)
        as value_before,
    case
        when p.entity_number = 2 and p.party_type = 'organisation' and uniform(p.n, 'trial') < 0.5
            then true_value(
                l.quality_product, l.quality_service + 0.6, l.price_burden, l.hassle_burden - 0.5
            )
        else true_value(l.quality_product, l.quality_service, l.price_burden, l.hassle_burden)
    end as value_after,
    p.lock_in_level
from sim_parties as p
inner join sim_latent as l on p.n = l.n;

create or replace table sim_leaving as
select
    at_risk.n,
    min(at_risk.month_index) as leave_month
from (
    select
        p.n,
        p.first_month,
        t.value_before,
        t.value_after,
        t.lock_in_level,
        unnest(range(p.first_month + 2, getvariable('months') + 1)) as month_index
    from sim_parties as p
    inner join sim_truth as t on p.n = t.n
    where p.partner_entity_id is null
) as at_risk
where uniform(at_risk.n * 4096 + at_risk.month_index, 'leaves') < leave_chance(
    case when at_risk.month_index < 19 then at_risk.value_before else at_risk.value_after end,
    at_risk.lock_in_level
)
group by at_risk.n;

-- What the monthly generation needs, with the number of lines scaled to what was asked for.
create or replace table sim_customers as
with shaped as (
    select
        p.*,
        coalesce(v.leave_month, getvariable('months')) as last_month,
        v.leave_month,
        case when p.is_difficult then 2 else p.lines_most end as lines_upto,
        case when p.is_difficult then greatest(2, p.units_most // 5) else p.units_most end
            as units_upto,
        cast(case
            when p.partner_entity_id is not null then 0
            else p.discount_thousandths
                + case when p.is_difficult then 80 else 0 end
                + pick_number(p.n, 'discount', 30)
        end * 0.001 as decimal(4, 3)) as discount_rate,
        cast(case
            when p.rebate_thousandths = 0 then 0
            else p.rebate_thousandths + pick_number(p.n, 'rebate', 20)
        end * 0.001 as decimal(4, 3)) as rebate_rate,
        p.currency <> p.entity_currency as is_foreign,
        case
            when p.partner_entity_id is not null then 0.0
            when p.is_difficult then 0.30
            else 0.015 + 0.05 * s_curve(t.hassle_burden - 1.0)
        end as return_chance,
        case when p.is_difficult then 0.9 else 0.1 + 0.3 * uniform(p.n, 'manual') end
            as manual_chance,
        cast(1 + pick_number(p.n, 'zone', 4) as integer) as freight_zone,
        t.quality_product,
        t.quality_service,
        t.price_burden,
        t.hassle_burden,
        t.is_treated
    from sim_parties as p
    inner join sim_truth as t on p.n = t.n
    left join sim_leaving as v on p.n = v.n
),
expected as (
    select
        coalesce(
            getvariable('lines') / cast(sum(cast(
                (last_month - first_month + 1) * size_rate * (lines_upto + 1) / 2.0 * 1.03
                as decimal(18, 4)
            )) as double),
            1.0
        ) as scale
    from shaped
)
select
    shaped.*,
    shaped.size_rate * expected.scale as orders_rate
from shaped
cross join expected;
