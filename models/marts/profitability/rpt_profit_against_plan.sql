-- Actual beside budget, forecast and the same period of the year before, by P&L line and pool of
-- the ledger, signed by effect on profit. A scenario that has no posting in a period was not given
-- and is empty; where it was, a line without one is zero.
{%- set readings = ['actual', 'budget', 'forecast', 'prior_year'] %}
with

mapping as (

    select
        chart_id,
        cast(account_code as {{ dbt.type_string() }}) as account_code,
        cast(cost_centre_id as {{ dbt.type_string() }}) as cost_centre_id,
        pnl_line,
        pool_id,
        coalesce(cast(valid_from as date), date '1900-01-01') as valid_from,
        coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
    from {{ ref('policy_account_mapping') }}

),

planned as (

    select
        entries.entity_id,
        days.month_start_date,
        entities.chart_id,
        entries.account_code,
        entries.cost_centre_id,
        entries.partner_entity_id is not null as is_intercompany,
        entries.scenario,
        sum({{ convert_currency(
            'entries.amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'entries.currency <> entities.currency'
        ) }}) as amount
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entities') }} as entities
        on entries.entity_id = entities.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            entries.entity_id = days.entity_id
            and entries.posted_on = days.date_day
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            entries.entity_id = rates.entity_id
            and days.month_start_date = rates.month_start_date
            and entries.currency = rates.currency
    where entries.scenario in ('budget', 'forecast')
    group by
        entries.entity_id,
        days.month_start_date,
        entities.chart_id,
        entries.account_code,
        entries.cost_centre_id,
        entries.partner_entity_id is not null,
        entries.scenario

),

-- the plan is read by the same mapping as the ledger: the account with its cost centre first
mapped as (

    select
        planned.entity_id,
        planned.month_start_date,
        planned.scenario as reading,
        case
            when planned.is_intercompany then 'intercompany'
            else coalesce(by_cost_centre.pnl_line, by_account.pnl_line, 'unmapped')
        end as pnl_line,
        case
            when planned.is_intercompany then null
            when by_cost_centre.pnl_line is not null then by_cost_centre.pool_id
            when by_account.pnl_line is not null then by_account.pool_id
            else 'unmapped:' || planned.account_code
        end as pool_id,
        planned.amount
    from planned
    left join mapping as by_cost_centre
        on
            planned.chart_id = by_cost_centre.chart_id
            and planned.account_code = by_cost_centre.account_code
            and planned.cost_centre_id = by_cost_centre.cost_centre_id
            and planned.month_start_date
            between by_cost_centre.valid_from and by_cost_centre.valid_to
    left join mapping as by_account
        on
            planned.chart_id = by_account.chart_id
            and planned.account_code = by_account.account_code
            and by_account.cost_centre_id is null
            and planned.month_start_date between by_account.valid_from and by_account.valid_to

),

prior_years as (

    select
        months.entity_id,
        months.month_start_date,
        bases.month_start_date as base_month_start_date
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entity_months') }} as bases
        on
            months.entity_id = bases.entity_id
            and months.fiscal_year = bases.fiscal_year + 1
            and months.fiscal_period = bases.fiscal_period

),

amounts as (

    select
        entity_id,
        month_start_date,
        reading,
        pnl_line,
        pool_id,
        amount
    from mapped

    union all

    select
        entity_id,
        month_start_date,
        'actual' as reading,
        pnl_line,
        pool_id,
        amount
    from {{ ref('int_ledger_entries_monthly') }}

    union all

    select
        entries.entity_id,
        prior_years.month_start_date,
        'prior_year' as reading,
        entries.pnl_line,
        entries.pool_id,
        entries.amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join prior_years
        on
            entries.entity_id = prior_years.entity_id
            and entries.month_start_date = prior_years.base_month_start_date

),

given as (

    select
        entity_id,
        month_start_date,
        {%- for reading in readings %}
        max(case when reading = '{{ reading }}' then 1 else 0 end) as has_{{ reading }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from amounts
    group by entity_id, month_start_date

),

lines as (

    select
        amounts.entity_id,
        amounts.month_start_date,
        amounts.pnl_line,
        amounts.pool_id,
        pnl_lines.display_order,
        {%- for reading in readings %}
        case
            when max(given.has_{{ reading }}) = 1
                then -sum(
                    case when amounts.reading = '{{ reading }}' then amounts.amount else 0 end
                )
        end as {{ reading }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from amounts
    inner join given
        on
            amounts.entity_id = given.entity_id
            and amounts.month_start_date = given.month_start_date
    inner join {{ ref('lookup_pnl_lines') }} as pnl_lines
        on
            amounts.pnl_line = pnl_lines.pnl_line
            and pnl_lines.pnl_line not in ('balance_sheet', 'statistical')
    group by
        amounts.entity_id,
        amounts.month_start_date,
        amounts.pnl_line,
        amounts.pool_id,
        pnl_lines.display_order

),

final as (

    select
        lines.entity_id,
        lines.month_start_date,
        lines.pnl_line,
        cast(lines.display_order as bigint) as display_order,
        lines.pool_id,
        entities.currency,
        {%- for reading in readings %}
        cast(lines.{{ reading }}_amount as decimal(18, 4)) as {{ reading }}_amount,
        {%- endfor %}
        {%- for reading in readings[1:] %}
        cast(lines.actual_amount - lines.{{ reading }}_amount as decimal(18, 4))
            as difference_to_{{ reading }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from lines
    inner join {{ ref('int_entities') }} as entities
        on lines.entity_id = entities.entity_id

)

select * from final
