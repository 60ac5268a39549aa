-- Cost to serve of each customer, by document: a posting that names one is its cost, and what was
-- driven goes to the documents whose work or lines drove it, in whole minor units. What no document
-- caused (a call, a driver that only customers have) stays with the customer, without a document.
with

activities as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        events.customer_id,
        events.document_id,
        events.activity_type,
        sum(events.quantity) as quantity,
        sum(events.minutes) as minutes
    from {{ ref('input_activities') }} as events
    {{ booked_days('events', 'activities', 'occurred_at') }}
    where events.customer_id is not null and events.document_id is not null and {{ is_booked() }}
    group by
        events.entity_id, {{ booked_month() }}, events.customer_id, events.document_id,
        events.activity_type

),

deliveries as (

    select
        events.entity_id,
        {{ booked_month() }} as month_start_date,
        documents.customer_id,
        events.document_id,
        count(*) as deliveries_count,
        case
            when
                sum(count(events.attempts)) over (
                    partition by events.entity_id, {{ booked_month() }}
                ) > 0
                then sum(coalesce(events.attempts, 1))
        end as attempts_count
    from {{ ref('input_deliveries') }} as events
    {{ booked_days('events', 'deliveries', 'delivered_on') }}
    inner join {{ ref('int_document_customers') }} as documents
        on
            events.entity_id = documents.entity_id
            and events.document_id = documents.document_id
    where {{ is_booked() }}
    group by
        events.entity_id, {{ booked_month() }}, documents.customer_id, events.document_id

),

quantities as (

    {%- for driver, quantity in [
        ('orders', "case when document_type = 'invoice' then 1 end"),
        ('lines', 'lines_count'),
        ('returns', "case when document_type = 'return' then 1 end"),
        ('quantity', "case when document_type = 'invoice' then quantity end"),
        ('revenue', "case when document_type = 'invoice' then net_amount end"),
    ] %}
    select
        entity_id, month_start_date, customer_id, document_id, '{{ driver }}' as driver,
        {{ quantity }} as driver_quantity
    from {{ ref('int_document_sales_monthly') }}
    where is_in_ledger_scope
    union all
    {%- endfor %}
    select
        entity_id, month_start_date, customer_id, document_id, 'deliveries' as driver,
        deliveries_count as driver_quantity
    from deliveries
    union all
    select
        entity_id, month_start_date, customer_id, document_id, 'delivery_attempts' as driver,
        attempts_count as driver_quantity
    from deliveries
    union all
    select
        entity_id, month_start_date, customer_id, document_id,
        'activity:' || activity_type as driver, quantity as driver_quantity
    from activities
    union all
    select
        entity_id, month_start_date, customer_id, document_id,
        'activity_minutes:' || activity_type as driver, minutes as driver_quantity
    from activities

),

document_drivers as (

    select
        drivers.entity_id,
        drivers.month_start_date,
        drivers.pool_id,
        drivers.activity,
        quantities.customer_id,
        quantities.document_id,
        sum(drivers.weight * quantities.driver_quantity) as driver_quantity
    from {{ ref('int_activity_drivers_monthly') }} as drivers
    inner join quantities
        on
            drivers.entity_id = quantities.entity_id
            and drivers.month_start_date = quantities.month_start_date
            and drivers.driver = quantities.driver
    where not drivers.is_effort_only and quantities.driver_quantity > 0
    group by
        drivers.entity_id, drivers.month_start_date, drivers.pool_id, drivers.activity,
        quantities.customer_id, quantities.document_id

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        activity_type as activity,
        customer_id,
        document_id,
        worked_minutes as driver_quantity
    from {{ ref('int_activity_work_monthly') }}
    where document_id is not null and is_productive and worked_minutes > 0

),

assigned as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.activity,
        costs.customer_id,
        costs.assignment_basis,
        costs.driver_quantity,
        entities.minor_digits,
        case when costs.assigned_amount < 0 then -1 else 1 end as assigned_sign,
        {{ divide_whole(
            to_units('abs(costs.assigned_amount)', 4), units_in_a_minor_unit('entities.minor_digits')
        ) }} as assigned_minor_units,
        costs.assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }} as costs
    inner join {{ ref('int_entities') }} as entities
        on costs.entity_id = entities.entity_id
    where costs.pnl_line = 'cost_to_serve' and costs.assignment_basis <> 'traced'

),

by_document as (

    select
        assigned.entity_id,
        assigned.month_start_date,
        assigned.pool_id,
        assigned.activity,
        assigned.customer_id,
        assigned.assignment_basis,
        assigned.minor_digits,
        assigned.assigned_sign,
        assigned.assigned_minor_units,
        document_drivers.document_id,
        cast(document_drivers.driver_quantity as decimal(18, 4)) as driver_quantity
    from assigned
    inner join document_drivers
        on
            assigned.entity_id = document_drivers.entity_id
            and assigned.month_start_date = document_drivers.month_start_date
            and assigned.pool_id = document_drivers.pool_id
            and assigned.activity = document_drivers.activity
            and assigned.customer_id = document_drivers.customer_id

),

known as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        customer_id,
        sum(driver_quantity) as driver_quantity
    from by_document
    group by entity_id, month_start_date, pool_id, activity, customer_id

),

-- what the customer used beyond his documents is a receiver beside them
receivers as (

    select
        entity_id, month_start_date, pool_id, activity, customer_id, assignment_basis,
        minor_digits, assigned_sign, assigned_minor_units, document_id,
        document_id as receiver_key,
        {{ to_units('driver_quantity', 4) }} as driver_units
    from by_document
    where driver_quantity > 0

    union all

    select
        assigned.entity_id,
        assigned.month_start_date,
        assigned.pool_id,
        assigned.activity,
        assigned.customer_id,
        assigned.assignment_basis,
        assigned.minor_digits,
        assigned.assigned_sign,
        assigned.assigned_minor_units,
        cast(null as {{ dbt.type_string() }}) as document_id,
        '' as receiver_key,
        {{ to_units(
            'case when known.customer_id is null then 1'
            ~ ' else assigned.driver_quantity - known.driver_quantity end', 4
        ) }} as driver_units
    from assigned
    left join known
        on
            assigned.entity_id = known.entity_id
            and assigned.month_start_date = known.month_start_date
            and assigned.pool_id = known.pool_id
            and assigned.activity = known.activity
            and assigned.customer_id = known.customer_id
    where known.customer_id is null or assigned.driver_quantity > known.driver_quantity

),

{{ apportion(
    'shared', 'receivers',
    partition_by=[
        'entity_id', 'month_start_date', 'pool_id', 'activity', 'customer_id', 'assignment_basis',
    ],
    key=['receiver_key'],
    whole_units='assigned_minor_units',
    driver_units='driver_units',
    columns=[
        'entity_id', 'month_start_date', 'pool_id', 'activity', 'customer_id', 'assignment_basis',
        'document_id', 'minor_digits', 'assigned_sign', 'receiver_key',
    ],
) }},

-- postings that name a document, where the ledger has them as cost of its customer
ledger_lines as (

    select distinct
        entity_id,
        month_start_date,
        account_code,
        cost_centre_id,
        customer_id,
        coalesce(pool_id, 'unpooled:' || account_code) as pool_id
    from {{ ref('int_ledger_entries_monthly') }}
    where pnl_line = 'cost_to_serve' and customer_id is not null

),

traced_documents as (

    select
        entries.entity_id,
        {{ booked_month() }} as month_start_date,
        ledger_lines.pool_id,
        ledger_lines.customer_id,
        entries.document_id,
        sum({{ convert_currency(
            'entries.amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'entries.currency <> entities.currency'
        ) }}) as assigned_amount
    from {{ ref('input_cost_entries') }} as entries
    inner join {{ ref('int_entities') }} as entities
        on entries.entity_id = entities.entity_id
    {{ booked_days('entries', 'cost_entries', 'posted_on') }}
    left join {{ ref('int_posting_customers') }} as documents
        on
            entries.entity_id = documents.entity_id
            and entries.document_id = documents.document_id
    inner join ledger_lines
        on
            entries.entity_id = ledger_lines.entity_id
            and {{ booked_month() }} = ledger_lines.month_start_date
            and entries.account_code = ledger_lines.account_code
            and entries.cost_centre_id is not distinct from ledger_lines.cost_centre_id
            and coalesce(entries.customer_id, documents.customer_id) = ledger_lines.customer_id
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            entries.entity_id = rates.entity_id
            and {{ booked_month() }} = rates.month_start_date
            and entries.currency = rates.currency
    where
        entries.scenario = 'actual'
        and entries.document_id is not null
        and entries.partner_entity_id is null
        and {{ is_booked() }}
    group by
        entries.entity_id, {{ booked_month() }}, ledger_lines.pool_id, ledger_lines.customer_id,
        entries.document_id

),

traced as (

    select
        entity_id, month_start_date, pool_id, customer_id, document_id, assigned_amount
    from traced_documents
    union all
    select
        entity_id, month_start_date, pool_id, customer_id,
        cast(null as {{ dbt.type_string() }}) as document_id, assigned_amount
    from {{ ref('int_cost_assigned_to_customers') }}
    where pnl_line = 'cost_to_serve' and assignment_basis = 'traced'
    union all
    -- less what its documents have of it
    select
        entity_id, month_start_date, pool_id, customer_id,
        cast(null as {{ dbt.type_string() }}) as document_id, -assigned_amount as assigned_amount
    from traced_documents

),

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity,
        customer_id,
        document_id,
        assignment_basis,
        {{ minor_units_to_money('assigned_sign * apportioned_units', 'minor_digits') }}
            as assigned_amount
    from shared
    where apportioned_units <> 0

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        'direct' as activity,
        customer_id,
        document_id,
        'traced' as assignment_basis,
        cast(sum(assigned_amount) as decimal(18, 4)) as assigned_amount
    from traced
    group by entity_id, month_start_date, pool_id, customer_id, document_id
    having sum(assigned_amount) <> 0

)

select * from final
