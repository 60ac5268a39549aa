with

final as (

    select
        events.entity_id,
        events.record_source,
        events.source_id,
        events.event_type,
        events.customer_id,
        events.event_date,
        events.month_start_date,
        rates.term,
        events.quantity,
        -- whole numbers multiply exactly: quantity and money in 10^-4, minutes an event in 10^-9
        case
            when rates.term = 'hassle'
                then {{ units_to_money(divide_rounded(
                    '(' ~ to_units('events.quantity', 4) ~ ' * rates.effect_units)', '1000000000'
                )) }}
        end as hassle_minutes,
        entities.currency,
        case
            when rates.term = 'hassle'
                then {{ units_to_money(divide_rounded(
                    '(' ~ to_units('events.quantity', 4) ~ ' * rates.effect_units * '
                    ~ to_units('rates.minute_value_amount', 4) ~ ')',
                    '10000000000000'
                )) }}
        end as hassle_amount
    from {{ ref('int_operational_events') }} as events
    inner join {{ ref('int_hassle_rates') }} as rates
        on
            events.entity_id = rates.entity_id
            and events.period_index = rates.period_index
            and events.event_type = rates.event_type
    inner join {{ ref('int_entities') }} as entities
        on events.entity_id = entities.entity_id
    where not rates.is_ordinary

)

select * from final
