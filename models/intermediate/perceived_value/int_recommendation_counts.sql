-- Who would recommend us, who would not, and who is neither, by window that ends with a block: 9
-- and 10 of a scale of 0 to 10 are promoters, 0 to 6 detractors. What may not be shown is left
-- out or closed (int_survey_cells_released): few customers, or (nearly) all of those not named in
-- one group, in any block of the window.
{%- set span = trailing_periods() %}
with

{{ released_windows() }},

{{ opened_cells() }},

answers as (

    select
        answers.entity_id,
        answers.block_period_index,
        answers.cell_id,
        answers.customer_id,
        {{ recommendation_group('answers.score_units') }} as answer_group
    from {{ ref('int_single_question_answers') }} as answers
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            answers.entity_id = cells.entity_id
            and answers.family = cells.family
            and answers.cell_id = cells.cell_id
            and answers.block_period_index = cells.block_period_index
    where
        answers.family = 'recommendation'
        and (answers.is_named or cells.is_not_named_shown)

),

levels as (

    select
        entity_id, block_period_index, 'segment' as map_level, cell_id as rated_id,
        customer_id, answer_group
    from answers

    union all

    select
        entity_id, block_period_index, 'entity' as map_level, '(all)' as rated_id,
        customer_id, answer_group
    from answers

),

-- one row a customer: his people are one cluster, whenever in the window they answered
customers as (

    select
        releases.entity_id,
        releases.window_period_index,
        levels.map_level,
        levels.rated_id,
        levels.customer_id,
        opened.is_open,
        count(*) as answers_count,
        count(case when levels.answer_group = 'promoters' then 1 end) as promoters_count,
        count(case when levels.answer_group = 'detractors' then 1 end) as detractors_count
    from releases
    inner join levels
        on
            releases.entity_id = levels.entity_id
            and levels.block_period_index <= releases.window_period_index
            and levels.block_period_index > releases.window_period_index - {{ span }}
    inner join opened
        on
            releases.entity_id = opened.entity_id
            and releases.window_period_index = opened.window_period_index
            and levels.rated_id = opened.cell_id
            and opened.family = 'recommendation'
    group by
        releases.entity_id, releases.window_period_index, levels.map_level, levels.rated_id,
        levels.customer_id, opened.is_open

),

final as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        is_open = 1 as is_open,
        sum(answers_count) as answers_count,
        count(*) as customers_count,
        sum(promoters_count) as promoters_count,
        sum(detractors_count) as detractors_count,
        -- an answer is 1, 0 or -1
        {{ effective_respondents_units(
            'answers_count', '(promoters_count - detractors_count)',
            '(promoters_count + detractors_count)'
        ) }} as effective_respondents_units
    from customers
    group by entity_id, window_period_index, map_level, rated_id, is_open

)

select * from final
