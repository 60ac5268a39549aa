-- Whether a recommendation tells anything of what follows: named answers of customers who bought in
-- the six periods up to the answer, against whether and how much they bought in the six after it.
-- Nothing is fitted, and every outcome lies after its answer.
with

last_periods as (

    select
        entity_id,
        max(period_index) as last_period_index
    from {{ ref('int_entity_months') }}
    group by entity_id

),

answers as (

    select
        answers.entity_id,
        answers.customer_id,
        answers.respondent_id,
        answers.period_index,
        answers.score_units,
        case
            when answers.score_units >= 9100000000 then 'promoters'
            when answers.score_units <= 6400000000 then 'detractors'
        end as answer_group
    from {{ ref('int_single_question_answers') }} as answers
    inner join last_periods
        on answers.entity_id = last_periods.entity_id
    where
        answers.family = 'recommendation'
        and answers.is_named
        and answers.period_index + 6 <= last_periods.last_period_index

),

bought as (

    select
        answers.entity_id,
        answers.customer_id,
        answers.respondent_id,
        answers.period_index,
        answers.score_units,
        answers.answer_group,
        sum(case
            when revenue.period_index <= answers.period_index then revenue.orders_count else 0
        end) as orders_before,
        sum(case
            when revenue.period_index > answers.period_index then revenue.orders_count else 0
        end) as orders_after,
        sum(case
            when revenue.period_index <= answers.period_index
                then {{ to_units('revenue.invoiced_amount', 4) }}
            else 0
        end) as spend_before_units,
        sum(case
            when revenue.period_index > answers.period_index
                then {{ to_units('revenue.invoiced_amount', 4) }}
            else 0
        end) as spend_after_units
    from answers
    inner join {{ ref('int_customer_revenue_monthly') }} as revenue
        on
            answers.entity_id = revenue.entity_id
            and answers.customer_id = revenue.customer_id
            and revenue.period_index > answers.period_index - 6
            and revenue.period_index <= answers.period_index + 6
    group by
        answers.entity_id, answers.customer_id, answers.respondent_id, answers.period_index,
        answers.score_units, answers.answer_group

),

scores as (

    select
        entity_id,
        score_units,
        answer_group,
        count(*) as answers_count,
        sum(case when orders_after > 0 then 1 else 0 end) as stayed_count,
        sum(case when orders_after > 0 then 0 else 1 end) as left_count,
        sum(spend_before_units) as spend_before_units,
        sum(spend_after_units) as spend_after_units
    from bought
    where orders_before > 0
    group by entity_id, score_units, answer_group

),

-- pairs of one who stayed and one who left, doubled so that a tie is a whole number
pairs as (

    select
        stayed.entity_id,
        sum(
            stayed.stayed_count * gone.left_count
            * case
                when stayed.score_units > gone.score_units then 2
                when stayed.score_units = gone.score_units then 1
                else 0
            end
        ) as double_concordant_count
    from scores as stayed
    inner join scores as gone
        on stayed.entity_id = gone.entity_id
    group by stayed.entity_id

),

groups as (

    select
        entity_id,
        sum(answers_count) as answers_count,
        sum(stayed_count) as stayed_count,
        sum(left_count) as left_count,
        {%- for group in ['promoters', 'detractors'] %}
        {%- for name, measure in [
            ('count', 'answers_count'), ('stayed_count', 'stayed_count'),
            ('spend_before_units', 'spend_before_units'),
            ('spend_after_units', 'spend_after_units'),
        ] %}
        sum(case when answer_group = '{{ group }}' then {{ measure }} else 0 end)
            as {{ group }}_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- endfor %}
    from scores
    group by entity_id

),

-- customers as clusters; whole units of currency, cents would not fit when squared and summed
customers as (

    select
        entity_id,
        customer_id,
        answer_group,
        {{ divide_rounded('sum(spend_before_units)', '10000') }} as spend_before,
        {{ divide_rounded('sum(spend_after_units)', '10000') }} as spend_after
    from bought
    where orders_before > 0
    group by entity_id, customer_id, answer_group

),

clusters as (

    select
        entity_id,
        {%- for group in ['promoters', 'detractors'] %}
        count(case when answer_group = '{{ group }}' then 1 end) as {{ group }}_customers_count,
        {%- for name, product in [
            ('before_before', 'spend_before * spend_before'),
            ('before_after', 'spend_before * spend_after'),
            ('after_after', 'spend_after * spend_after'),
        ] %}
        sum(case when answer_group = '{{ group }}' then {{ product }} else 0 end)
            as {{ group }}_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers
    group by entity_id

),

final as (

    select
        groups.entity_id,
        groups.answers_count,
        groups.stayed_count,
        groups.left_count,
        pairs.double_concordant_count,
        groups.promoters_count,
        groups.promoters_stayed_count,
        groups.promoters_spend_before_units,
        groups.promoters_spend_after_units,
        groups.detractors_count,
        groups.detractors_stayed_count,
        groups.detractors_spend_before_units,
        groups.detractors_spend_after_units,
        {%- for group in ['promoters', 'detractors'] %}
        clusters.{{ group }}_customers_count,
        clusters.{{ group }}_before_before,
        clusters.{{ group }}_before_after,
        clusters.{{ group }}_after_after{{ ',' if not loop.last }}
        {%- endfor %}
    from groups
    inner join clusters
        on groups.entity_id = clusters.entity_id
    inner join pairs
        on groups.entity_id = pairs.entity_id

)

select * from final
