-- Within an open segment those who are not named have one weight for silence, and all closed
-- segments of a block have one together (R27, R29): by the digits of a weighed mean two groups that
-- weigh unlike could be told apart.
with

weighed as (

    select
        readings.entity_id,
        readings.block_period_index,
        case when cells.is_open then 'open ' || cells.cell_id else 'closed' end as weighed_as,
        max(case when readings.is_named then 0 else 1 end) as has_not_named,
        max(coalesce(weights.weight_thousandths, 1000)) as weight
    from {{ ref('int_value_map_readings') }} as readings
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            readings.entity_id = cells.entity_id
            and readings.family = cells.family
            and readings.cell_id = cells.cell_id
            and readings.block_period_index = cells.block_period_index
    left join {{ ref('int_nonresponse_weights') }} as weights
        on
            readings.entity_id = weights.entity_id
            and readings.block_period_index = weights.block_period_index
            and readings.cluster_id = weights.cluster_id
    where
        readings.family = 'segment'
        and readings.is_heard
        and (readings.is_named or cells.is_not_named_shown)
    group by
        readings.entity_id, readings.block_period_index, readings.cluster_id, cells.cell_id,
        cells.is_open

)

select
    entity_id,
    block_period_index,
    weighed_as,
    count(distinct weight) as weights_count
from weighed
group by entity_id, block_period_index, weighed_as
having
    count(distinct weight) > 1
    and (weighed_as = 'closed' or max(has_not_named) = 1)
