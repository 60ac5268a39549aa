-- Postings of a budget or a forecast by period, P&L line and pool, in entity currency, read by the
-- ledger's own mapping.
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
        planned.scenario,
        case
            when
                planned.is_intercompany
                and coalesce(by_cost_centre.pnl_line, by_account.pnl_line, 'unmapped')
                not in ('balance_sheet', 'statistical')
                then 'intercompany'
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

final as (

    select
        entity_id,
        month_start_date,
        scenario,
        pnl_line,
        pool_id,
        cast(sum(amount) as decimal(18, 4)) as amount
    from mapped
    group by entity_id, month_start_date, scenario, pnl_line, pool_id

)

select * from final
