-- Whether a recommendation tells anything of what follows: named answers of customers who bought in
-- the six periods up to the answer, against whether and how much they bought in the six after it.
-- Nothing is fitted, and every outcome lies after its answer. A release knows the outcomes of its
-- own day: answers whose six periods were over when its window ended, however long ago. People of a
-- customer and their answers in several years are one cluster.
with

{{ released_windows() }},

answers as (

    select
        entity_id,
        customer_id,
        respondent_id,
        period_index,
        score_units,
        {{ recommendation_group('score_units') }} as answer_group
    from {{ ref('int_single_question_answers') }}
    where
        family = 'recommendation'
        and is_named

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

known as (

    select
        releases.entity_id,
        releases.window_period_index,
        bought.customer_id,
        bought.score_units,
        bought.answer_group,
        case when bought.orders_after > 0 then 1 else 0 end as is_stayed,
        bought.spend_before_units,
        bought.spend_after_units
    from releases
    inner join bought
        on
            releases.entity_id = bought.entity_id
            and bought.period_index + 6 <= releases.window_period_index
    where bought.orders_before > 0

),

scores as (

    select
        entity_id,
        window_period_index,
        score_units,
        sum(is_stayed) as stayed_count,
        sum(1 - is_stayed) as left_count
    from known
    group by entity_id, window_period_index, score_units

),

-- pairs of one who stayed and one who left, doubled so that a tie is a whole number
pairs as (

    select
        ours.entity_id,
        ours.window_period_index,
        ours.score_units,
        {%- for side, count, sign in [
            ('stayed', 'left_count', '>'), ('left', 'stayed_count', '<'),
        ] %}
        sum(theirs.{{ count }} * case
            when ours.score_units {{ sign }} theirs.score_units then 2
            when ours.score_units = theirs.score_units then 1
            else 0
        end) as {{ side }}_concordant_count{{ ',' if not loop.last }}
        {%- endfor %}
    from scores as ours
    inner join scores as theirs
        on
            ours.entity_id = theirs.entity_id
            and ours.window_period_index = theirs.window_period_index
    group by ours.entity_id, ours.window_period_index, ours.score_units

),

paired as (

    select
        known.entity_id,
        known.window_period_index,
        known.customer_id,
        count(*) as answers_count,
        sum(known.is_stayed) as stayed_count,
        sum(1 - known.is_stayed) as left_count,
        sum(known.is_stayed * pairs.stayed_concordant_count) as stayed_concordant_count,
        sum(case
            when known.is_stayed = 1 then pairs.stayed_concordant_count
            else pairs.left_concordant_count
        end) as concordant_count
    from known
    inner join pairs
        on
            known.entity_id = pairs.entity_id
            and known.window_period_index = pairs.window_period_index
            and known.score_units = pairs.score_units
    group by known.entity_id, known.window_period_index, known.customer_id

),

totals as (

    select
        entity_id,
        window_period_index,
        count(*) as customers_count,
        sum(answers_count) as answers_count,
        sum(stayed_count) as stayed_count,
        sum(left_count) as left_count,
        -- one may have stayed after one answer and left after another
        count(case when stayed_count > 0 then 1 end) as stayed_customers_count,
        count(case when left_count > 0 then 1 end) as left_customers_count,
        sum(stayed_concordant_count) as double_concordant_count,
        {%- for name, product in [
            ('concordant_concordant', 'concordant_count * concordant_count'),
            ('concordant_stayed', 'concordant_count * stayed_count'),
            ('concordant_left', 'concordant_count * left_count'),
            ('stayed_stayed', 'stayed_count * stayed_count'),
            ('stayed_left', 'stayed_count * left_count'),
            ('left_left', 'left_count * left_count'),
        ] %}
        cast(sum({{ product }}) as double) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from paired
    group by entity_id, window_period_index

),

-- pairs one who stayed, and one who left, win in the mean
means as (

    select
        entity_id,
        window_period_index,
        customers_count,
        answers_count,
        stayed_count,
        left_count,
        stayed_customers_count,
        left_customers_count,
        double_concordant_count,
        concordant_concordant,
        concordant_stayed,
        concordant_left,
        stayed_stayed,
        stayed_left,
        left_left,
        cast(double_concordant_count as double) / nullif(stayed_count, 0) as stayed_mean,
        cast(double_concordant_count as double) / nullif(left_count, 0) as left_mean
    from totals

),

-- DeLong's variance (1988) with each customer's part summed before it is squared (Obuchowski 1997)
concordance as (

    select
        entity_id,
        window_period_index,
        customers_count,
        answers_count,
        stayed_count,
        left_count,
        stayed_customers_count,
        left_customers_count,
        double_concordant_count,
        cast(round(
            1000000000e0 * sqrt(greatest(
                concordant_concordant
                - 2 * stayed_mean * concordant_stayed
                - 2 * left_mean * concordant_left
                + stayed_mean * stayed_mean * stayed_stayed
                + 2 * stayed_mean * left_mean * stayed_left
                + left_mean * left_mean * left_left,
                0
            ) * customers_count / nullif(customers_count - 1, 0))
            / nullif(2 * cast(stayed_count as double) * left_count, 0)
        ) as {{ type_whole() }}) as concordance_error_units
    from means

),

-- customers as clusters; whole units of currency, cents would not fit when squared and summed
group_customers as (

    select
        entity_id,
        window_period_index,
        answer_group,
        customer_id,
        count(*) as answers_count,
        sum(is_stayed) as stayed_count,
        sum(spend_before_units) as spend_before_units,
        sum(spend_after_units) as spend_after_units,
        {{ divide_rounded('sum(spend_before_units)', '10000') }} as spend_before,
        {{ divide_rounded('sum(spend_after_units)', '10000') }} as spend_after
    from known
    where answer_group is not null
    group by entity_id, window_period_index, answer_group, customer_id

),

answer_groups as (

    select
        entity_id,
        window_period_index,
        answer_group,
        sum(answers_count) as answers_count,
        sum(stayed_count) as stayed_count,
        {{ effective_respondents_units('answers_count', 'stayed_count', 'stayed_count') }}
            as effective_respondents_units,
        sum(spend_before_units) as spend_before_units,
        sum(spend_after_units) as spend_after_units,
        count(*) as customers_count,
        sum(spend_before * spend_before) as before_before,
        sum(spend_before * spend_after) as before_after,
        sum(spend_after * spend_after) as after_after
    from group_customers
    group by entity_id, window_period_index, answer_group

),

final as (

    select
        concordance.entity_id,
        concordance.window_period_index,
        concordance.answers_count,
        concordance.customers_count,
        concordance.stayed_count,
        concordance.left_count,
        concordance.stayed_customers_count,
        concordance.left_customers_count,
        concordance.double_concordant_count,
        concordance.concordance_error_units,
        {%- for group in ['promoters', 'detractors'] %}
        coalesce({{ group }}.answers_count, 0) as {{ group }}_count,
        coalesce({{ group }}.stayed_count, 0) as {{ group }}_stayed_count,
        {{ group }}.effective_respondents_units as {{ group }}_effective_respondents_units,
        coalesce({{ group }}.spend_before_units, 0) as {{ group }}_spend_before_units,
        coalesce({{ group }}.spend_after_units, 0) as {{ group }}_spend_after_units,
        coalesce({{ group }}.customers_count, 0) as {{ group }}_customers_count,
        {{ group }}.before_before as {{ group }}_before_before,
        {{ group }}.before_after as {{ group }}_before_after,
        {{ group }}.after_after as {{ group }}_after_after{{ ',' if not loop.last }}
        {%- endfor %}
    from concordance
    {%- for group in ['promoters', 'detractors'] %}
    left join answer_groups as {{ group }}
        on
            concordance.entity_id = {{ group }}.entity_id
            and concordance.window_period_index = {{ group }}.window_period_index
            and {{ group }}.answer_group = '{{ group }}'
    {%- endfor %}

)

select * from final
