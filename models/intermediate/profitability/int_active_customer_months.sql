-- A customer is active in a period when he had revenue, an activity or assigned cost in it or in
-- the eleven periods before. The unknown customer is nobody and is never active, nor are our own
-- entities: what they buy is no market's judgement.
with

events as (

    select entity_id, customer_id, month_start_date
    from {{ ref('int_customer_revenue_monthly') }}
    union distinct
    select entity_id, customer_id, month_start_date
    from {{ ref('int_customer_costs_monthly') }}
    union distinct
    select
        activities.entity_id,
        activities.customer_id,
        {{ booked_month() }} as month_start_date
    from {{ ref('input_activities') }} as activities
    {{ booked_days('activities', 'activities', 'occurred_at') }}
    where activities.customer_id is not null and {{ is_booked() }}

),

-- each period counts until the next one of the same customer, and at most twelve
spans as (

    select
        events.entity_id,
        events.customer_id,
        months.period_index as first_period_index,
        least(
            months.period_index + 11,
            coalesce(
                lead(months.period_index) over (
                    partition by events.entity_id, events.customer_id order by months.period_index
                ) - 1,
                months.period_index + 11
            )
        ) as last_period_index
    from events
    inner join {{ ref('int_entity_months') }} as months
        on
            events.entity_id = months.entity_id
            and events.month_start_date = months.month_start_date
    left join {{ ref('int_own_entities') }} as own_entities
        on
            events.entity_id = own_entities.entity_id
            and events.customer_id = own_entities.customer_id
    where
        events.customer_id <> '{{ var("unknown_customer_id") }}'
        and own_entities.customer_id is null

),

final as (

    select
        spans.entity_id,
        spans.customer_id,
        months.month_start_date,
        months.period_index,
        spans.first_period_index as last_event_period_index
    from spans
    inner join {{ ref('int_entity_months') }} as months
        on
            spans.entity_id = months.entity_id
            and months.period_index between spans.first_period_index and spans.last_period_index

)

select * from final
