-- What operations show beside each term of the value equation, by customer's segment and for the
-- entity, over the windows that end with a block: how often something happened (numerator) per
-- chance that it might (denominator), with sums over customers as clusters for the interval. What a
-- source does not say is no chance; returns are measured in entities that ever booked one.
{%- set span = trailing_periods() %}
with

releases as (

    select distinct
        entity_id,
        window_period_index as block_period_index
    from {{ ref('int_value_windows') }}
    where window_kind = 'block'

),

-- one case or delivery with all that happened to it
occurrences as (

    select
        entity_id,
        customer_id,
        record_source,
        source_id,
        -- of the delivery or case itself, whenever it was known to be late
        max(case when event_type in ('delivery_received', 'case_opened') then period_index end)
            as period_index,
        max(coalesce(not_measured, '')) as not_measured,
        max(case when event_type = 'delivery_received' then 1 else 0 end) as is_delivery,
        max(case when event_type = 'delivery_damaged' then 1 else 0 end) as is_damaged,
        sum(case when event_type = 'delivery_repeated' then quantity else 0 end) as repeats,
        max(case when event_type = 'case_opened' then 1 else 0 end) as is_case,
        sum(case when event_type = 'case_contact' then quantity else 0 end) as contacts,
        sum(case when event_type = 'case_waiting' then quantity else 0 end) as minutes_waited,
        max(case when event_type = 'case_reopened' then 1 else 0 end) as is_reopened,
        max(case when event_type = 'case_transferred' then 1 else 0 end) as is_transferred
    from {{ ref('int_operational_events') }}
    group by entity_id, customer_id, record_source, source_id

),

{%- set measures = [
    ('product_quality', 'damaged_share', 'is_damaged', 'is_delivery', ['delivery_damaged']),
    ('service_quality', 'first_contact_share',
     'case when contacts <= 1 and is_reopened = 0 and is_transferred = 0 then is_case else 0 end',
     'is_case', ['case_contact', 'case_reopened', 'case_transferred']),
    ('service_quality', 'reopened_share', 'is_reopened', 'is_case', ['case_reopened']),
    ('service_quality', 'transferred_share', 'is_transferred', 'is_case', ['case_transferred']),
    ('hassle', 'attempts_per_delivery', 'is_delivery + repeats', 'is_delivery',
     ['delivery_repeated']),
    ('hassle', 'contacts_per_case', 'contacts', 'is_case', ['case_contact']),
    ('hassle', 'minutes_waited_per_case', 'minutes_waited', 'is_case', ['case_waiting']),
] %}

happened as (

    {%- for term, measure, numerator, denominator, needed in measures %}
    select
        entity_id,
        customer_id,
        period_index,
        '{{ term }}' as term,
        '{{ measure }}' as measure,
        cast(round(({{ numerator }}) * 100, 0) as {{ type_whole() }}) as numerator_units,
        cast({{ denominator }} as {{ type_whole() }}) * 100 as denominator_units
    from occurrences
    where
        {{ denominator }} > 0
        {%- for event_type in needed %}
        and not_measured not like '%|{{ event_type }}|%'
        {%- endfor %}

    union all
    {% endfor %}
    -- of those due, not of those received: what has not come is the latest of all
    select
        entity_id,
        customer_id,
        period_index,
        'hassle' as term,
        'late_share' as measure,
        cast(is_late as {{ type_whole() }}) * 100 as numerator_units,
        cast(100 as {{ type_whole() }}) as denominator_units
    from {{ ref('int_deliveries_due') }}

    union all

    select
        entity_id,
        customer_id,
        period_index,
        'product_quality' as term,
        'returned_share' as measure,
        cast(least(returns_count, orders_count) as {{ type_whole() }}) * 100 as numerator_units,
        cast(orders_count as {{ type_whole() }}) * 100 as denominator_units
    from {{ ref('int_customer_revenue_monthly') }}
    where
        orders_count > 0
        and entity_id in (select entity_id from {{ ref('int_entities_with_returns') }})

    union all

    -- whole units of currency: cents would not fit when squared and summed
    select
        entity_id,
        customer_id,
        period_index,
        'price' as term,
        'price_paid_over_reference' as measure,
        {{ divide_rounded('paid_units', '100') }} as numerator_units,
        {{ divide_rounded('reference_units', '100') }} as denominator_units
    from {{ ref('int_customer_prices_monthly') }}
    where reference_units > 0

    union all

    select
        operations.entity_id,
        operations.customer_id,
        operations.period_index,
        'hassle' as term,
        'hassle_minutes_per_delivery' as measure,
        {{ divide_rounded('operations.effect_units', '10000000') }} as numerator_units,
        {{ divide_rounded('operations.opportunity_units', '10000000') }} as denominator_units
    from {{ ref('int_customer_operations_monthly') }} as operations
    where operations.term = 'hassle'

),

customers as (

    select
        happened.entity_id,
        releases.block_period_index as window_period_index,
        happened.customer_id,
        coalesce(customers.segment, '(none)') as segment,
        happened.term,
        happened.measure,
        sum(happened.numerator_units) as numerator_units,
        sum(happened.denominator_units) as denominator_units
    from happened
    inner join {{ ref('int_surveyed_entities') }} as surveyed
        on happened.entity_id = surveyed.entity_id
    inner join {{ ref('int_customers') }} as customers
        on
            happened.entity_id = customers.entity_id
            and happened.customer_id = customers.customer_id
    inner join releases
        on
            happened.entity_id = releases.entity_id
            and happened.period_index <= releases.block_period_index
            and happened.period_index > releases.block_period_index - {{ span }}
    group by
        happened.entity_id, releases.block_period_index, happened.customer_id,
        coalesce(customers.segment, '(none)'), happened.term, happened.measure

),

levels as (

    select
        entity_id, window_period_index, 'entity' as map_level, '(all)' as rated_id,
        term, measure, numerator_units, denominator_units
    from customers

    union all

    select
        entity_id, window_period_index, 'segment' as map_level, segment as rated_id,
        term, measure, numerator_units, denominator_units
    from customers

),

final as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        term,
        measure,
        count(*) as customers_count,
        sum(numerator_units) as numerator_units,
        sum(denominator_units) as denominator_units,
        sum(numerator_units * numerator_units) as numerator_squares,
        sum(numerator_units * denominator_units) as products,
        sum(denominator_units * denominator_units) as denominator_squares
    from levels
    group by entity_id, window_period_index, map_level, rated_id, term, measure

)

select * from final
where denominator_units > 0
