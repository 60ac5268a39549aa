-- Operations of a customer summed over all periods, where par rests on them; one column a term.
-- Read: opportunities, effect, reference, as in the monthly model.
with

final as (

    select
        months.entity_id,
        base.window_period_index,
        months.customer_id,
        {{ operations_by_term('months') }}
    from {{ ref('int_customer_operations_monthly') }} as months
    inner join {{ ref('int_value_base_windows') }} as base
        on
            months.entity_id = base.entity_id
            and base.window_kind = 'all'
    group by months.entity_id, base.window_period_index, months.customer_id

)

select * from final
