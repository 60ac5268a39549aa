-- Actual postings by period, account and cost centre, in entity currency, each with the P&L line
-- and pool that policy gives it: the account with its cost centre first, then the account alone.
-- An account that no policy maps keeps its own name and stays unassigned.
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

postings as (

    select
        entries.entity_id,
        {{ booked_month() }} as month_start_date,
        coalesce(booking.booked_period_index, days.period_index) as period_index,
        days.month_start_date as original_month_start_date,
        entries.account_code,
        entries.cost_centre_id,
        -- a posting that names a document is its customer's
        coalesce(entries.customer_id, documents.customer_id) as customer_id,
        entries.product_id,
        entries.partner_entity_id,
        sum(case
            when entries.currency <> entities.currency then {{ units_to_money(divide_rounded(
                to_units('entries.amount', 4) ~ ' * rates.rate_numerator', 'rates.rate_denominator'
            )) }}
            else entries.amount
        end) as amount,
        count(*) as postings_count
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entities') }} as entities
        on entries.entity_id = entities.entity_id
    {{ booked_days('entries', 'cost_entries', 'posted_on') }}
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            entries.entity_id = rates.entity_id
            and {{ booked_month() }} = rates.month_start_date
            and entries.currency = rates.currency
    left join {{ ref('int_posting_customers') }} as documents
        on
            entries.customer_id is null
            and entries.entity_id = documents.entity_id
            and entries.document_id = documents.document_id
    where entries.scenario = 'actual' and {{ is_booked() }}
    group by
        entries.entity_id,
        {{ booked_month() }},
        coalesce(booking.booked_period_index, days.period_index),
        days.month_start_date,
        entries.account_code,
        entries.cost_centre_id,
        coalesce(entries.customer_id, documents.customer_id),
        entries.product_id,
        entries.partner_entity_id

),

mapped as (

    select
        postings.entity_id,
        postings.month_start_date,
        postings.period_index,
        postings.original_month_start_date,
        postings.account_code,
        postings.cost_centre_id,
        postings.customer_id,
        postings.product_id,
        postings.partner_entity_id,
        postings.amount,
        postings.postings_count,
        coalesce(by_cost_centre.pnl_line, by_account.pnl_line, 'unmapped') as mapped_pnl_line,
        case
            when by_cost_centre.pnl_line is not null then by_cost_centre.pool_id
            else by_account.pool_id
        end as mapped_pool_id
    from postings
    inner join {{ ref('int_entities') }} as entities
        on postings.entity_id = entities.entity_id
    left join mapping as by_cost_centre
        on
            entities.chart_id = by_cost_centre.chart_id
            and postings.account_code = by_cost_centre.account_code
            and postings.cost_centre_id = by_cost_centre.cost_centre_id
            and postings.month_start_date >= by_cost_centre.valid_from
            and postings.month_start_date <= by_cost_centre.valid_to
    left join mapping as by_account
        on
            entities.chart_id = by_account.chart_id
            and postings.account_code = by_account.account_code
            and by_account.cost_centre_id is null
            and postings.month_start_date between by_account.valid_from and by_account.valid_to

),

-- a balance account stays one, whoever is on the other side
placed as (

    select
        entity_id,
        month_start_date,
        period_index,
        original_month_start_date,
        account_code,
        cost_centre_id,
        customer_id,
        product_id,
        partner_entity_id,
        mapped_pnl_line,
        case
            when
                partner_entity_id is not null
                and mapped_pnl_line not in ('balance_sheet', 'statistical')
                then 'intercompany'
            else mapped_pnl_line
        end as pnl_line,
        case
            when partner_entity_id is not null then null
            when mapped_pnl_line = 'unmapped' then 'unmapped:' || account_code
            else mapped_pool_id
        end as pool_id,
        amount,
        postings_count
    from mapped

),

final as (

    select
        entity_id,
        month_start_date,
        period_index,
        original_month_start_date,
        account_code,
        cost_centre_id,
        customer_id,
        product_id,
        partner_entity_id,
        mapped_pnl_line,
        pnl_line,
        max(pool_id) as pool_id,
        cast(sum(amount) as decimal(18, 4)) as amount,
        cast(sum(postings_count) as bigint) as postings_count
    from placed
    group by
        entity_id,
        month_start_date,
        period_index,
        original_month_start_date,
        account_code,
        cost_centre_id,
        customer_id,
        product_id,
        partner_entity_id,
        mapped_pnl_line,
        pnl_line

)

select * from final
