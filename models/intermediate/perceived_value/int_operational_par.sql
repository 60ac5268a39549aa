-- What an ordinary opportunity of an entity looked like in the base window, by term, in units of
-- 10^-9: minutes of hassle, the share of deliveries or cases without fault, price paid over
-- reference price.
with

base_periods as (

    select
        base.entity_id,
        windows.period_index
    from {{ ref('int_value_base_windows') }} as base
    inner join {{ ref('int_value_windows') }} as windows
        on
            base.entity_id = windows.entity_id
            and base.window_kind = windows.window_kind
            and base.window_period_index = windows.window_period_index

),

final as (

    select
        operations.entity_id,
        operations.term,
        case
            when operations.term = 'price'
                then {{ share_units(
                    'sum(operations.effect_units)', 'sum(operations.reference_units)'
                ) }}
            when operations.term = 'hassle'
                then {{ share_units(
                    'sum(operations.effect_units)', 'sum(operations.opportunity_units)'
                ) }}
            else {{ share_units(
                'sum(operations.opportunity_units - operations.effect_units)',
                'sum(operations.opportunity_units)'
            ) }}
        end as par_units
    from {{ ref('int_customer_operations_monthly') }} as operations
    inner join base_periods
        on
            operations.entity_id = base_periods.entity_id
            and operations.period_index = base_periods.period_index
    group by operations.entity_id, operations.term

)

select * from final
