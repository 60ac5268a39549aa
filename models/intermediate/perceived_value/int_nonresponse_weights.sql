-- How many invited customers stand behind one who answered, in thousandths (R29): customers of a
-- segment whose operations ran worse than par, at or above it, or were not seen, by block of
-- periods, so that an answer weighs the same in every window. A class with a handful of answers
-- takes its segment's weight; no weight is above the policy's ceiling. Weights are in quarters: of
-- two that share no small measure, nine digits of the weighed mean would give each class's sum.
-- Without invitations (silence is not recorded) there are no weights.
with

answered as (

    select distinct
        readings.entity_id,
        readings.block_period_index,
        readings.cluster_id
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

classed as (

    select
        invited.entity_id,
        invited.block_period_index,
        invited.cluster_id,
        coalesce(customers.segment, '(none)') as segment,
        case
            when priors.operational_log_units < 0 then 'below_par'
            when priors.operational_log_units >= 0 then 'at_or_above_par'
            else 'not_seen'
        end as operations_class,
        parameters.aggregate_minimum_customers as minimum_count,
        parameters.weight_ceiling_units,
        case when answered.cluster_id is not null then 1 else 0 end as is_answered
    from invited
    inner join {{ ref('int_customers') }} as customers
        on
            invited.entity_id = customers.entity_id
            and invited.cluster_id = 'customer ' || customers.customer_id
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            invited.entity_id = parameters.entity_id
            and invited.block_period_index = parameters.period_index
    left join answered
        on
            invited.entity_id = answered.entity_id
            and invited.block_period_index = answered.block_period_index
            and invited.cluster_id = answered.cluster_id
    left join {{ ref('int_customer_value_priors') }} as priors
        on
            customers.entity_id = priors.entity_id
            and customers.customer_id = priors.customer_id
            and invited.block_period_index = priors.window_period_index
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
        count(*) over (
            partition by entity_id, block_period_index, segment, operations_class
        ) as class_invited_count,
        sum(is_answered) over (
            partition by entity_id, block_period_index, segment, operations_class
        ) as class_answered_count,
        count(*) over (
            partition by entity_id, block_period_index, segment
        ) as segment_invited_count,
        sum(is_answered) over (
            partition by entity_id, block_period_index, segment
        ) as segment_answered_count
    from classed

),

final as (

    select
        entity_id,
        block_period_index,
        cluster_id,
        least(
            case
                when class_answered_count >= minimum_count
                    then 250 * {{ divide_rounded(
                        '(4 * class_invited_count)', 'class_answered_count'
                    ) }}
                else 250 * {{ divide_rounded(
                    '(4 * segment_invited_count)', 'segment_answered_count'
                ) }}
            end,
            {{ divide_whole('weight_ceiling_units', '1000000') }}
        ) as weight_thousandths
    from counted
    where is_answered = 1

)

select * from final
