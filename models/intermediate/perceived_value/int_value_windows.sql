-- The spans of periods over which answers and operations are read, one row per period in a span:
-- for each period the trailing window that ends with it, and all periods shown (par's last resort).
with

trailing_windows as (

    select
        windows.entity_id,
        'trailing' as window_kind,
        windows.period_index as window_period_index,
        months.period_index
    from {{ ref('int_entity_months') }} as windows
    inner join {{ ref('int_entity_months') }} as months
        on
            windows.entity_id = months.entity_id
            and months.period_index <= windows.period_index
            and months.period_index > windows.period_index - {{ trailing_periods() }}

),

final as (

    select
        entity_id,
        window_kind,
        window_period_index,
        period_index
    from trailing_windows

    union all

    select
        entity_id,
        'all' as window_kind,
        max(period_index) over (partition by entity_id) as window_period_index,
        period_index
    from {{ ref('int_entity_months') }}

)

select * from final
