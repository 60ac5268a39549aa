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
    own_answer_share,
    events_count,
    method,
    promise_status
from {{ ref('int_promise_results') }}
