-- The three tie-outs: T1 raw postings against control totals, T2 pools against what was done with
-- them, T3 the customers' sub-ledger against the ledger, P&L line by P&L line, and against what
-- customers owe for it.
-- Revenue lines are signed by their effect on revenue, cost lines are positive when they cost.
with

months as (

    select
        months.entity_id,
        months.month_start_date,
        months.month_end_date,
        entities.currency,
        entities.chart_id,
        entities.freight_policy,
        reach.as_of_date,
        entities.has_ledger
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entities') }} as entities
        on months.entity_id = entities.entity_id
    inner join {{ ref('int_entity_reach') }} as reach
        on months.entity_id = reach.entity_id

),

balances as (

    select
        entries.entity_id,
        days.month_start_date,
        entries.account_code,
        entries.currency,
        sum(entries.amount) as amount
    from {{ ref('input_ledger_balances') }} as entries
    inner join {{ ref('int_entity_days') }} as days
        on
            entries.entity_id = days.entity_id
            and entries.period = days.date_day
    group by entries.entity_id, days.month_start_date, entries.account_code, entries.currency

),

accepted_postings as (

    select
        entries.entity_id,
        days.month_start_date,
        entries.account_code,
        entries.currency,
        sum(entries.amount) as amount
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entity_days') }} as days
        on
            entries.entity_id = days.entity_id
            and entries.posted_on = days.date_day
    where entries.scenario = 'actual'
    group by entries.entity_id, days.month_start_date, entries.account_code, entries.currency

),

quarantined_postings as (

    select
        entries.entity_id,
        days.month_start_date,
        entries.account_code,
        entries.currency,
        sum(entries.amount) as amount
    from {{ ref('quarantine_cost_entries') }} as entries
    inner join {{ ref('int_entity_days') }} as days
        on
            entries.entity_id = days.entity_id
            and entries.posted_on = days.date_day
    where
        coalesce(entries.scenario, 'actual') = 'actual'
        and entries.quarantine_reason <> 'superseded'
    group by entries.entity_id, days.month_start_date, entries.account_code, entries.currency

),

controlled_entities as (

    select distinct entity_id
    from balances

),

-- an account that only has refused postings has a row as well
completeness_keys as (

    select entity_id, month_start_date, account_code, currency from balances
    union distinct
    select entity_id, month_start_date, account_code, currency from accepted_postings
    union distinct
    select entity_id, month_start_date, account_code, currency from quarantined_postings

),

-- without control totals completeness cannot be shown, and the rows say so: no ledger amount
completeness as (

    select
        keys.entity_id,
        keys.month_start_date,
        coalesce(keys.currency, months.currency) as currency,
        'T1' as tie_out,
        cast(null as {{ dbt.type_string() }}) as pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        coalesce(keys.account_code, '(none)') as account_code,
        case when controlled_entities.entity_id is not null then coalesce(balances.amount, 0) end
            as ledger_amount,
        coalesce(accepted.amount, 0) as assigned_amount,
        0 as unused_capacity_amount,
        0 as unassigned_amount,
        coalesce(quarantined.amount, 0) as quarantined_amount
    from completeness_keys as keys
    inner join months
        on
            keys.entity_id = months.entity_id
            and keys.month_start_date = months.month_start_date
    left join controlled_entities
        on keys.entity_id = controlled_entities.entity_id
    left join balances
        on
            keys.entity_id = balances.entity_id
            and keys.month_start_date = balances.month_start_date
            and keys.account_code = balances.account_code
            and keys.currency = balances.currency
    left join accepted_postings as accepted
        on
            keys.entity_id = accepted.entity_id
            and keys.month_start_date = accepted.month_start_date
            and keys.account_code = accepted.account_code
            and keys.currency = accepted.currency
    left join quarantined_postings as quarantined
        on
            keys.entity_id = quarantined.entity_id
            and keys.month_start_date = quarantined.month_start_date
            and keys.account_code is not distinct from quarantined.account_code
            and keys.currency is not distinct from quarantined.currency

),

assignment as (

    select
        pools.entity_id,
        pools.month_start_date,
        months.currency,
        'T2' as tie_out,
        pools.pnl_line,
        pools.pool_id,
        cast(null as {{ dbt.type_string() }}) as account_code,
        pools.ledger_amount,
        pools.assigned_amount,
        pools.unused_capacity_amount,
        pools.unassigned_amount,
        0 as quarantined_amount
    from {{ ref('int_unassigned_cost_monthly') }} as pools
    inner join months
        on
            pools.entity_id = months.entity_id
            and pools.month_start_date = months.month_start_date

),

-- our own entities are left out on both sides: the ledger has their postings under intercompany
subledger_totals as (

    select
        revenue.entity_id,
        revenue.month_start_date,
        sum(revenue.invoiced_amount + revenue.invoiced_discount_amount) as revenue,
        -sum(revenue.invoiced_discount_amount) as discounts,
        sum(revenue.returned_amount) as returns,
        sum(revenue.settled_rebate_amount - revenue.rebate_amount) as rebates,
        sum(revenue.freight_charged_amount) as freight_charged,
        sum(revenue.freight_paid_amount) as freight_paid,
        sum(revenue.direct_cost_amount) as direct_cost
    from {{ ref('int_customer_revenue_monthly') }} as revenue
    inner join {{ ref('int_customers') }} as customers
        on
            revenue.entity_id = customers.entity_id
            and revenue.customer_id = customers.customer_id
    where revenue.is_in_ledger_scope and not customers.is_intercompany
    group by revenue.entity_id, revenue.month_start_date

),

intercompany_totals as (

    select
        revenue.entity_id,
        revenue.month_start_date,
        sum(
            revenue.net_amount - revenue.rebate_amount + revenue.freight_charged_amount
            - coalesce(revenue.freight_paid_amount, 0) - coalesce(revenue.direct_cost_amount, 0)
        ) as amount
    from {{ ref('int_customer_revenue_monthly') }} as revenue
    inner join {{ ref('int_customers') }} as customers
        on
            revenue.entity_id = customers.entity_id
            and revenue.customer_id = customers.customer_id
    where revenue.is_in_ledger_scope and customers.is_intercompany
    group by revenue.entity_id, revenue.month_start_date

),

subledger as (

    select entity_id, month_start_date, 'revenue' as pnl_line, revenue as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'discounts' as pnl_line, discounts as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'returns' as pnl_line, returns as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'rebates' as pnl_line, rebates as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'freight_charged' as pnl_line, freight_charged as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'freight_paid' as pnl_line, freight_paid as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'direct_cost' as pnl_line, direct_cost as amount
    from subledger_totals
    union all
    select entity_id, month_start_date, 'intercompany' as pnl_line, amount
    from intercompany_totals

),

ledger_lines as (

    select
        entries.entity_id,
        entries.month_start_date,
        entries.pnl_line,
        sum(
            case
                when entries.pnl_line in ('freight_paid', 'direct_cost') then entries.amount
                else -entries.amount
            end
        )
            as amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            entries.pnl_line = lines.pnl_line
            and lines.tied_out_in = 'T3'
    group by entries.entity_id, entries.month_start_date, entries.pnl_line

),

quarantined_lines as (

    select
        lines.entity_id,
        days.month_start_date,
        case
            when lines.document_type in ('return', 'credit_note') then 'returns'
            when lines.document_type = 'rebate_settlement' then 'rebates'
            else 'revenue'
        end as pnl_line,
        sum(coalesce(lines.functional_amount, lines.net_amount)) as amount
    from {{ ref('quarantine_revenue_lines') }} as lines
    inner join {{ ref('int_entities') }} as entities
        on
            lines.entity_id = entities.entity_id
            and (lines.currency = entities.currency or lines.functional_amount is not null)
    inner join {{ ref('int_entity_days') }} as days
        on
            lines.entity_id = days.entity_id
            and lines.posted_on = days.date_day
    where lines.quarantine_reason <> 'superseded'
    group by
        lines.entity_id,
        days.month_start_date,
        case
            when lines.document_type in ('return', 'credit_note') then 'returns'
            when lines.document_type = 'rebate_settlement' then 'rebates'
            else 'revenue'
        end

),

subledger_keys as (

    select entity_id, month_start_date, pnl_line from ledger_lines
    union distinct
    select entity_id, month_start_date, pnl_line from subledger
    where amount <> 0

),

subledger_to_ledger as (

    select
        keys.entity_id,
        keys.month_start_date,
        months.currency,
        'T3' as tie_out,
        keys.pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        cast(null as {{ dbt.type_string() }}) as account_code,
        coalesce(ledger_lines.amount, 0) as ledger_amount,
        coalesce(subledger.amount, 0) as assigned_amount,
        0 as unused_capacity_amount,
        0 as unassigned_amount,
        coalesce(quarantined_lines.amount, 0) as quarantined_amount
    from subledger_keys as keys
    inner join months
        on
            keys.entity_id = months.entity_id
            and keys.month_start_date = months.month_start_date
            and months.has_ledger
    left join ledger_lines
        on
            keys.entity_id = ledger_lines.entity_id
            and keys.month_start_date = ledger_lines.month_start_date
            and keys.pnl_line = ledger_lines.pnl_line
    left join subledger
        on
            keys.entity_id = subledger.entity_id
            and keys.month_start_date = subledger.month_start_date
            and keys.pnl_line = subledger.pnl_line
    left join quarantined_lines
        on
            keys.entity_id = quarantined_lines.entity_id
            and keys.month_start_date = quarantined_lines.month_start_date
            and keys.pnl_line = quarantined_lines.pnl_line

),

-- the ledger of receivables against what was invoiced
receivables as (

    select
        tied.entity_id,
        tied.month_start_date,
        months.currency,
        'T3' as tie_out,
        tied.pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        cast(null as {{ dbt.type_string() }}) as account_code,
        tied.receivable_amount as ledger_amount,
        tied.invoice_amount as assigned_amount,
        0 as unused_capacity_amount,
        0 as unassigned_amount,
        tied.quarantined_amount
    from {{ ref('int_receivable_tie_outs') }} as tied
    inner join months
        on
            tied.entity_id = months.entity_id
            and tied.month_start_date = months.month_start_date

),

-- known gaps: of the chart of accounts, else the one for all
known_items as (

    select
        months.entity_id,
        months.month_start_date,
        items.pnl_line,
        items.item_type,
        items.item_owner,
        items.is_signable,
        row_number() over (
            partition by months.entity_id, months.month_start_date, items.pnl_line
            order by
                case when items.chart_id = '*' then 1 else 0 end asc,
                items.valid_from desc nulls last
        ) as preference
    from months
    inner join {{ ref('policy_reconciling_items') }} as items
        on
            (months.chart_id = items.chart_id or items.chart_id = '*')
            and months.month_start_date
            >= coalesce(cast(items.valid_from as date), date '1900-01-01')
            and months.month_start_date
            <= coalesce(cast(items.valid_to as date), date '9999-12-31')

),

tie_outs as (

    select
        entity_id, month_start_date, currency, tie_out, pnl_line, pool_id, account_code,
        ledger_amount, assigned_amount, unused_capacity_amount, unassigned_amount,
        quarantined_amount
    from completeness
    union all
    select
        entity_id, month_start_date, currency, tie_out, pnl_line, pool_id, account_code,
        ledger_amount, assigned_amount, unused_capacity_amount, unassigned_amount,
        quarantined_amount
    from assignment
    union all
    select
        entity_id, month_start_date, currency, tie_out, pnl_line, pool_id, account_code,
        ledger_amount, assigned_amount, unused_capacity_amount, unassigned_amount,
        quarantined_amount
    from subledger_to_ledger
    union all
    select
        entity_id, month_start_date, currency, tie_out, pnl_line, pool_id, account_code,
        ledger_amount, assigned_amount, unused_capacity_amount, unassigned_amount,
        quarantined_amount
    from receivables

),

gaps as (

    select
        tie_outs.entity_id,
        tie_outs.month_start_date,
        tie_outs.currency,
        tie_outs.tie_out,
        tie_outs.pnl_line,
        tie_outs.pool_id,
        tie_outs.account_code,
        tie_outs.ledger_amount,
        tie_outs.assigned_amount,
        tie_outs.unused_capacity_amount,
        tie_outs.unassigned_amount,
        tie_outs.quarantined_amount,
        tie_outs.ledger_amount - tie_outs.assigned_amount - tie_outs.unused_capacity_amount
        - tie_outs.unassigned_amount - tie_outs.quarantined_amount as gap_amount,
        items.item_type,
        items.item_owner,
        items.is_signable,
        months.as_of_date,
        months.month_end_date,
        greatest(
            coalesce(materiality.amount, 0),
            coalesce({{ amount_at_rate('abs(tie_outs.ledger_amount)', 'materiality.rate') }}, 0)
        ) as materiality_amount
    from tie_outs
    inner join months
        on
            tie_outs.entity_id = months.entity_id
            and tie_outs.month_start_date = months.month_start_date
    left join {{ ref('int_materiality') }} as materiality
        on
            tie_outs.entity_id = materiality.entity_id
            and tie_outs.month_start_date = materiality.month_start_date
    left join known_items as items
        on
            tie_outs.tie_out = 'T3'
            and tie_outs.entity_id = items.entity_id
            and tie_outs.month_start_date = items.month_start_date
            and tie_outs.pnl_line = items.pnl_line
            and items.preference = 1

),

computed as (

    select
        entity_id,
        month_start_date,
        currency,
        tie_out,
        pnl_line,
        pool_id,
        account_code,
        cast(ledger_amount as decimal(18, 4)) as ledger_amount,
        cast(assigned_amount as decimal(18, 4)) as assigned_amount,
        cast(unused_capacity_amount as decimal(18, 4)) as unused_capacity_amount,
        cast(unassigned_amount as decimal(18, 4)) as unassigned_amount,
        cast(quarantined_amount as decimal(18, 4)) as quarantined_amount,
        cast(case when item_type is not null then gap_amount else 0 end as decimal(18, 4))
            as reconciling_amount,
        cast(case when item_type is not null then 0 else gap_amount end as decimal(18, 4))
            as difference_amount,
        cast(materiality_amount as decimal(18, 4)) as materiality_amount,
        case when gap_amount <> 0 then coalesce(item_type, 'unexplained') end
            as reconciling_item_type,
        case when gap_amount <> 0 then coalesce(item_owner, 'finance') end
            as reconciling_item_owner,
        case
            when gap_amount <> 0
                then cast({{ dbt.datediff('month_end_date', 'as_of_date', 'day') }} as bigint)
        end
            as reconciling_item_age_days,
        case
            when ledger_amount is null then 'no_external_control'
            when gap_amount = 0 then 'tied'
            when item_type is not null then 'reconciled'
            when abs(gap_amount) <= materiality_amount then 'below_materiality'
            else 'not_tied'
        end as tie_out_status,
        case
            when ledger_amount is null or gap_amount = 0 then true
            when item_type is not null and is_signable then true
            else abs(gap_amount) <= materiality_amount
        end as is_signable
    from gaps

),

final as (

    {%- set columns = [
        'entity_id', 'month_start_date', 'currency', 'tie_out', 'pnl_line', 'pool_id',
        'account_code', 'ledger_amount', 'assigned_amount', 'unused_capacity_amount',
        'unassigned_amount', 'quarantined_amount', 'reconciling_amount', 'difference_amount',
        'materiality_amount', 'reconciling_item_type', 'reconciling_item_owner',
        'reconciling_item_age_days', 'tie_out_status', 'is_signable',
    ] %}
    {{ with_frozen_rows('rpt_ledger_reconciliation', columns) }}

)

select * from final
