-- How much lower the late score, by what is called late: as it stood on the day of the answer, or
-- as it turned out (R28). A late order answered before it came was scored by someone still waiting;
-- called late in the end, his score is laid at the door of a late arrival he had not seen. Answers
-- that are not named count by whole fiscal years that are over and by whole groups of the minimum
-- of customers who knew the same, so that neither two nights nor two rows differ by fewer.
with

placed as (

    select
        answers.entity_id,
        answers.survey_id,
        answers.question_id,
        answers.customer_id,
        answers.is_named,
        answers.score_units,
        answers.is_late_when_answered,
        answers.is_answered_before_delivery,
        answers.is_late_in_the_end,
        answers.aggregate_minimum_customers,
        released.fiscal_year,
        coalesce(released.is_year_over, false) as is_year_over
    from {{ ref('int_answers_with_deliveries') }} as answers
    left join {{ ref('int_released_periods') }} as released
        on
            answers.entity_id = released.entity_id
            and answers.period_index = released.period_index

),

not_named as (

    select
        entity_id,
        survey_id,
        question_id,
        fiscal_year,
        is_late_when_answered,
        is_answered_before_delivery,
        is_late_in_the_end
    from placed
    where not is_named and is_year_over
    group by
        entity_id, survey_id, question_id, fiscal_year, is_late_when_answered,
        is_answered_before_delivery, is_late_in_the_end
    having count(distinct customer_id) >= max(aggregate_minimum_customers)

),

told as (

    select
        placed.entity_id,
        placed.survey_id,
        placed.question_id,
        placed.customer_id,
        placed.score_units,
        placed.is_late_when_answered,
        placed.is_answered_before_delivery,
        placed.is_late_in_the_end
    from placed
    left join not_named
        on
            placed.entity_id = not_named.entity_id
            and placed.survey_id = not_named.survey_id
            and placed.question_id = not_named.question_id
            and placed.fiscal_year = not_named.fiscal_year
            and placed.is_late_when_answered = not_named.is_late_when_answered
            and placed.is_answered_before_delivery = not_named.is_answered_before_delivery
            and placed.is_late_in_the_end = not_named.is_late_in_the_end
            and placed.is_year_over
    where placed.is_named or not_named.entity_id is not null

),

bases as (

    select
        entity_id, survey_id, question_id, customer_id, score_units, is_answered_before_delivery,
        'known_at_answer' as lateness_basis, is_late_when_answered as is_late
    from told

    union all

    select
        entity_id, survey_id, question_id, customer_id, score_units, is_answered_before_delivery,
        'known_and_waiting' as lateness_basis, is_late_when_answered as is_late
    from told
    where is_answered_before_delivery or not is_late_when_answered

    union all

    select
        entity_id, survey_id, question_id, customer_id, score_units, is_answered_before_delivery,
        'known_and_received' as lateness_basis, is_late_when_answered as is_late
    from told
    where not is_answered_before_delivery or not is_late_when_answered

    union all

    select
        entity_id, survey_id, question_id, customer_id, score_units, is_answered_before_delivery,
        'final' as lateness_basis, is_late_in_the_end as is_late
    from told

),

-- customers are the clusters: the answers of one hang together
clusters as (

    select
        entity_id,
        survey_id,
        question_id,
        lateness_basis,
        is_late,
        customer_id,
        count(*) as answers_count,
        sum(score_units) as score_units,
        sum(case when is_answered_before_delivery then 1 else 0 end) as before_count
    from bases
    group by entity_id, survey_id, question_id, lateness_basis, is_late, customer_id

),

summed as (

    select
        entity_id,
        survey_id,
        question_id,
        lateness_basis,
        is_late,
        count(*) as customers_count,
        sum(answers_count) as answers_count,
        sum(before_count) as before_count,
        sum(score_units) as score_units,
        sum(score_units * score_units) as score_score_units,
        sum(score_units * answers_count) as score_count_units,
        sum(answers_count * answers_count) as count_count
    from clusters
    group by entity_id, survey_id, question_id, lateness_basis, is_late

),

last_parameters as (

    select
        entity_id,
        aggregate_low_customers
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

-- variance of a ratio of sums, linearised, as far as it may be told; in squared units of 10^-9
means as (

    select
        summed.entity_id,
        summed.survey_id,
        summed.question_id,
        summed.lateness_basis,
        summed.is_late,
        summed.customers_count,
        summed.answers_count,
        summed.before_count,
        {{ divide_rounded('summed.score_units', 'summed.answers_count') }} as mean_units,
        case
            when summed.customers_count > 1
                then (cast(summed.score_units as double) / summed.answers_count)
                * (cast(summed.score_units as double) / summed.answers_count) * {{ told_variance(
                    'greatest((cast(summed.score_score_units as double)'
                    ~ ' / cast(summed.score_units as double) / cast(summed.score_units as double)'
                    ~ ' - 2e0 * cast(summed.score_count_units as double)'
                    ~ ' / cast(summed.score_units as double) / summed.answers_count'
                    ~ ' + cast(summed.count_count as double)'
                    ~ ' / summed.answers_count / summed.answers_count)'
                    ~ ' * summed.customers_count / (summed.customers_count - 1), 0)',
                    'summed.customers_count',
                    even_score_variance(
                        '(cast(summed.score_units as double) / summed.answers_count)'
                    ),
                    'last_parameters.aggregate_low_customers'
                ) }}
        end as mean_variance
    from summed
    inner join last_parameters
        on summed.entity_id = last_parameters.entity_id

),

-- what was sent out with the question, where a source tells of silence
asked as (

    select
        questions.entity_id,
        questions.survey_id,
        questions.question_id,
        count(*) as invited_count,
        sum(invitations.is_answered) as answered_count
    from (
        select distinct entity_id, response_id, survey_id, question_id
        from {{ ref('input_survey_responses') }}
        where competitor_id is null and document_id is not null
    ) as questions
    inner join {{ ref('int_survey_invitations') }} as invitations
        on
            questions.entity_id = invitations.entity_id
            and questions.response_id = invitations.response_id
    group by questions.entity_id, questions.survey_id, questions.question_id

),

final as (

    select
        late.entity_id,
        late.survey_id,
        late.question_id,
        late.lateness_basis,
        late.mean_units as late_mean_units,
        others.mean_units as other_mean_units,
        late.mean_units - others.mean_units as effect_units,
        -- one customer alone has no interval
        cast(
            round(
                {{ student_t_90(
                    'nullif(least(late.customers_count, others.customers_count) - 1, 0)'
                ) }}
                * sqrt(greatest(late.mean_variance + others.mean_variance, 0))
            ) as {{ type_whole() }}
        ) as effect_half_units,
        {{ share_units('late.before_count', 'late.answers_count') }}
            as answered_before_delivery_units,
        late.answers_count as late_answers_count,
        others.answers_count as other_answers_count,
        late.customers_count as late_customers_count,
        others.customers_count as other_customers_count,
        asked.invited_count,
        asked.answered_count
    from means as late
    inner join means as others
        on
            late.entity_id = others.entity_id
            and late.survey_id = others.survey_id
            and late.question_id = others.question_id
            and late.lateness_basis = others.lateness_basis
            and not others.is_late
    left join asked
        on
            late.entity_id = asked.entity_id
            and late.survey_id = asked.survey_id
            and late.question_id = asked.question_id
    where late.is_late

)

select * from final
