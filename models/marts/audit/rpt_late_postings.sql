-- What was recorded after its own period had closed, in the period it is booked in and with the one
-- it belongs to: the P&L of a closed period stands, and can still be read with what came late.
with

late as (

    select
        entity_id,
        month_start_date,
        original_month_start_date,
        'revenue' as posting_type,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as account_code,
        'invoice' as pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        sum(net_amount) as amount,
        count(*) as postings_count
    from {{ ref('int_revenue_lines') }}
    -- settlements of rebates are no sales
    where month_start_date <> original_month_start_date and document_type <> 'rebate_settlement'
    group by entity_id, month_start_date, original_month_start_date, customer_id

    union all

    select
        entity_id,
        month_start_date,
        original_month_start_date,
        'ledger' as posting_type,
        customer_id,
        account_code,
        pnl_line,
        pool_id,
        sum(amount) as amount,
        sum(postings_count) as postings_count
    from {{ ref('int_ledger_entries_monthly') }}
    where month_start_date <> original_month_start_date
    group by
        entity_id, month_start_date, original_month_start_date, customer_id, account_code, pnl_line,
        pool_id

),

final as (

    select
        late.entity_id,
        late.month_start_date,
        late.original_month_start_date,
        late.posting_type,
        late.customer_id,
        late.account_code,
        late.pnl_line,
        late.pool_id,
        entities.currency,
        cast(late.amount as decimal(18, 4)) as amount,
        cast(late.postings_count as bigint) as postings_count
    from late
    inner join {{ ref('int_entities') }} as entities
        on late.entity_id = entities.entity_id

)

select * from final
