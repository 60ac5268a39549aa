-- The entities of a group in its currency, at the mean rate of each period: what the customers' P&L
-- says and where every posting of the ledger went. An aggregate and no consolidation: all of each
-- entity, without what entities owe each other. Translated at four decimals before it is summed.
with

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
    where not lines.is_pool_cost and entries.pnl_line <> 'statistical'

    {%- for line in ['assigned', 'unused_capacity', 'unassigned'] %}

    union all

    select
        entity_id,
        month_start_date,
        'ledger' as statement,
        '{{ line }}' as line,
        {{ line }}_amount as amount
    from {{ ref('int_unassigned_cost_monthly') }}
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
