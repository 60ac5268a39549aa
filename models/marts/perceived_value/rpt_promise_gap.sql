-- What was promised in public against what was done.
select
    entity_id,
    fiscal_year,
    promise_id,
    statement,
    promised_on,
    measure,
    target_value,
    delivered_mean,
    promised_share,
    kept_share,
    kept_share_low,
    kept_share_high,
    say_do_gap,
    case when events_count > 0 then cast(1 as decimal(18, 9)) end as own_answer_share,
    events_count,
    case
        when events_count > 0 then 'share of events; beta posterior' else 'none'
    end as method,
    promise_status
from {{ ref('int_promise_results') }}
