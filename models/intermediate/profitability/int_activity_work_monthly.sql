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

terms as (

    select
        days.entity_id,
        {{ booked_month() }} as month_start_date,
        equations.pool_id,
        events.activity_type,
        equations.is_productive,
        case
            when equations.is_department or not equations.is_productive then null
            else coalesce(events.customer_id, '{{ var("unknown_customer_id") }}')
        end as customer_id,
        case
            when equations.is_department
                then {{ json_text('events.attributes', "'receiver_pool'") }}
        end as receiver_pool_id,
        case
            when not equations.is_department and equations.is_productive then events.document_id
        end as document_id,
        case when equations.is_first_term then events.quantity else 0 end as event_quantity,
        equations.coefficient_minutes * case
            when equations.term = 'intercept' then events.quantity
            when equations.term = 'once' then 1
            when equations.term = 'quantity' then events.quantity
            when equations.term = 'minutes' then coalesce(events.minutes, 0)
            when equations.attribute_value is not null
                then case
                    when
                        {{ json_text('events.attributes', 'equations.term') }}
                        = equations.attribute_value
                        then 1
                    else 0
                end
            when {{ json_text('events.attributes', 'equations.term') }} = 'true' then 1
            else coalesce(
                try_cast({{ json_text('events.attributes', 'equations.term') }} as decimal(18, 4)),
                0
            )
        end as term_minutes
    from {{ ref('input_activities') }} as events
    {{ booked_days('events', 'activities', 'occurred_at') }}
    inner join {{ ref('int_entities') }} as entities
        on events.entity_id = entities.entity_id
    inner join equations
        on
            entities.chart_id = equations.chart_id
            and events.activity_type = equations.activity_type
            and {{ booked_month() }} between equations.valid_from and equations.valid_to
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
        cast(sum(term_minutes) as decimal(18, 4)) as worked_minutes,
        cast(sum(event_quantity) as decimal(18, 4)) as worked_quantity
    from terms
    group by
        entity_id, month_start_date, pool_id, activity_type, is_productive, customer_id,
        receiver_pool_id, document_id

)

select * from final
