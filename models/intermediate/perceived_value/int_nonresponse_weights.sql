-- How many invited customers stand behind one who answered, in thousandths (R29), by block of
-- periods, so that an answer weighs the same in every window: by segment, and where all who
-- answered are named by how operations ran for them besides (worse than par, at or above it, not
-- seen). A class with a handful of answers takes its segment's weight; no weight is above the
-- policy's ceiling. Of two groups that weigh unlike, whole scores and nine digits of the weighed
-- mean can give each one's sum: so those who are not named weigh alike within an open segment, and
-- all closed ones of a block as one. Who answered was invited, in whatever block.
-- Without invitations (silence is not recorded) there are no weights.
{%- set group = 'entity_id, block_period_index, weight_group' %}
with

answered as (

    select
        readings.entity_id,
        readings.block_period_index,
        readings.cluster_id,
        max(case when readings.is_named then 0 else 1 end) as has_not_named
    from {{ ref('int_value_map_readings') }} as readings
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            readings.entity_id = cells.entity_id
            and readings.family = cells.family
            and readings.cell_id = cells.cell_id
            and readings.block_period_index = cells.block_period_index
    where
        readings.family = 'segment'
        and readings.is_heard
        and (readings.is_named or cells.is_not_named_shown)
    group by readings.entity_id, readings.block_period_index, readings.cluster_id

),

invited as (

    select distinct
        invitations.entity_id,
        blocks.window_period_index as block_period_index,
        'customer ' || invitations.customer_id as cluster_id
    from {{ ref('int_survey_invitations') }} as invitations
    inner join {{ ref('int_value_windows') }} as blocks
        on
            invitations.entity_id = blocks.entity_id
            and invitations.period_index = blocks.period_index
            and blocks.window_kind = 'block'
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            blocks.entity_id = parameters.entity_id
            and blocks.window_period_index = parameters.period_index
            and invitations.role = parameters.respondent_role
    where invitations.customer_id is not null

),

invited_blocks as (

    select distinct
        entity_id,
        block_period_index
    from invited

),

asked as (

    select
        entity_id,
        block_period_index,
        cluster_id
    from invited

    union distinct

    select
        answered.entity_id,
        answered.block_period_index,
        answered.cluster_id
    from answered
    inner join invited_blocks
        on
            answered.entity_id = invited_blocks.entity_id
            and answered.block_period_index = invited_blocks.block_period_index

),

classed as (

    select
        asked.entity_id,
        asked.block_period_index,
        asked.cluster_id,
        -- a name cannot be 'closed': the group of a segment begins with another word
        case
            when cells.is_open or cells.is_open is null
                then 'segment ' || coalesce(customers.segment, '(none)')
            else 'closed'
        end as weight_group,
        case
            when priors.operational_log_units < 0 then 'below_par'
            when priors.operational_log_units >= 0 then 'at_or_above_par'
            else 'not_seen'
        end as operations_class,
        parameters.aggregate_minimum_customers as minimum_count,
        parameters.weight_ceiling_units,
        case when answered.cluster_id is not null then 1 else 0 end as is_answered,
        coalesce(answered.has_not_named, 0) as has_not_named
    from asked
    inner join {{ ref('int_customers') }} as customers
        on
            asked.entity_id = customers.entity_id
            and asked.cluster_id = 'customer ' || customers.customer_id
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            asked.entity_id = parameters.entity_id
            and asked.block_period_index = parameters.period_index
    left join {{ ref('int_survey_cells_released') }} as cells
        on
            asked.entity_id = cells.entity_id
            and asked.block_period_index = cells.block_period_index
            and coalesce(customers.segment, '(none)') = cells.cell_id
            and cells.family = 'segment'
    left join answered
        on
            asked.entity_id = answered.entity_id
            and asked.block_period_index = answered.block_period_index
            and asked.cluster_id = answered.cluster_id
    left join {{ ref('int_customer_value_priors') }} as priors
        on
            customers.entity_id = priors.entity_id
            and customers.customer_id = priors.customer_id
            and asked.block_period_index = priors.window_period_index
            and priors.window_kind = 'trailing'

),

counted as (

    select
        entity_id,
        block_period_index,
        cluster_id,
        minimum_count,
        weight_ceiling_units,
        is_answered,
        max(has_not_named) over (partition by {{ group }}) = 0 and weight_group <> 'closed'
            as is_by_class,
        count(*) over (partition by {{ group }}, operations_class) as class_invited_count,
        sum(is_answered) over (partition by {{ group }}, operations_class)
            as class_answered_count,
        count(*) over (partition by {{ group }}) as group_invited_count,
        sum(is_answered) over (partition by {{ group }}) as group_answered_count
    from classed

),

final as (

    select
        entity_id,
        block_period_index,
        cluster_id,
        least(
            case
                when is_by_class and class_answered_count >= minimum_count
                    then {{ divide_rounded(
                        '(1000 * class_invited_count)', 'class_answered_count'
                    ) }}
                else {{ divide_rounded(
                    '(1000 * group_invited_count)', 'group_answered_count'
                ) }}
            end,
            {{ divide_whole('weight_ceiling_units', '1000000') }}
        ) as weight_thousandths
    from counted
    where is_answered = 1

)

select * from final
