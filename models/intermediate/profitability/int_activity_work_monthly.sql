-- Minutes of work by pool, activity, customer and the document it was for, from time equations
-- t = b0 + sum of b(i) x(i).
-- Terms: intercept counts per unit of quantity, once per row, quantity and minutes take the row's
-- own, any other is an attribute, as a number or, where a value is named, as 1 when it equals it.
-- An attribute that is missing counts 0. Work for no known customer is the unknown customer's.
-- worked_quantity is what was done in that time, so that time a unit can be told from units.
with

departments as (

    select distinct
        chart_id,
        pool_id
    from {{ ref('policy_service_departments') }}

),

equations as (

    select
        equations.chart_id,
        equations.pool_id,
        equations.activity_type,
        equations.term,
        equations.attribute_value,
        equations.coefficient_minutes,
        equations.is_productive,
        -- one term of each equation counts its events
        row_number() over (
            partition by
                equations.chart_id, equations.pool_id, equations.activity_type, equations.valid_from
            order by equations.term, equations.attribute_value nulls last
        ) = 1 as is_first_term,
        departments.pool_id is not null as is_department,
        coalesce(cast(equations.valid_from as date), date '1900-01-01') as valid_from,
        coalesce(cast(equations.valid_to as date), date '9999-12-31') as valid_to
    from {{ ref('policy_time_equations') }} as equations
    left join departments
        on
            equations.chart_id = departments.chart_id
            and equations.pool_id = departments.pool_id

),

-- few sets of attributes are on many events, so an equation is worked out once for each of them
kinds_of_events as (

    select distinct
        entities.chart_id,
        events.activity_type,
        coalesce(events.attributes, '{}') as attributes
    from {{ ref('input_activities') }} as events
    inner join {{ ref('int_entities') }} as entities
        on events.entity_id = entities.entity_id

),

terms as (

    select
        kinds_of_events.chart_id,
        kinds_of_events.activity_type,
        kinds_of_events.attributes,
        equations.pool_id,
        equations.term,
        equations.attribute_value,
        equations.coefficient_minutes,
        equations.is_productive,
        equations.is_first_term,
        equations.is_department,
        equations.valid_from,
        equations.valid_to,
        {{ json_text('kinds_of_events.attributes', 'equations.term') }} as attribute,
        case
            when equations.is_department
                then {{ json_text('kinds_of_events.attributes', "'receiver_pool'") }}
        end as receiver_pool_id
    from kinds_of_events
    inner join equations
        on
            kinds_of_events.chart_id = equations.chart_id
            and kinds_of_events.activity_type = equations.activity_type

),

-- what an equation comes to: minutes for each unit, for each minute that was measured, and for the
-- event itself
times as (

    select
        chart_id,
        activity_type,
        attributes,
        pool_id,
        is_productive,
        is_department,
        receiver_pool_id,
        valid_from,
        valid_to,
        max(is_first_term) as is_counted,
        cast(
            sum(case when term in ('intercept', 'quantity') then coefficient_minutes else 0 end)
            as decimal(18, 4)
        ) as minutes_a_unit,
        cast(
            sum(case when term = 'minutes' then coefficient_minutes else 0 end)
            as decimal(18, 4)
        ) as minutes_a_minute,
        cast(
            sum(
                coefficient_minutes * case
                    when term in ('intercept', 'quantity', 'minutes') then 0
                    when term = 'once' then 1
                    when attribute_value is not null
                        then case when attribute = attribute_value then 1 else 0 end
                    when attribute = 'true' then 1
                    else coalesce(try_cast(attribute as decimal(18, 4)), 0)
                end
            ) as decimal(30, 8)
        ) as minutes_an_event
    from terms
    group by
        chart_id, activity_type, attributes, pool_id, is_productive, is_department,
        receiver_pool_id, valid_from, valid_to

),

worked as (

    select
        days.entity_id,
        {{ booked_month() }} as month_start_date,
        times.pool_id,
        events.activity_type,
        times.is_productive,
        case
            when times.is_department or not times.is_productive then null
            else coalesce(events.customer_id, '{{ var("unknown_customer_id") }}')
        end as customer_id,
        times.receiver_pool_id,
        case
            when not times.is_department and times.is_productive then events.document_id
        end as document_id,
        case when times.is_counted then events.quantity else 0 end as event_quantity,
        -- in so many digits that the sum has room for all decimals
        cast(times.minutes_a_unit * events.quantity as decimal(30, 8))
        + cast(times.minutes_a_minute * coalesce(events.minutes, 0) as decimal(30, 8))
        + times.minutes_an_event as event_minutes
    from {{ ref('input_activities') }} as events
    {{ booked_days('events', 'activities', 'occurred_at') }}
    inner join {{ ref('int_entities') }} as entities
        on events.entity_id = entities.entity_id
    inner join times
        on
            entities.chart_id = times.chart_id
            and events.activity_type = times.activity_type
            and coalesce(events.attributes, '{}') = times.attributes
            and {{ booked_month() }} between times.valid_from and times.valid_to
    where {{ is_booked() }}

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity_type,
        is_productive,
        customer_id,
        receiver_pool_id,
        document_id,
        cast(sum(event_minutes) as decimal(18, 4)) as worked_minutes,
        cast(sum(event_quantity) as decimal(18, 4)) as worked_quantity
    from worked
    group by
        entity_id, month_start_date, pool_id, activity_type, is_productive, customer_id,
        receiver_pool_id, document_id

)

select * from final
