-- Entities, months, segments, exchange rates, products: what every other table refers to.

create or replace table sim_entities as
select *
from (
    values
    (1, 'meridian_de', 'DE', 'EUR', 'DE', 0.190, 1.00, ['USD', 'GBP']),
    (2, 'meridian_us', 'US', 'USD', 'US', 0.070, 1.15, ['EUR', 'GBP']),
    (3, 'meridian_uk', 'UK', 'GBP', 'GB', 0.200, 0.90, ['EUR', 'USD'])
) as t (
    entity_number, entity_id, prefix, currency, country, tax_rate, price_level, foreign_currencies
);

create or replace table sim_months as
select
    cast(month_index as integer) as month_index,
    cast(date '2023-01-01' + to_months(cast(month_index - 1 as integer)) as date) as month_start,
    last_day(date '2023-01-01' + to_months(cast(month_index - 1 as integer))) as month_end,
    day(last_day(date '2023-01-01' + to_months(cast(month_index - 1 as integer)))) as days_count,
    strftime(
        date '2023-01-01' + to_months(cast(month_index - 1 as integer)), '%Y-%m'
    ) as month_label,
    -- spring and autumn sell more
    [0.92, 0.95, 1.08, 1.02, 1.00, 0.97, 0.88, 0.86, 1.06, 1.10, 1.14, 1.02][
        1 + (month_index - 1) % 12
    ] as season
from range(1, getvariable('months') + 1) as t (month_index);

create or replace table sim_horizon as
select
    max(month_index) as last_month,
    max(month_end) as last_day
from sim_months;

create or replace table sim_segments as
select *
from (
    values
    -- segment, party type, up to this share, orders a month, lines, units, discount and rebate in
    -- thousandths, chance of a yearly survey, touches a month, cases a month
    ('key_account', 'organisation', 0.03, 3.60, 7, 42, 140, 30, 1.00, 0.6, 0.60),
    ('mid_market', 'organisation', 0.20, 1.05, 5, 20, 80, 15, 0.80, 0.6, 0.20),
    ('small_business', 'organisation', 0.55, 0.34, 3, 8, 30, 0, 0.55, 0.5, 0.07),
    ('household', 'person', 0.90, 0.20, 2, 4, 10, 0, 0.40, 0.5, 0.05),
    ('student', 'person', 1.00, 0.14, 2, 2, 60, 0, 0.35, 0.4, 0.04)
) as t (
    segment, party_type, upper_share, orders_rate, lines_most, units_most, discount_thousandths,
    rebate_thousandths, survey_chance, touch_rate, case_rate
);

-- The month's mean rate has two decimals: amounts with two decimals translate without a remainder.
create or replace table sim_fx_months as
select
    e.entity_number,
    e.entity_id,
    e.currency as quote_currency,
    f.base_currency,
    m.month_index,
    m.month_start,
    m.days_count,
    cast(
        (case e.currency || f.base_currency
            when 'EURUSD' then 92 when 'EURGBP' then 116
            when 'USDEUR' then 108 when 'USDGBP' then 126
            when 'GBPEUR' then 86 else 79
        end + pick_number(m.month_index * 10 + e.entity_number, 'fx ' || f.base_currency, 7) - 3)
        * 0.01 as decimal(9, 2)
    ) as rate
from sim_entities as e
inner join (
    select
        entity_number,
        unnest(foreign_currencies) as base_currency
    from sim_entities
) as f on e.entity_number = f.entity_number
cross join sim_months as m;

-- Daily rates lie symmetrically around the month's mean, so that their mean is exactly that.
create or replace table out_fx_rates as
with days as (
    select
        *,
        unnest(range(1, days_count + 1)) as day_number
    from sim_fx_months
),
swings as (
    select
        *,
        case
            when 2 * day_number = days_count + 1 then 0
            else (case when 2 * day_number < days_count + 1 then 1 else -1 end) * (
                pick_number(
                    least(day_number, days_count + 1 - day_number) * 1000 + month_index,
                    'fx day ' || entity_id || base_currency, 8001
                ) - 4000
            )
        end as swing_millionths
    from days
)
select
    entity_id,
    entity_id || '|' || base_currency || quote_currency || '|'
    || cast(month_start + cast(day_number - 1 as integer) as varchar) as source_id,
    base_currency,
    quote_currency,
    cast(month_start + cast(day_number - 1 as integer) as date) as rate_date,
    cast(rate + swing_millionths * 0.000001 as decimal(28, 12)) as average_rate,
    cast(
        rate + swing_millionths * 0.000001 + (day_number % 5 - 2) * 0.0001 as decimal(28, 12)
    ) as closing_rate,
    cast(month_start + cast(day_number - 1 as integer) as timestamp) + to_hours(18) as recorded_at
from swings;

create or replace table sim_products as
with base as (
    select
        e.entity_number,
        e.entity_id,
        e.currency,
        e.price_level,
        cast(p.product_number as integer) as product_number,
        ['fasteners', 'tools', 'safety', 'packaging', 'cleaning', 'electrical'][
            1 + p.product_number % 6
        ] as category,
        1 + 39 * uniform(p.product_number, 'cost') * uniform(p.product_number, 'cost too')
        as cost_level,
        1.35 + 0.75 * uniform(p.product_number, 'markup') as markup
    from sim_entities as e
    cross join range(1, getvariable('products') + 1) as p (product_number)
)
select
    base.*,
    y.year_number,
    -- fasteners cost fractions of a cent
    cast(case
        when category = 'fasteners'
            then round(0.04 * price_level * cost_level * (1 + 0.02 * (y.year_number - 2023)), 4)
        else round(price_level * cost_level * (1 + 0.02 * (y.year_number - 2023)), 2)
    end as decimal(9, 4)) as standard_cost,
    cast(case
        when category = 'fasteners'
            then round(
                0.04 * price_level * cost_level * markup * (1 + 0.03 * (y.year_number - 2023)), 4
            )
        else round(price_level * cost_level * markup * (1 + 0.03 * (y.year_number - 2023)), 2)
    end as decimal(9, 4)) as list_price
from base
cross join (select distinct year(month_start) as year_number from sim_months) as y;

create or replace table out_products as
select
    entity_id,
    'PRD-' || lpad(cast(product_number as varchar), 4, '0') || '-' || year_number as source_id,
    'P' || lpad(cast(product_number as varchar), 4, '0') as product_id,
    upper(left(category, 1)) || substr(category, 2) || ' item ' || product_number as name,
    category,
    money(standard_cost) as standard_cost,
    money(list_price) as list_price,
    currency,
    case
        when year_number = 2023 then date '2022-01-01'
        else make_date(year_number, 1, 1)
    end as valid_from,
    case
        when year_number < max(year_number) over () then make_date(year_number, 12, 31)
    end as valid_to,
    cast(make_date(year_number, 1, 1) - 30 as timestamp) + to_hours(9) as recorded_at
from sim_products;

create or replace table sim_employees as
select
    e.entity_number,
    e.entity_id,
    cast(s.employee_number as integer) as employee_number,
    e.prefix || '-E' || lpad(cast(s.employee_number as varchar), 4, '0') as employee_id,
    ['sales', 'logistics', 'customer service', 'finance', 'it', 'marketing'][
        1 + (s.employee_number - 1) % 6
    ] as function,
    case
        when s.employee_number % 20 = 1 then 'executive'
        when s.employee_number % 5 = 1 then 'manager'
        -- the smallest entity has few: too few to be shown when staff are asked
        when s.employee_number % 5 = 3 and e.entity_number < 3 then 'manager'
        else 'staff'
    end as grade
from sim_entities as e
cross join range(1, getvariable('employees') + 1) as s (employee_number);
