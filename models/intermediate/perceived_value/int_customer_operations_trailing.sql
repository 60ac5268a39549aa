-- Operations of a customer summed over the trailing window of each period; one column a term. Read:
-- opportunities, effect, reference, as in the monthly model.
with

months as (

    select
        operations.entity_id,
        operations.customer_id,
        operations.period_index,
        {{ operations_by_term('operations') }}
    from {{ ref('int_customer_operations_monthly') }} as operations
    group by operations.entity_id, operations.customer_id, operations.period_index

),

-- a period without events still has a window that reaches back to some
spine as (

    select
        entity_id,
        customer_id,
        period_index
    from {{ ref('int_active_customer_months') }}
    where entity_id in (select entity_id from {{ ref('int_value_base_windows') }})

    union distinct

    select
        entity_id,
        customer_id,
        period_index
    from months

),

final as (

    select
        spine.entity_id,
        spine.period_index as window_period_index,
        spine.customer_id,
        {%- for measure in operation_measures() %}
        sum(months.{{ measure }}) over trailing_window as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from spine
    left join months
        on
            spine.entity_id = months.entity_id
            and spine.customer_id = months.customer_id
            and spine.period_index = months.period_index
    window trailing_window as (
        partition by spine.entity_id, spine.customer_id
        order by spine.period_index
        range between {{ trailing_periods() - 1 }} preceding and current row
    )

)

select * from final
