-- Manual adjustments as a journal: who moved what, why, who approved it, and whether it is booked.
-- What was booked in a closed period stays as it was closed; a document still open is shown as it
-- stands today.
with

computed as (

    select
        entity_id,
        document_id,
        line_number,
        month_start_date,
        original_month_start_date,
        posted_on,
        pool_id,
        customer_id,
        pnl_line,
        currency,
        adjustment_amount,
        adjustment_status,
        status_reason,
        reason,
        prepared_by,
        prepared_at,
        approved_by,
        approved_at,
        owner,
        evidence,
        source
    from {{ ref('int_adjustments') }}

),

served as (

    {%- set columns = [
        'entity_id', 'document_id', 'line_number', 'month_start_date',
        'original_month_start_date', 'posted_on', 'pool_id', 'customer_id', 'pnl_line',
        'currency', 'adjustment_amount', 'adjustment_status', 'status_reason', 'reason',
        'prepared_by', 'prepared_at', 'approved_by', 'approved_at', 'owner', 'evidence', 'source',
    ] %}
    {{ with_frozen_rows('rpt_adjustments', columns) }}

),

final as (

    select
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from served
    where adjustment_status = 'booked'

    union all

    select
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from computed
    where adjustment_status <> 'booked'

)

select * from final
