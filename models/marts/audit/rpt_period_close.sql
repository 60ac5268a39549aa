-- Where each period stands in the books, and what it reports: as posted, and as it would read with
-- what came late and is booked elsewhere. Over all periods both add up to the same.
with

kinds as (

    select 'profit' as kind
    union all
    select 'perceived_value' as kind

),

months as (

    select
        status.entity_id,
        status.month_start_date,
        status.period_status,
        status.has_ledger,
        entities.currency
    from {{ ref('int_period_status') }} as status
    inner join {{ ref('int_entities') }} as entities
        on status.entity_id = entities.entity_id

),

revenue as (

    select entity_id, month_start_date, sum(invoice_amount) as amount
    from {{ ref('int_customer_profitability_monthly') }}
    group by entity_id, month_start_date

),

-- of a closed period the ledger's side of the tie-outs is frozen as well
costs as (

    select entity_id, month_start_date, sum(ledger_amount) as amount
    from {{ ref('int_ledger_tie_outs') }}
    where tie_out = 'T2'
    group by entity_id, month_start_date

),

late as (

    select
        postings.entity_id,
        postings.month_start_date,
        postings.original_month_start_date,
        case when postings.posting_type = 'revenue' then postings.amount else 0 end
            as revenue_amount,
        case when lines.is_pool_cost then postings.amount else 0 end as cost_amount
    from {{ ref('rpt_late_postings') }} as postings
    left join {{ ref('lookup_pnl_lines') }} as lines
        on
            postings.posting_type = 'ledger'
            and postings.pnl_line = lines.pnl_line

),

moved as (

    select
        entity_id,
        month_start_date,
        revenue_amount as revenue_in,
        cost_amount as cost_in,
        0 as revenue_out,
        0 as cost_out
    from late

    union all

    select
        entity_id,
        original_month_start_date as month_start_date,
        0 as revenue_in,
        0 as cost_in,
        revenue_amount as revenue_out,
        cost_amount as cost_out
    from late

),

moves as (

    select
        entity_id,
        month_start_date,
        sum(revenue_in) as revenue_in,
        sum(cost_in) as cost_in,
        sum(revenue_out) as revenue_out,
        sum(cost_out) as cost_out
    from moved
    group by entity_id, month_start_date

),

amounts as (

    select
        months.entity_id,
        months.month_start_date,
        kinds.kind,
        case when kinds.kind = 'profit' then months.period_status end as period_status,
        months.currency,
        case when kinds.kind = 'profit' then coalesce(revenue.amount, 0) end as revenue,
        case when kinds.kind = 'profit' then coalesce(moves.revenue_in, 0) end as revenue_in,
        case when kinds.kind = 'profit' then coalesce(moves.revenue_out, 0) end as revenue_out,
        -- without a ledger there is no cost to be 0, unless late postings say there was some
        {%- for name, amount in [
            ('cost', 'costs.amount'), ('cost_in', 'moves.cost_in'), ('cost_out', 'moves.cost_out'),
        ] %}
        case
            when
                kinds.kind = 'profit'
                and (months.has_ledger or moves.cost_in <> 0 or moves.cost_out <> 0)
                then coalesce({{ amount }}, 0)
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    cross join kinds
    left join revenue
        on
            months.entity_id = revenue.entity_id
            and months.month_start_date = revenue.month_start_date
    left join costs
        on
            months.entity_id = costs.entity_id
            and months.month_start_date = costs.month_start_date
    left join moves
        on
            months.entity_id = moves.entity_id
            and months.month_start_date = moves.month_start_date

),

final as (

    select
        amounts.entity_id,
        amounts.month_start_date,
        amounts.kind,
        coalesce(books.period_state, 'open') as period_state,
        amounts.period_status,
        books.served_version as book_version,
        coalesce(books.is_restated, false) as is_restated,
        books.acted_at,
        books.acted_by,
        books.approved_by,
        books.reason,
        amounts.currency,
        cast(amounts.revenue as decimal(18, 4)) as posted_revenue_amount,
        cast(amounts.revenue_in as decimal(18, 4)) as late_revenue_in_amount,
        cast(amounts.revenue_out as decimal(18, 4)) as late_revenue_out_amount,
        cast(amounts.revenue - amounts.revenue_in + amounts.revenue_out as decimal(18, 4))
            as original_revenue_amount,
        cast(amounts.cost as decimal(18, 4)) as posted_cost_amount,
        cast(amounts.cost_in as decimal(18, 4)) as late_cost_in_amount,
        cast(amounts.cost_out as decimal(18, 4)) as late_cost_out_amount,
        cast(amounts.cost - amounts.cost_in + amounts.cost_out as decimal(18, 4))
            as original_cost_amount
    from amounts
    left join {{ source('books', 'periods') }} as books
        on
            amounts.entity_id = books.entity_id
            and amounts.month_start_date = books.month_start_date
            and amounts.kind = books.kind

)

select * from final
