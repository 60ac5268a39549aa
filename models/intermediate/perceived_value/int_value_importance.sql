-- What customers say matters to them, by window that ends with a block, for all of them and by
-- segment; the one place where it is computed. It is the share of each element in what one
-- respondent gave to all elements of its group. Elements are the four terms (group 'equation') or
-- the attributes of a term (group: the term); a question of attribute importance_<x> asks for x.
-- Only respondents who weighed every element of a group count, and of a block and segment with
-- fewer customers of theirs than the minimum none; of those who are not named, fewer than it count
-- as none: people of one customer are one.
with

elements as (

    select distinct
        entity_id,
        period_index,
        'importance_' || attribute_id as importance_id,
        attribute_id as element_id,
        term as element_group
    from {{ ref('int_value_questions') }}
    where term in ('product_quality', 'service_quality', 'price', 'hassle')

    union all

    select distinct
        entity_id,
        period_index,
        attribute_id as importance_id,
        replace(attribute_id, 'importance_', '') as element_id,
        'equation' as element_group
    from {{ ref('int_value_questions') }}
    where
        term = 'importance'
        and attribute_id in (
            'importance_product_quality', 'importance_service_quality', 'importance_price',
            'importance_hassle'
        )

),

answered as (

    select
        answers.entity_id,
        answers.block_period_index,
        answers.cell_id,
        answers.customer_id,
        answers.respondent_id,
        answers.is_named,
        elements.element_group,
        elements.element_id,
        -- importance has a true zero where its scale begins
        answers.score_units - 1000000000 as importance_units
    from {{ ref('int_single_question_answers') }} as answers
    inner join elements
        on
            answers.entity_id = elements.entity_id
            and answers.period_index = elements.period_index
            and answers.attribute_id = elements.importance_id
    where answers.family = 'importance'

),

weighed as (

    select
        entity_id,
        block_period_index,
        cell_id,
        customer_id,
        is_named,
        element_group,
        element_id,
        importance_units,
        sum(importance_units) over (
            partition by entity_id, block_period_index, respondent_id, is_named, element_group
        ) as all_importance_units,
        count(*) over (
            partition by entity_id, block_period_index, respondent_id, is_named, element_group
        ) as weighed_count
    from answered

),

asked as (

    select
        entity_id,
        element_group,
        max(weighed_count) as elements_count
    from weighed
    group by entity_id, element_group

),

shared as (

    select
        weighed.entity_id,
        weighed.block_period_index,
        weighed.cell_id,
        weighed.customer_id,
        weighed.element_group,
        weighed.element_id,
        {{ share_units('weighed.importance_units', 'weighed.all_importance_units') }}
            as share_units,
        weighed.is_named,
        asked.elements_count,
        parameters.aggregate_minimum_customers,
        parameters.minimum_minority
    from weighed
    inner join asked
        on
            weighed.entity_id = asked.entity_id
            and weighed.element_group = asked.element_group
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            weighed.entity_id = cells.entity_id
            and weighed.block_period_index = cells.block_period_index
            and weighed.cell_id = cells.cell_id
            and cells.family = 'importance'
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            weighed.entity_id = parameters.entity_id
            and weighed.block_period_index = parameters.period_index
    where
        weighed.weighed_count = asked.elements_count
        and weighed.all_importance_units > 0
        and (weighed.is_named or cells.is_not_named_shown)

),

-- some answered without weighing every element: those who are not named are counted once more
kinds as (

    select
        entity_id,
        block_period_index,
        cell_id,
        element_group,
        count(distinct customer_id) as customers_count,
        count(distinct case when is_named then customer_id end) as named_count,
        count(distinct case when not is_named then customer_id end) as not_named_count,
        max(aggregate_minimum_customers) as minimum_count
    from shared
    group by entity_id, block_period_index, cell_id, element_group

),

-- what all who are not named give one of the elements would tell each one's share (R27)
alike_elements as (

    select
        entity_id,
        block_period_index,
        cell_id,
        element_group,
        element_id
    from shared
    where not is_named and elements_count > 1 and minimum_minority > 0
    group by entity_id, block_period_index, cell_id, element_group, element_id
    having min(share_units) = max(share_units)

),

alike as (

    select distinct
        entity_id,
        block_period_index,
        cell_id,
        element_group
    from alike_elements

),

heard as (

    select
        kinds.entity_id,
        kinds.block_period_index,
        kinds.cell_id,
        kinds.element_group,
        kinds.customers_count,
        kinds.named_count,
        kinds.minimum_count,
        kinds.not_named_count >= kinds.minimum_count and alike.entity_id is null
            as is_not_named_heard
    from kinds
    left join alike
        on
            kinds.entity_id = alike.entity_id
            and kinds.block_period_index = alike.block_period_index
            and kinds.cell_id = alike.cell_id
            and kinds.element_group = alike.element_group

),

shares as (

    select
        shared.entity_id,
        shared.block_period_index,
        shared.cell_id,
        shared.customer_id,
        shared.element_group,
        shared.element_id,
        shared.share_units
    from shared
    inner join heard
        on
            shared.entity_id = heard.entity_id
            and shared.block_period_index = heard.block_period_index
            and shared.cell_id = heard.cell_id
            and shared.element_group = heard.element_group
    where
        (shared.is_named or heard.is_not_named_heard)
        and case
            when heard.is_not_named_heard then heard.customers_count
            else heard.named_count
        end >= heard.minimum_count

),

levels as (

    select
        entity_id, block_period_index, cell_id, customer_id, element_group, element_id, share_units
    from shares

    union all

    select
        entity_id, block_period_index, '(all)' as cell_id, customer_id, element_group, element_id,
        share_units
    from shares

),

{{ released_windows() }},

{{ opened_cells() }},

-- people of one customer are one cluster (R26)
customers as (

    select
        opened.entity_id,
        opened.window_period_index,
        opened.cell_id,
        opened.is_open,
        levels.element_group,
        levels.element_id,
        levels.customer_id,
        count(*) as respondents_count,
        sum(levels.share_units) as share_units,
        sum(levels.share_units * levels.share_units) as share_share_units
    from opened
    inner join levels
        on
            opened.entity_id = levels.entity_id
            and opened.cell_id = levels.cell_id
            and levels.block_period_index <= opened.window_period_index
            and levels.block_period_index > opened.window_period_index - {{ trailing_periods() }}
    where opened.family = 'importance'
    group by
        opened.entity_id, opened.window_period_index, opened.cell_id, opened.is_open,
        levels.element_group, levels.element_id, levels.customer_id

),

summed as (

    select
        entity_id,
        window_period_index,
        cell_id,
        element_group,
        element_id,
        is_open = 1 as is_open,
        sum(respondents_count) as respondents_count,
        count(*) as customers_count,
        sum(share_units) as share_units,
        sum(share_share_units) as share_share_units,
        {{ effective_respondents_units('respondents_count', 'share_units', 'share_share_units') }}
            as effective_respondents_units
    from customers
    group by entity_id, window_period_index, cell_id, element_group, element_id, is_open

),

-- in five digits: nine of a mean of a few fractions are those of one set of answers
final as (

    select
        summed.entity_id,
        summed.window_period_index,
        summed.cell_id,
        summed.element_group,
        summed.element_id,
        summed.is_open,
        summed.respondents_count,
        summed.customers_count,
        10000 * {{ divide_rounded('summed.share_units', '(summed.respondents_count * 10000)') }}
            as share_units,
        10000 * cast(ceil({{ clustered_mean_half_width(
            'summed.share_units', 'summed.share_share_units', 'summed.respondents_count',
            'summed.effective_respondents_units', 'summed.customers_count',
            'parameters.aggregate_low_customers'
        ) }} / 1e4 - 1e-6) as {{ type_whole() }}) as half_width_units,
        case
            when summed.customers_count < parameters.aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        summed.effective_respondents_units
    from summed
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            summed.entity_id = parameters.entity_id
            and summed.window_period_index = parameters.period_index

)

select * from final
