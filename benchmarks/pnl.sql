-- The customer-month P&L by hand, in SQL that DuckDB, Postgres and Spark all take: the floor that
-- everything else is measured against. It reads the raw tables and the policies, checks the line
-- key, and ends in customer_months. Each engine brings three functions of its own beforehand:
-- whole_units(amount), the amount in units of 10^-4 as a whole number, whole_quotient(a, b),
-- towards zero, and in_entity_currency(amount, numerator, denominator), rounded half away from zero.
-- Left out, and not compared: period_status and signable, which take every tie-out.

-- what staging would accept, with the contract's defaults
create view sound_lines as
select
    entity_id,
    document_id,
    line_number,
    coalesce(document_type, 'invoice') as document_type,
    posted_on,
    cast(date_trunc('month', posted_on) as date) as month_start_date,
    coalesce(customer_id, '(unknown)') as customer_id,
    product_id,
    quantity,
    coalesce(discount_amount, 0) as discount_amount,
    coalesce(rebate_amount, 0) as rebate_amount,
    net_amount,
    functional_amount,
    coalesce(freight_charged_amount, 0) as freight_charged_amount,
    freight_paid_amount,
    direct_cost_amount,
    currency,
    coalesce(recorded_at, cast(posted_on as timestamp)) as recorded_at
from revenue_lines
where
    document_id is not null
    and line_number is not null
    and posted_on is not null
    and net_amount is not null
    and currency is not null
    and coalesce(document_type, 'invoice') in (
        'invoice', 'credit_note', 'return', 'rebate_settlement'
    )
    and not (document_type in ('credit_note', 'return') and net_amount > 0);

-- the line key: of two rows the later recorded wins, and rows that tie are all refused
create table contested_keys as
select
    entity_id,
    document_id,
    line_number,
    max(recorded_at) as latest_recorded_at
from sound_lines
group by entity_id, document_id, line_number
having count(*) > 1;

create table refused_lines as
select
    sound_lines.entity_id,
    sound_lines.document_id,
    sound_lines.line_number,
    sound_lines.recorded_at
from sound_lines
inner join contested_keys
    on
        sound_lines.entity_id = contested_keys.entity_id
        and sound_lines.document_id = contested_keys.document_id
        and sound_lines.line_number = contested_keys.line_number
group by
    sound_lines.entity_id,
    sound_lines.document_id,
    sound_lines.line_number,
    sound_lines.recorded_at,
    contested_keys.latest_recorded_at
having sound_lines.recorded_at < contested_keys.latest_recorded_at or count(*) > 1;

-- each entity shows the months that revenue and ledger both reached
create table entities as
with

revenue as (
    select entity_id, min(posted_on) as first_on, max(posted_on) as last_on
    from sound_lines
    group by entity_id
),

ledger as (
    select entity_id, min(posted_on) as first_on, max(posted_on) as last_on
    from cost_entries
    where coalesce(scenario, 'actual') = 'actual'
    group by entity_id
)

select
    revenue.entity_id,
    organisations.currency,
    organisations.freight_policy,
    organisations.chart_id,
    cast(date_trunc('month', least(revenue.first_on, coalesce(ledger.first_on, revenue.first_on)))
        as date) as first_month,
    cast(date_trunc('month', least(revenue.last_on, coalesce(ledger.last_on, revenue.last_on)))
        as date) as last_month
from revenue
inner join organisations on revenue.entity_id = organisations.entity_id
left join ledger on revenue.entity_id = ledger.entity_id;

-- mean daily rate of a month; a pair quoted the other way round is inverted
create table rates as
with

means as (
    select
        fx_rates.entity_id,
        cast(date_trunc('month', fx_rates.rate_date) as date) as month_start_date,
        case
            when fx_rates.quote_currency = entities.currency then fx_rates.base_currency
            else fx_rates.quote_currency
        end as currency,
        fx_rates.quote_currency = entities.currency as is_direct,
        sum(whole_units(fx_rates.average_rate * 100000000)) as rate_units,
        count(*) as rates_count
    from fx_rates
    inner join entities on fx_rates.entity_id = entities.entity_id
    where
        fx_rates.base_currency <> fx_rates.quote_currency
        and (
            fx_rates.base_currency = entities.currency
            or fx_rates.quote_currency = entities.currency
        )
    group by 1, 2, 3, 4
),

rounded as (
    select
        entity_id,
        month_start_date,
        currency,
        is_direct,
        whole_quotient(2 * rate_units + rates_count, 2 * rates_count) as rate_units,
        row_number() over (
            partition by entity_id, month_start_date, currency order by is_direct desc
        ) as preference
    from means
)

select
    entity_id,
    month_start_date,
    currency,
    case when is_direct then rate_units else 1000000000000 end as rate_numerator,
    case when is_direct then 1000000000000 else rate_units end as rate_denominator
from rounded
where preference = 1;

-- one pass over the lines: converted, costed, added up by document
create table documents as
with

costs as (
    select
        products.entity_id,
        products.product_id,
        products.standard_cost,
        products.valid_from,
        least(
            coalesce(products.valid_to, date '9999-12-31'),
            coalesce(
                lead(products.valid_from) over (
                    partition by products.entity_id, products.product_id
                    order by products.valid_from
                ) - interval '1' day,
                date '9999-12-31'
            )
        ) as valid_to
    from products
    inner join entities on products.entity_id = entities.entity_id
    where coalesce(products.currency, entities.currency) = entities.currency
),

accepted as (
    select
        lines.entity_id,
        lines.customer_id,
        lines.month_start_date,
        lines.document_id,
        lines.document_type,
        lines.discount_amount,
        lines.rebate_amount,
        lines.net_amount,
        lines.functional_amount,
        lines.freight_charged_amount,
        case entities.freight_policy
            when 'actual' then lines.freight_paid_amount
            when 'pass_through' then lines.freight_charged_amount
            when 'in_pool' then 0
        end as freight_paid_amount,
        lines.direct_cost_amount,
        case
            when lines.document_type in ('credit_note', 'rebate_settlement') then 0
            else cast(lines.quantity * costs.standard_cost as decimal(18, 4))
        end as standard_cost_amount,
        lines.currency <> entities.currency as is_foreign,
        case
            when lines.currency = entities.currency then null
            when lines.functional_amount is not null and lines.net_amount <> 0
                then abs(whole_units(lines.functional_amount))
            else rates.rate_numerator
        end as rate_numerator,
        case
            when lines.currency = entities.currency then null
            when lines.functional_amount is not null and lines.net_amount <> 0
                then abs(whole_units(lines.net_amount))
            else rates.rate_denominator
        end as rate_denominator
    from sound_lines as lines
    inner join entities
        on
            lines.entity_id = entities.entity_id
            and lines.month_start_date between entities.first_month and entities.last_month
    left join refused_lines
        on
            lines.entity_id = refused_lines.entity_id
            and lines.document_id = refused_lines.document_id
            and lines.line_number = refused_lines.line_number
            and lines.recorded_at = refused_lines.recorded_at
    left join rates
        on
            lines.entity_id = rates.entity_id
            and lines.month_start_date = rates.month_start_date
            and lines.currency = rates.currency
    left join costs
        on
            lines.entity_id = costs.entity_id
            -- a line that brings its cost finds no product, so it is not joined for nothing
            and case when lines.direct_cost_amount is null then lines.product_id end
            = costs.product_id
            and lines.posted_on between costs.valid_from and costs.valid_to
    where refused_lines.document_id is null
)

select
    entity_id,
    customer_id,
    month_start_date,
    document_id,
    document_type,
    count(*) as lines_count,
    sum(case when is_foreign then in_entity_currency(
        discount_amount, rate_numerator, rate_denominator
    ) else discount_amount end) as discount_amount,
    sum(case when is_foreign then in_entity_currency(
        rebate_amount, rate_numerator, rate_denominator
    ) else rebate_amount end) as rebate_amount,
    sum(case when is_foreign then coalesce(functional_amount, in_entity_currency(
        net_amount, rate_numerator, rate_denominator
    )) else net_amount end) as net_amount,
    sum(case when is_foreign then in_entity_currency(
        freight_charged_amount, rate_numerator, rate_denominator
    ) else freight_charged_amount end) as freight_charged_amount,
    sum(case when is_foreign then in_entity_currency(
        freight_paid_amount, rate_numerator, rate_denominator
    ) else freight_paid_amount end) as freight_paid_amount,
    count(freight_paid_amount) as freight_paid_count,
    sum(case
        when direct_cost_amount is null then standard_cost_amount
        when is_foreign then in_entity_currency(
            direct_cost_amount, rate_numerator, rate_denominator
        )
        else direct_cost_amount
    end) as direct_cost_amount,
    count(coalesce(direct_cost_amount, standard_cost_amount)) as direct_cost_count
from accepted
group by entity_id, customer_id, month_start_date, document_id, document_type;

create table revenue_months as
select
    entity_id,
    customer_id,
    month_start_date,
    count(case when document_type = 'invoice' then 1 end) as orders_count,
    count(case when document_type = 'return' then 1 end) as returns_count,
    sum(lines_count) as lines_count,
    sum(discount_amount) as discount_amount,
    coalesce(sum(case when document_type = 'invoice' then discount_amount end), 0)
        as invoiced_discount_amount,
    coalesce(sum(case when document_type in ('return', 'credit_note') then net_amount end), 0)
        as returned_amount,
    sum(rebate_amount)
    - coalesce(sum(case when document_type = 'rebate_settlement' then net_amount end), 0)
        as rebate_amount,
    coalesce(sum(case when document_type <> 'rebate_settlement' then net_amount end), 0)
        as net_amount,
    sum(freight_charged_amount) as freight_charged_amount,
    case when sum(freight_paid_count) = sum(lines_count) then sum(freight_paid_amount) end
        as freight_paid_amount,
    case when sum(direct_cost_count) = sum(lines_count) then sum(direct_cost_amount) end
        as direct_cost_amount
from documents
group by entity_id, customer_id, month_start_date;

-- the ledger by P&L line and pool; postings with the group are nobody's cost
create table ledger as
select
    entries.entity_id,
    cast(date_trunc('month', entries.posted_on) as date) as month_start_date,
    entries.customer_id,
    case
        when entries.partner_entity_id is not null then 'intercompany'
        else coalesce(by_cost_centre.pnl_line, by_account.pnl_line)
    end as pnl_line,
    case when by_cost_centre.pnl_line is not null then by_cost_centre.pool_id
        else by_account.pool_id end as pool_id,
    sum(entries.amount) as amount
from cost_entries as entries
inner join entities on entries.entity_id = entities.entity_id
left join account_mapping as by_cost_centre
    on
        entities.chart_id = by_cost_centre.chart_id
        and entries.account_code = by_cost_centre.account_code
        and entries.cost_centre_id = by_cost_centre.cost_centre_id
left join account_mapping as by_account
    on
        entities.chart_id = by_account.chart_id
        and entries.account_code = by_account.account_code
        and by_account.cost_centre_id is null
where
    coalesce(entries.scenario, 'actual') = 'actual'
    and cast(date_trunc('month', entries.posted_on) as date)
    between entities.first_month and entities.last_month
group by 1, 2, 3, 4, 5;

-- what the ledger does not trace to a customer is shared out by the pool's driver
create table assigned as
with

pools as (
    select
        ledger.entity_id,
        ledger.month_start_date,
        ledger.pnl_line,
        ledger.pool_id,
        cost_pools.driver,
        row_number() over (
            order by ledger.entity_id, ledger.month_start_date, ledger.pnl_line, ledger.pool_id
        ) as pool_number,
        whole_quotient(whole_units(sum(ledger.amount)), 100) as cents
    from ledger
    inner join entities on ledger.entity_id = entities.entity_id
    inner join cost_pools
        on
            entities.chart_id = cost_pools.chart_id
            and ledger.pool_id = cost_pools.pool_id
    where
        ledger.customer_id is null
        and ledger.pnl_line in ('cost_to_serve', 'customer_sustaining')
    group by 1, 2, 3, 4, 5
    having sum(ledger.amount) > 0
),

work as (
    select
        events.entity_id,
        cast(date_trunc('month', events.occurred_at) as date) as month_start_date,
        events.customer_id,
        events.activity_type,
        sum(coalesce(events.quantity, 1)) as quantity,
        sum(events.minutes) as minutes
    from activities as events
    where
        events.customer_id is not null
        and coalesce(events.quantity, 1) >= 0
        and coalesce(events.minutes, 0) >= 0
    group by 1, 2, 3, 4
),

drivers as (
    select entity_id, month_start_date, customer_id, 'orders' as driver, orders_count as units
    from revenue_months
    union all
    select entity_id, month_start_date, customer_id, 'activity:' || activity_type, quantity
    from work
    union all
    select entity_id, month_start_date, customer_id, 'activity_minutes:' || activity_type, minutes
    from work
),

receivers as (
    select
        pools.pool_number,
        pools.entity_id,
        pools.month_start_date,
        pools.pnl_line,
        pools.cents,
        drivers.customer_id,
        whole_units(drivers.units) as units
    from pools
    inner join drivers
        on
            pools.entity_id = drivers.entity_id
            and pools.month_start_date = drivers.month_start_date
            and pools.driver = drivers.driver
    where drivers.units > 0
),

totals as (
    select pool_number, sum(units) as units
    from receivers
    group by pool_number
),

floors as (
    select
        receivers.pool_number,
        receivers.entity_id,
        receivers.month_start_date,
        receivers.pnl_line,
        receivers.cents,
        receivers.customer_id,
        whole_quotient(receivers.cents * receivers.units, totals.units) as floor_cents,
        (receivers.cents * receivers.units) % totals.units as remainder
    from receivers
    inner join totals on receivers.pool_number = totals.pool_number
),

given as (
    select pool_number, sum(floor_cents) as cents
    from floors
    group by pool_number
),

ranked as (
    select
        floors.entity_id,
        floors.month_start_date,
        floors.pnl_line,
        floors.customer_id,
        floors.floor_cents,
        floors.cents - given.cents as cents_left,
        row_number() over (
            partition by floors.pool_number order by floors.remainder desc, floors.customer_id
        ) as remainder_rank
    from floors
    inner join given on floors.pool_number = given.pool_number
)

select
    entity_id,
    month_start_date,
    customer_id,
    pnl_line,
    sum(floor_cents + case when remainder_rank <= cents_left then 1 else 0 end) as cents
from ranked
group by entity_id, month_start_date, customer_id, pnl_line;

create table cost_months as
with

parts as (
    select
        entity_id,
        month_start_date,
        customer_id,
        pnl_line,
        cast(cast(cents as decimal(34, 0)) * 0.01 as decimal(18, 4)) as amount
    from assigned
    union all
    select entity_id, month_start_date, customer_id, pnl_line, amount
    from ledger
    where customer_id is not null and pnl_line in ('cost_to_serve', 'customer_sustaining')
)

select
    entity_id,
    month_start_date,
    customer_id,
    sum(case when pnl_line = 'cost_to_serve' then amount else 0 end) as cost_to_serve_amount,
    sum(case when pnl_line = 'customer_sustaining' then amount else 0 end)
        as customer_sustaining_amount
from parts
where amount <> 0
group by entity_id, month_start_date, customer_id;

create table customer_months as
with

joined as (
    select
        coalesce(revenue.entity_id, costs.entity_id) as entity_id,
        coalesce(revenue.customer_id, costs.customer_id) as customer_id,
        coalesce(revenue.month_start_date, costs.month_start_date) as month_start_date,
        coalesce(revenue.net_amount, 0) as net_amount,
        coalesce(revenue.discount_amount, 0) as discount_amount,
        coalesce(revenue.rebate_amount, 0) as rebate_amount,
        coalesce(revenue.freight_charged_amount, 0) as freight_charged_amount,
        case when revenue.entity_id is null then 0 else revenue.freight_paid_amount end
            as freight_paid_amount,
        case when revenue.entity_id is null then 0 else revenue.direct_cost_amount end
            as direct_cost_amount,
        coalesce(costs.cost_to_serve_amount, 0) as cost_to_serve_amount,
        coalesce(costs.customer_sustaining_amount, 0) as customer_sustaining_amount,
        coalesce(revenue.orders_count, 0) as orders_count,
        coalesce(revenue.returns_count, 0) as returns_count,
        coalesce(revenue.lines_count, 0) as lines_count,
        coalesce(revenue.invoiced_discount_amount, 0) as invoiced_discount_amount,
        coalesce(revenue.returned_amount, 0) as returned_amount
    from revenue_months as revenue
    full join cost_months as costs
        on
            revenue.entity_id = costs.entity_id
            and revenue.customer_id = costs.customer_id
            and revenue.month_start_date = costs.month_start_date
),

ledger_months as (
    select distinct entity_id, month_start_date from ledger
),

measured as (
    select
        joined.entity_id,
        joined.customer_id,
        joined.month_start_date,
        entities.currency,
        joined.net_amount,
        joined.discount_amount,
        joined.rebate_amount,
        joined.net_amount - joined.rebate_amount as pocket_amount,
        joined.freight_charged_amount,
        joined.freight_paid_amount,
        joined.direct_cost_amount,
        joined.net_amount - joined.rebate_amount + joined.freight_charged_amount
        - joined.freight_paid_amount - joined.direct_cost_amount as gross_margin_amount,
        case when ledger_months.entity_id is not null then joined.cost_to_serve_amount end
            as cost_to_serve_amount,
        case when ledger_months.entity_id is not null then joined.customer_sustaining_amount end
            as customer_sustaining_amount,
        joined.orders_count,
        joined.returns_count,
        joined.lines_count,
        joined.invoiced_discount_amount,
        joined.returned_amount
    from joined
    inner join entities on joined.entity_id = entities.entity_id
    left join ledger_months
        on
            joined.entity_id = ledger_months.entity_id
            and joined.month_start_date = ledger_months.month_start_date
)

select
    entity_id,
    customer_id,
    month_start_date,
    currency,
    cast(net_amount + discount_amount as decimal(18, 4)) as list_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(net_amount as decimal(18, 4)) as invoice_amount,
    cast(rebate_amount as decimal(18, 4)) as rebate_amount,
    cast(pocket_amount as decimal(18, 4)) as pocket_amount,
    cast(freight_charged_amount as decimal(18, 4)) as freight_charged_amount,
    cast(freight_paid_amount as decimal(18, 4)) as freight_paid_amount,
    cast(direct_cost_amount as decimal(18, 4)) as direct_cost_amount,
    cast(gross_margin_amount as decimal(18, 4)) as gross_margin_amount,
    cast(cost_to_serve_amount as decimal(18, 4)) as cost_to_serve_amount,
    cast(gross_margin_amount - cost_to_serve_amount as decimal(18, 4)) as contribution_amount,
    cast(customer_sustaining_amount as decimal(18, 4)) as customer_sustaining_amount,
    cast(gross_margin_amount - cost_to_serve_amount - customer_sustaining_amount
        as decimal(18, 4)) as operating_profit_amount,
    cast(orders_count as bigint) as orders_count,
    cast(returns_count as bigint) as returns_count,
    cast(lines_count as bigint) as lines_count,
    cast(invoiced_discount_amount as decimal(18, 4)) as invoiced_discount_amount,
    cast(returned_amount as decimal(18, 4)) as returned_amount,
    case
        when gross_margin_amount - cost_to_serve_amount - customer_sustaining_amount is not null
            then 'operating_profit'
        when gross_margin_amount is not null then 'gross_margin'
        else 'pocket'
    end as profit_level
from measured
