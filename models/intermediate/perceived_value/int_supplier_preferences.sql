-- Share of preference by rank, by window that ends with a block: whoever rated two suppliers or
-- more orders them by what they give for what they take (value equation, smith+co); with m
-- suppliers the one at rank r takes (1 - r / (m + 1)) x 2 / m, tied ones their mean rank. Shares
-- of one rater add up to 1, so one closed supplier closes the window, and so does one whom fewer
-- than the minimum compared with another within a block, or whom all but a few placed first there:
-- that would tell each one's order.
{%- set span = trailing_periods() %}
with

rated as (

    select
        readings.entity_id,
        readings.block_period_index,
        readings.cell_id,
        readings.cluster_id,
        readings.is_named,
        {{ share_units(
            'readings.product_quality_units + readings.service_quality_units',
            '(readings.price_units + readings.hassle_units)'
        ) }} as ratio_units
    from {{ ref('int_value_map_readings') }} as readings
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            readings.entity_id = cells.entity_id
            and readings.family = cells.family
            and readings.cell_id = cells.cell_id
            and readings.block_period_index = cells.block_period_index
    where
        readings.family = 'supplier'
        and readings.is_heard
        and (readings.is_named or cells.is_not_named_shown)

),

-- doubled ranks: tied suppliers share a whole number
ranked as (

    select
        entity_id,
        block_period_index,
        cell_id,
        2 * rank() over (
            partition by entity_id, block_period_index, cluster_id, is_named
            order by ratio_units desc
        ) + count(*) over (
            partition by entity_id, block_period_index, cluster_id, is_named, ratio_units
        ) - 1 as double_rank,
        count(*) over (
            partition by entity_id, block_period_index, cluster_id, is_named
        ) as suppliers_count
    from rated

),

shares as (

    select
        entity_id,
        block_period_index,
        cell_id,
        double_rank,
        {{ share_units(
            '2 * (suppliers_count + 1) - double_rank',
            '(suppliers_count * (suppliers_count + 1))'
        ) }} as preference_units
    from ranked
    where suppliers_count > 1

),

{{ released_windows() }},

{{ opened_cells() }},

scarce as (

    select
        shares.entity_id,
        shares.block_period_index,
        shares.cell_id
    from shares
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            shares.entity_id = parameters.entity_id
            and shares.block_period_index = parameters.period_index
    group by shares.entity_id, shares.block_period_index, shares.cell_id
    having
        count(*) < max(parameters.aggregate_minimum_customers)
        or count(case when shares.double_rank > 2 then 1 end) < max(parameters.minimum_minority)

),

opened_windows as (

    select
        opened.entity_id,
        opened.window_period_index,
        min(case when scarce.entity_id is null then opened.is_open else 0 end) as is_open
    from opened
    left join scarce
        on
            opened.entity_id = scarce.entity_id
            and scarce.block_period_index <= opened.window_period_index
            and scarce.block_period_index > opened.window_period_index - {{ span }}
    where opened.family = 'supplier'
    group by opened.entity_id, opened.window_period_index

),

final as (

    select
        opened_windows.entity_id,
        opened_windows.window_period_index,
        shares.cell_id as rated_id,
        opened_windows.is_open = 1 as is_open,
        count(*) as ratings_count,
        sum(shares.preference_units) as preference_units,
        sum(shares.preference_units * shares.preference_units) as preference_squares,
        sum(case when shares.double_rank = 2 then 1 else 0 end) as preferred_count
    from opened_windows
    inner join shares
        on
            opened_windows.entity_id = shares.entity_id
            and shares.block_period_index <= opened_windows.window_period_index
            and shares.block_period_index > opened_windows.window_period_index - {{ span }}
    group by
        opened_windows.entity_id, opened_windows.window_period_index, shares.cell_id,
        opened_windows.is_open

)

select * from final
