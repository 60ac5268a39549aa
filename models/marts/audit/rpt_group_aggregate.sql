-- The entities of a group in its currency, at the mean rate of each period: what the customers' P&L
-- says and where every posting of the ledger went. An aggregate and no consolidation: all of each
-- entity, without what entities owe each other. Translated at four decimals before it is summed.
-- A closed period has the lines of the tie-outs that were frozen of it, as the customers' P&L has;
-- what is below operating profit and balances are frozen nowhere and as the ledger has them now.
with

closed as (

    select entity_id, month_start_date
    from {{ source('books', 'periods') }}
    where kind = 'profit' and served_version is not null

),

customer_lines as (

    select
        pnl_lines.entity_id,
        pnl_lines.month_start_date,
        'customers' as statement,
        pnl_lines.pnl_line as line,
        pnl_lines.profit_effect_amount as amount
    from {{ ref('fct_customer_pnl_lines_monthly') }} as pnl_lines
    left join {{ ref('int_customers') }} as customers
        on
            pnl_lines.entity_id = customers.entity_id
            and pnl_lines.customer_id = customers.customer_id
    where not coalesce(customers.is_intercompany, false)

),

pools as (

    {%- set amounts = ['assigned_amount', 'unused_capacity_amount', 'unassigned_amount'] %}
    select
        computed.entity_id,
        computed.month_start_date,
        {%- for amount in amounts %}
        computed.{{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_unassigned_cost_monthly') }} as computed
    left join closed
        on
            computed.entity_id = closed.entity_id
            and computed.month_start_date = closed.month_start_date
    where closed.entity_id is null

    union all

    select entity_id, month_start_date, {{ amounts | join(', ') }}
    from {{ source('books', 'rpt_ledger_reconciliation') }}
    where is_served and tie_out = 'T2'

),

ledger_lines as (

    select
        entries.entity_id,
        entries.month_start_date,
        'ledger' as statement,
        case
            when lines.tied_out_in = 'T3' and entries.pnl_line <> 'intercompany' then 'reported'
            else entries.pnl_line
        end as line,
        entries.amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on entries.pnl_line = lines.pnl_line
    left join closed
        on
            lines.tied_out_in = 'T3'
            and entries.entity_id = closed.entity_id
            and entries.month_start_date = closed.month_start_date
    where
        not lines.is_pool_cost and entries.pnl_line <> 'statistical' and closed.entity_id is null

    union all

    -- the tie-outs show revenue positive, the ledger has it as a credit
    select
        frozen.entity_id,
        frozen.month_start_date,
        'ledger' as statement,
        case when frozen.pnl_line = 'intercompany' then frozen.pnl_line else 'reported' end as line,
        case
            when frozen.pnl_line in ('freight_paid', 'direct_cost') then frozen.ledger_amount
            else -frozen.ledger_amount
        end as amount
    from {{ source('books', 'rpt_ledger_reconciliation') }} as frozen
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            frozen.pnl_line = lines.pnl_line
            and frozen.tie_out = lines.tied_out_in
            and lines.tied_out_in = 'T3'
    where frozen.is_served

    {%- for line in ['assigned', 'unused_capacity', 'unassigned'] %}

    union all

    select
        entity_id,
        month_start_date,
        'ledger' as statement,
        '{{ line }}' as line,
        {{ line }}_amount as amount
    from pools
    where {{ line }}_amount <> 0
    {%- endfor %}

),

all_lines as (

    select entity_id, month_start_date, statement, line, amount from customer_lines
    union all
    select entity_id, month_start_date, statement, line, amount from ledger_lines

),

translated as (

    select
        all_lines.entity_id,
        all_lines.month_start_date,
        all_lines.statement,
        all_lines.line,
        rates.fiscal_calendar_id,
        rates.currency,
        rates.group_currency,
        all_lines.amount,
        {{ convert_currency(
            'all_lines.amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'rates.is_foreign'
        ) }} as group_amount
    from all_lines
    inner join {{ ref('int_group_rates_monthly') }} as rates
        on
            all_lines.entity_id = rates.entity_id
            and all_lines.month_start_date = rates.month_start_date

),

final as (

    select
        entity_id,
        month_start_date,
        statement,
        line,
        fiscal_calendar_id,
        currency,
        group_currency,
        'aggregate, not consolidated' as basis,
        cast(sum(amount) as decimal(18, 4)) as amount,
        cast(case when count(*) = count(group_amount) then sum(group_amount) end as decimal(18, 4))
            as group_amount
    from translated
    group by
        entity_id, month_start_date, statement, line, fiscal_calendar_id, currency, group_currency

)

select * from final
