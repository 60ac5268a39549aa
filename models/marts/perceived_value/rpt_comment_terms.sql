-- How many comments speak of each term, by year, kind and language, and how many of none that the
-- list knows. Too few comments keep their place and show nothing, and with them goes what they
-- could be worked out of: the number of all comments and every share of it.
with

list_versions as (

    select max(list_version) as list_version
    from {{ ref('lookup_comment_words') }}

),

last_parameters as (

    select
        entity_id,
        aggregate_minimum_customers
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

-- comments that are not named count where there are enough of them
kinds as (

    select
        comments.entity_id,
        comments.fiscal_year,
        comments.comment_source,
        comments.language,
        comments.is_named,
        last_parameters.aggregate_minimum_customers,
        count(distinct comments.record_source || '|' || comments.source_id) as all_comments_count,
        count(distinct case
            when comments.term <> '(none)' then comments.record_source || '|' || comments.source_id
        end) as classified_count
    from {{ ref('int_comment_terms') }} as comments
    inner join last_parameters
        on comments.entity_id = last_parameters.entity_id
    group by
        comments.entity_id, comments.fiscal_year, comments.comment_source, comments.language,
        comments.is_named, last_parameters.aggregate_minimum_customers

),

counted as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        aggregate_minimum_customers,
        max(case when not is_named then 1 else 0 end) = 1 as is_not_named_counted,
        sum(all_comments_count) as all_comments_count,
        sum(classified_count) as classified_count
    from kinds
    where is_named or all_comments_count >= aggregate_minimum_customers
    group by entity_id, fiscal_year, comment_source, language, aggregate_minimum_customers

),

terms as (

    select
        counted.entity_id,
        counted.fiscal_year,
        counted.comment_source,
        counted.language,
        comments.term,
        counted.aggregate_minimum_customers,
        counted.all_comments_count,
        counted.classified_count,
        count(*) as comments_count
    from counted
    inner join {{ ref('int_comment_terms') }} as comments
        on
            counted.entity_id = comments.entity_id
            and counted.fiscal_year = comments.fiscal_year
            and counted.comment_source = comments.comment_source
            and counted.language = comments.language
    where comments.is_named or counted.is_not_named_counted
    group by
        counted.entity_id, counted.fiscal_year, counted.comment_source, counted.language,
        comments.term, counted.aggregate_minimum_customers, counted.all_comments_count,
        counted.classified_count

),

judged as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        term,
        comments_count,
        all_comments_count,
        classified_count,
        comments_count >= aggregate_minimum_customers as is_term_shown,
        min(comments_count) over (
            partition by entity_id, fiscal_year, comment_source, language
        ) >= aggregate_minimum_customers as is_all_shown
    from terms

),

final as (

    select
        judged.entity_id,
        cast(judged.fiscal_year as bigint) as fiscal_year,
        judged.comment_source,
        judged.language,
        judged.term,
        case when judged.is_all_shown
                then {{ units_to_score(share_units(
                    'judged.comments_count', 'judged.all_comments_count'
                )) }}
        end as comments_share,
        case when judged.is_all_shown
                then {{ units_to_score(share_units(
                    'judged.classified_count', 'judged.all_comments_count'
                )) }}
        end as classified_share,
        cast(case when judged.is_term_shown then judged.comments_count end as bigint)
            as comments_count,
        cast(case when judged.is_all_shown then judged.all_comments_count end as bigint)
            as all_comments_count,
        list_versions.list_version
    from judged
    cross join list_versions

)

select * from final
