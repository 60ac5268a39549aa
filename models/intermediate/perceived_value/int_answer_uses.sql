-- What became of every row of a survey: in the value of a customer, in aggregates only, read for
-- something else, or not at all, with the reason. Nothing is dropped in silence.
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle', 'overall'] %}
{#- whether the customer's value rests on the term the answer is of -#}
{%- set is_valued %}
case scored.term
                {%- for term in value_terms %}
                when '{{ term }}' then valued.has_{{ term }}
                {%- endfor %}
            end = 1
{%- endset %}
with

-- the customers with a value, of which terms, and whether a row of theirs shows it, by the periods
-- whose answers it rests on
valued as (

    select
        terms.entity_id,
        terms.customer_id,
        windows.period_index,
        {%- for term in value_terms %}
        max(case when terms.{{ term }}_units is not null then 1 else 0 end) as has_{{ term }},
        {%- endfor %}
        max(case when shown.customer_id is not null then 1 else 0 end) as is_shown
    from {{ ref('int_customer_value_terms') }} as terms
    inner join {{ ref('int_value_windows') }} as windows
        on
            terms.entity_id = windows.entity_id
            and terms.window_kind = windows.window_kind
            and terms.window_period_index = windows.window_period_index
    inner join {{ ref('int_entity_months') }} as months
        on
            terms.entity_id = months.entity_id
            and terms.window_period_index = months.period_index
    left join {{ ref('int_customer_perceived_value_computed_monthly') }} as shown
        on
            terms.entity_id = shown.entity_id
            and terms.customer_id = shown.customer_id
            and months.month_start_date = shown.month_start_date
    where terms.window_kind = 'trailing'
    group by terms.entity_id, terms.customer_id, windows.period_index

),

accepted as (

    select
        responses.entity_id,
        responses.record_source,
        case
            when responses.score is null or responses.answered_at is null then 'silent'
            when scored.source_id is null then 'held_back'
            when scored.rated_id <> '(own)' then 'about_a_competitor'
            when scored.role <> parameters.respondent_role then 'other_role'
            when scored.term in ('outcome', 'importance') then scored.term
            when scored.customer_id is null or not scored.is_named then 'aggregates_only'
            when {{ is_valued }} and valued.is_shown = 0 then 'aggregates_only'
            when {{ is_valued }} then 'in_customer_value'
            else 'held_back'
        end as answer_use,
        case
            when responses.score is null or responses.answered_at is null then '(none)'
            when scored.source_id is null and days.date_day is null
                then 'answered_outside_the_periods_shown'
            when scored.source_id is null and responses.customer_id is not null
                and customers.customer_id is null
                then 'unknown_customer'
            when scored.source_id is null then 'no_policy_reads_the_question'
            when
                scored.rated_id = '(own)'
                and scored.term not in ('outcome', 'importance')
                and scored.customer_id is not null
                and scored.is_named
                and scored.role = parameters.respondent_role
                then case
                    when valued.customer_id is null then 'one_side_of_the_equation_not_measured'
                    when {{ is_valued }} and valued.is_shown = 0 then 'customer_not_active'
                    when {{ is_valued }} then '(none)'
                    else 'under_half_of_the_term_answered'
                end
            else '(none)'
        end as reason
    from {{ ref('input_survey_responses') }} as responses
    left join {{ ref('int_survey_answers_scored') }} as scored
        on
            responses.entity_id = scored.entity_id
            and responses.record_source = scored.record_source
            and responses.source_id = scored.source_id
    left join {{ ref('int_customers') }} as customers
        on
            responses.entity_id = customers.entity_id
            and responses.customer_id = customers.customer_id
    left join {{ ref('int_entity_days') }} as days
        on
            responses.entity_id = days.entity_id
            and cast(case
                when responses.confidentiality = 'named' then responses.answered_at
                else greatest(responses.answered_at, responses.recorded_at)
            end as date) = days.date_day
    left join {{ ref('int_value_parameters') }} as parameters
        on
            scored.entity_id = parameters.entity_id
            and scored.period_index = parameters.period_index
    left join valued
        on
            scored.entity_id = valued.entity_id
            and scored.customer_id = valued.customer_id
            and scored.period_index = valued.period_index

),

refused as (

    select
        entity_id,
        record_source,
        'quarantined' as answer_use,
        quarantine_reason as reason
    from {{ ref('quarantine_survey_responses') }}

),

final as (

    select
        entity_id,
        record_source,
        answer_use,
        reason,
        count(*) as rows_count
    from (
        select entity_id, record_source, answer_use, reason from accepted
        union all
        select entity_id, record_source, answer_use, reason from refused
    ) as every_row
    group by entity_id, record_source, answer_use, reason

)

select * from final
