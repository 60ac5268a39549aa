-- The spans of periods over which answers and operations are read, one row per period in a span:
-- for each period the trailing window that ends with it, all periods shown (par's last resort), and
-- the blocks of periods at whose ends aggregates are released (R27). Blocks are cut once for all
-- time, by the latest policy, so that no two releases cut the same answers differently.
with

blocks as (

    select
        entity_id,
        release_periods
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

months as (

    select
        months.entity_id,
        months.period_index,
        max(months.period_index) over (partition by months.entity_id) as last_period_index,
        max(released.period_index) over (partition by months.entity_id) as last_released_index,
        cast({{ divide_whole(
            'months.period_index + blocks.release_periods - 1', 'blocks.release_periods'
        ) }} * blocks.release_periods as bigint) as block_period_index
    from {{ ref('int_entity_months') }} as months
    inner join blocks
        on months.entity_id = blocks.entity_id
    left join {{ ref('int_released_periods') }} as released
        on
            months.entity_id = released.entity_id
            and months.period_index = released.period_index

),

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
        last_period_index as window_period_index,
        period_index
    from months

    union all

    -- a block that is not over is not released
    select
        entity_id,
        'block' as window_kind,
        block_period_index as window_period_index,
        period_index
    from months
    where block_period_index <= last_released_index

)

select * from final
