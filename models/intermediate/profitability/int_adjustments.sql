-- Manual adjustments, line by line, with what becomes of them. A document moves cost of a pool
-- between customers, or between a customer and what the pool could not assign; in each pool and
-- period its lines add up to nothing, so that the tie-outs close as before. It is booked whole or
-- not at all, once somebody else than its preparer has approved it; approved after its period had
-- closed, it is booked like any late posting.
with

lines as (

    select
        adjustments.entity_id,
        adjustments.document_id,
        adjustments.line_number,
        adjustments.posted_on,
        days.month_start_date as original_month_start_date,
        {{ booked_month() }} as month_start_date,
        adjustments.pool_id,
        adjustments.customer_id,
        case
            when adjustments.customer_id is not null
                then coalesce(adjustments.pnl_line, pools.charged_line)
        end as pnl_line,
        adjustments.amount,
        adjustments.currency,
        adjustments.reason,
        adjustments.prepared_by,
        adjustments.prepared_at,
        adjustments.approved_by,
        adjustments.approved_at,
        adjustments.owner,
        adjustments.evidence,
        adjustments.source,
        coalesce(pools.is_avoidable, false) as is_avoidable,
        case
            when coalesce(trim(adjustments.prepared_by), '') = '' then 'not_prepared'
            when coalesce(trim(adjustments.reason), '') = '' then 'no_reason'
            when
                coalesce(trim(adjustments.approved_by), '') = ''
                or adjustments.approved_at is null
                or adjustments.approved_at >= run.known_before
                then 'not_approved'
            when lower(trim(adjustments.approved_by)) = lower(trim(adjustments.prepared_by))
                then 'same_person'
            when adjustments.prepared_at > adjustments.approved_at
                then 'approved_before_prepared'
            when days.date_day is null then 'period_not_shown'
            when not {{ is_booked() }} then 'no_open_period'
            when adjustments.amount is null then 'no_amount'
            when adjustments.currency <> entities.currency then 'foreign_currency'
            when pools.pool_id is null then 'unknown_pool'
            when not pools.reaches_customers then 'pool_above_the_customer'
        end as line_fault
    from {{ ref('policy_adjustments') }} as adjustments
    inner join {{ ref('int_entities') }} as entities
        on adjustments.entity_id = entities.entity_id
    cross join {{ source('build', 'parameters') }} as run
    left join {{ ref('int_entity_days') }} as days
        on
            adjustments.entity_id = days.entity_id
            and adjustments.posted_on = days.date_day
    left join {{ ref('int_booking_periods') }} as booking
        on
            booking.is_origin
            and days.entity_id = booking.entity_id
            and days.month_start_date = booking.month_start_date
            and adjustments.approved_at >= booking.recorded_from
            and adjustments.approved_at < booking.recorded_before
    left join {{ ref('int_pools_monthly') }} as pools
        on
            days.entity_id = pools.entity_id
            and {{ booked_month() }} = pools.month_start_date
            and adjustments.pool_id = pools.pool_id

),

customers as (

    select distinct entity_id, customer_id
    from {{ ref('input_customers') }}

),

ledger_periods as (

    select distinct entity_id, month_start_date
    from {{ ref('int_ledger_entries_monthly') }}

),

-- a customer whose revenue the ledger does not cover has no cost measured
outside_ledger as (

    select entity_id, customer_id, month_start_date
    from {{ ref('int_customer_revenue_monthly') }}
    group by entity_id, customer_id, month_start_date
    having max(case when is_in_ledger_scope then 1 else 0 end) = 0

),

checked as (

    select
        lines.entity_id,
        lines.document_id,
        lines.line_number,
        case
            when lines.line_fault is not null then lines.line_fault
            when ledger_periods.entity_id is null then 'period_without_ledger'
            when
                lines.customer_id is not null
                and lines.customer_id <> '{{ var("unknown_customer_id") }}'
                and customers.customer_id is null
                then 'unknown_customer'
            when outside_ledger.customer_id is not null then 'customer_outside_ledger'
            when
                lines.customer_id is not null
                and lines.pnl_line not in ('cost_to_serve', 'customer_sustaining')
                then 'no_line_of_assigned_cost'
        end as fault
    from lines
    left join customers
        on
            lines.entity_id = customers.entity_id
            and lines.customer_id = customers.customer_id
    left join ledger_periods
        on
            lines.entity_id = ledger_periods.entity_id
            and lines.month_start_date = ledger_periods.month_start_date
    left join outside_ledger
        on
            lines.entity_id = outside_ledger.entity_id
            and lines.customer_id = outside_ledger.customer_id
            and lines.month_start_date = outside_ledger.month_start_date

),

pool_sums as (

    select
        entity_id,
        document_id,
        pool_id,
        original_month_start_date,
        month_start_date,
        sum(amount) as amount
    from lines
    group by entity_id, document_id, pool_id, original_month_start_date, month_start_date

),

unbalanced as (

    select entity_id, document_id, 'not_balanced' as fault
    from pool_sums
    where amount <> 0

),

-- one reason a document, that of its first line at fault; balance is asked of sound lines only
document_faults as (

    select entity_id, document_id, fault, line_number, 0 as rank_of_fault
    from checked
    where fault is not null

    union all

    select entity_id, document_id, fault, 0 as line_number, 1 as rank_of_fault
    from unbalanced

),

documents as (

    select entity_id, document_id, fault
    from document_faults
    qualify row_number() over (
        partition by entity_id, document_id order by rank_of_fault, line_number, fault
    ) = 1

),

final as (

    select
        lines.entity_id,
        lines.document_id,
        cast(lines.line_number as bigint) as line_number,
        -- in no period that is shown: its calendar month
        coalesce(
            lines.month_start_date,
            lines.original_month_start_date,
            cast(date_trunc('month', lines.posted_on) as date)
        ) as month_start_date,
        lines.original_month_start_date,
        lines.posted_on,
        lines.pool_id,
        lines.customer_id,
        lines.pnl_line,
        cast(lines.amount as decimal(18, 4)) as adjustment_amount,
        lines.currency,
        lines.is_avoidable,
        lines.reason,
        lines.prepared_by,
        lines.prepared_at,
        lines.approved_by,
        lines.approved_at,
        lines.owner,
        lines.evidence,
        lines.source,
        case
            when documents.fault is null then 'booked'
            when documents.fault in ('not_approved', 'period_not_shown', 'no_open_period')
                then 'waiting'
            else 'refused'
        end as adjustment_status,
        documents.fault as status_reason
    from lines
    left join documents
        on
            lines.entity_id = documents.entity_id
            and lines.document_id = documents.document_id

)

select * from final
