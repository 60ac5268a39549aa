-- What a comment speaks of, by a list of words anyone can read (lookup_comment_words). A topic, and
-- no mark: nothing is scored from text. A comment may speak of several terms, or of none. Its
-- language is the one more of whose marker words it holds; where that is not clear, the words of
-- every language are looked for. Survey comments are those of one role, and one that is not named
-- counts from the end of the fiscal year in which it was recorded. A text beside several questions
-- of a response was written once. Of a case we know the customer who wrote, not the person.
with

comments as (

    select
        entity_id,
        record_source,
        source_id,
        'survey' as comment_source,
        respondent_id,
        coalesce(customer_id, '(nobody) ' || respondent_id) as cluster_id,
        role,
        confidentiality = 'named' as is_named,
        cast(case
            when confidentiality = 'named' then answered_at
            else greatest(answered_at, recorded_at)
        end as date) as written_on,
        {{ plain_text('comment_text') }} as plain
    from {{ ref('input_survey_responses') }}
    where comment_text is not null and answered_at is not null
    qualify row_number() over (
        partition by entity_id, record_source, response_id, {{ plain_text('comment_text') }}
        order by source_id
    ) = 1

    union all

    select
        entity_id,
        record_source,
        source_id,
        'case' as comment_source,
        customer_id as respondent_id,
        customer_id as cluster_id,
        cast(null as string) as role,
        true as is_named,
        cast(opened_at as date) as written_on,
        {{ plain_text('comment_text') }} as plain
    from {{ ref('input_service_cases') }}
    where comment_text is not null

),

placed as (

    select
        comments.entity_id,
        comments.record_source,
        comments.source_id,
        comments.comment_source,
        comments.respondent_id,
        comments.cluster_id,
        comments.is_named,
        months.fiscal_year,
        comments.plain
    from comments
    inner join {{ ref('int_entity_days') }} as days
        on
            comments.entity_id = days.entity_id
            and comments.written_on = days.date_day
    inner join {{ ref('int_entity_months') }} as months
        on
            days.entity_id = months.entity_id
            and days.month_start_date = months.month_start_date
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            months.entity_id = parameters.entity_id
            and months.period_index = parameters.period_index
    left join {{ ref('int_released_periods') }} as released
        on
            months.entity_id = released.entity_id
            and months.period_index = released.period_index
    where
        coalesce(comments.role, parameters.respondent_role) = parameters.respondent_role
        and (comments.is_named or released.is_year_over)

),

-- many say the same: a text is read once
texts as (

    select distinct plain
    from placed

),

found as (

    select
        texts.plain,
        words.list_version,
        words.language,
        words.term,
        count(*) as words_count
    from texts
    inner join {{ ref('lookup_comment_words') }} as words
        on
            texts.plain like
            '% ' || words.word || case when words.is_stem then '%' else ' %' end
    group by texts.plain, words.list_version, words.language, words.term

),

languages as (

    select
        plain,
        language
    from (
        select
            plain,
            language,
            words_count,
            max(words_count) over (partition by plain) as most_words_count,
            count(*) over (partition by plain, words_count) as ties_count
        from found
        where term = 'language'
    ) as markers
    where words_count = most_words_count and ties_count = 1

),

spoken as (

    select distinct
        found.plain,
        found.term
    from found
    left join languages
        on found.plain = languages.plain
    where
        found.term <> 'language'
        and found.language = coalesce(languages.language, found.language)

),

final as (

    select
        placed.entity_id,
        placed.record_source,
        placed.source_id,
        placed.comment_source,
        placed.respondent_id,
        placed.cluster_id,
        placed.is_named,
        placed.fiscal_year,
        coalesce(languages.language, '(unclear)') as language,
        coalesce(spoken.term, '(none)') as term
    from placed
    left join languages
        on placed.plain = languages.plain
    left join spoken
        on placed.plain = spoken.plain

)

select * from final
