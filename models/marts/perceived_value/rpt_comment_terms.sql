-- How many comments speak of each term, by year, kind and language, and how many of none that the
-- list knows. Groups of too few comments keep their place and show nothing.
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

comments as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        count(distinct record_source || '|' || source_id) as all_comments_count,
        count(distinct case when term <> '(none)' then record_source || '|' || source_id end)
            as classified_count
    from {{ ref('int_comment_terms') }}
    group by entity_id, fiscal_year, comment_source, language

),

terms as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        term,
        count(*) as comments_count
    from {{ ref('int_comment_terms') }}
    group by entity_id, fiscal_year, comment_source, language, term

),

judged as (

    select
        terms.entity_id,
        terms.fiscal_year,
        terms.comment_source,
        terms.language,
        terms.term,
        terms.comments_count,
        comments.all_comments_count,
        comments.classified_count,
        comments.all_comments_count >= last_parameters.aggregate_minimum_customers as is_shown,
        terms.comments_count >= last_parameters.aggregate_minimum_customers as is_term_shown,
        -- the share would give away a hidden row of the unclassified
        comments.all_comments_count >= last_parameters.aggregate_minimum_customers
        and (
            comments.classified_count = 0
            or comments.classified_count >= last_parameters.aggregate_minimum_customers
        )
        and (
            comments.classified_count = comments.all_comments_count
            or comments.all_comments_count - comments.classified_count
            >= last_parameters.aggregate_minimum_customers
        ) as is_share_shown
    from terms
    inner join comments
        on
            terms.entity_id = comments.entity_id
            and terms.fiscal_year = comments.fiscal_year
            and terms.comment_source = comments.comment_source
            and terms.language = comments.language
    inner join last_parameters
        on terms.entity_id = last_parameters.entity_id

),

final as (

    select
        judged.entity_id,
        cast(judged.fiscal_year as bigint) as fiscal_year,
        judged.comment_source,
        judged.language,
        judged.term,
        case when judged.is_term_shown
                then {{ units_to_score(share_units(
                    'judged.comments_count', 'judged.all_comments_count'
                )) }}
        end as comments_share,
        case when judged.is_share_shown
                then {{ units_to_score(share_units(
                    'judged.classified_count', 'judged.all_comments_count'
                )) }}
        end as classified_share,
        cast(case when judged.is_term_shown then judged.comments_count end as bigint)
            as comments_count,
        cast(case when judged.is_shown then judged.all_comments_count end as bigint)
            as all_comments_count,
        list_versions.list_version
    from judged
    cross join list_versions

)

select * from final
