-- Share of preference by rank, by window that ends with a block: whoever rated two suppliers or
-- more orders them by what they give for what they take (value equation, smith+co); with m
-- suppliers the one at rank r takes (1 - r / (m + 1)) x 2 / m, tied ones their mean rank. A
-- supplier whom fewer than the minimum compared with another within a block is closed, and one whom
-- of those who are not named (nearly) all, or (nearly) none, placed first: whoever rated two tells
-- his order by that. With him goes our own share: shares of one rater add up to 1.
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
        is_named,
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
        is_named,
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
        or (
            count(case when not shares.is_named then 1 end) > 0
            and least(
                count(case when not shares.is_named and shares.double_rank = 2 then 1 end),
                count(case when not shares.is_named and shares.double_rank > 2 then 1 end)
            ) < max(parameters.minimum_minority)
        )

),

told as (

    select
        opened.entity_id,
        opened.window_period_index,
        opened.cell_id,
        min(case when scarce.entity_id is null then opened.is_open else 0 end) as is_open
    from opened
    left join scarce
        on
            opened.entity_id = scarce.entity_id
            and opened.cell_id = scarce.cell_id
            and scarce.block_period_index <= opened.window_period_index
            and scarce.block_period_index > opened.window_period_index - {{ span }}
    where opened.family = 'supplier'
    group by opened.entity_id, opened.window_period_index, opened.cell_id

),

opened_suppliers as (

    select
        entity_id,
        window_period_index,
        cell_id,
        case
            when cell_id = '(own)'
                then min(is_open) over (partition by entity_id, window_period_index)
            else is_open
        end as is_open
    from told

),

final as (

    select
        opened_suppliers.entity_id,
        opened_suppliers.window_period_index,
        opened_suppliers.cell_id as rated_id,
        opened_suppliers.is_open = 1 as is_open,
        count(*) as ratings_count,
        sum(shares.preference_units) as preference_units,
        sum(shares.preference_units * shares.preference_units) as preference_squares,
        sum(case when shares.double_rank = 2 then 1 else 0 end) as preferred_count
    from opened_suppliers
    inner join shares
        on
            opened_suppliers.entity_id = shares.entity_id
            and opened_suppliers.cell_id = shares.cell_id
            and shares.block_period_index <= opened_suppliers.window_period_index
            and shares.block_period_index > opened_suppliers.window_period_index - {{ span }}
    group by
        opened_suppliers.entity_id, opened_suppliers.window_period_index, opened_suppliers.cell_id,
        opened_suppliers.is_open

)

select * from final
