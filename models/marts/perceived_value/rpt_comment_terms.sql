-- How many people speak of each term in comments, by year, kind and language, one vote a person,
-- and how many of no term that the list knows. People who are not named count where enough of them
-- wrote. A term of which few speak, or all but a few of those who are not named, shows nothing, and
-- with it goes what it could be worked out of: those who speak of none, and the share classified.
-- Those who speak of none are no fewer than the told terms leave over: where few do, and more than
-- one is left over, the term of which fewest speak goes too.
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

list_versions as (

    select max(list_version) as list_version
    from {{ ref('lookup_comment_words') }}

),

last_parameters as (

    select
        entity_id,
        aggregate_minimum_customers,
        aggregate_low_customers
    from {{ ref('int_value_parameters') }}
    qualify row_number() over (partition by entity_id order by period_index desc) = 1

),

-- of whoever is named in a place, what he wrote there without a name is left out
writers as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        respondent_id,
        min(cluster_id) as cluster_id,
        max(case when is_named then 1 else 0 end) as is_named
    from {{ ref('int_comment_terms') }}
    group by entity_id, fiscal_year, comment_source, language, respondent_id

),

gates as (

    select
        writers.entity_id,
        writers.fiscal_year,
        writers.comment_source,
        writers.language,
        last_parameters.aggregate_minimum_customers as minimum_count,
        last_parameters.aggregate_low_customers as low_count,
        count(distinct case when writers.is_named = 0 then writers.cluster_id end)
        >= last_parameters.aggregate_minimum_customers as is_not_named_counted
    from writers
    inner join last_parameters
        on writers.entity_id = last_parameters.entity_id
    group by
        writers.entity_id, writers.fiscal_year, writers.comment_source, writers.language,
        last_parameters.aggregate_minimum_customers, last_parameters.aggregate_low_customers

),

counted as (

    select
        comments.entity_id,
        comments.fiscal_year,
        comments.comment_source,
        comments.language,
        comments.record_source || '|' || comments.source_id as comment_id,
        comments.respondent_id,
        comments.cluster_id,
        case when comments.is_named then 1 else 0 end as is_named,
        comments.term
    from {{ ref('int_comment_terms') }} as comments
    inner join gates
        on
            comments.entity_id = gates.entity_id
            and comments.fiscal_year = gates.fiscal_year
            and comments.comment_source = gates.comment_source
            and comments.language = gates.language
    inner join writers
        on
            comments.entity_id = writers.entity_id
            and comments.fiscal_year = writers.fiscal_year
            and comments.comment_source = writers.comment_source
            and comments.language = writers.language
            and comments.respondent_id = writers.respondent_id
    where comments.is_named or (writers.is_named = 0 and gates.is_not_named_counted)

),

-- one row a person, who is named or not
people as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        respondent_id,
        min(cluster_id) as cluster_id,
        min(is_named) as is_named,
        {%- for term in value_terms %}
        max(case when term = '{{ term }}' then 1 else 0 end) as speaks_of_{{ loop.index }},
        {%- endfor %}
        min(case when term = '(none)' then 1 else 0 end) as speaks_of_{{ value_terms | length + 1 }}
    from counted
    group by entity_id, fiscal_year, comment_source, language, respondent_id

),

cells as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        count(*) as all_respondents_count,
        count(distinct cluster_id) as all_clusters_count,
        sum(1 - speaks_of_{{ value_terms | length + 1 }}) as classified_count
    from people
    group by entity_id, fiscal_year, comment_source, language

),

comments as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        {%- for term in value_terms + ['(none)'] %}
        count(case when term = '{{ term }}' then 1 end) as comments_{{ loop.index }},
        {%- endfor %}
        count(distinct comment_id) as all_comments_count
    from counted
    group by entity_id, fiscal_year, comment_source, language

),

-- who speaks of it, and of those who are not named who does and who does not
voices as (

    {%- for term in value_terms + ['(none)'] %}
    {%- set speaks = 'speaks_of_' ~ loop.index %}
    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        '{{ term }}' as term,
        {{ loop.index }} as place,
        sum({{ speaks }}) as respondents_count,
        count(distinct case when {{ speaks }} = 1 then cluster_id end) as clusters_count,
        count(distinct case when {{ speaks }} = 1 and is_named = 0 then cluster_id end)
            as not_named_count,
        count(distinct case when {{ speaks }} = 0 and is_named = 0 then cluster_id end)
            as otherwise_count,
        count(case when {{ speaks }} = 1 and is_named = 0 then 1 end) as not_named_people_count,
        count(case when is_named = 0 then 1 end) as all_not_named_people_count
    from people
    group by entity_id, fiscal_year, comment_source, language
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        voices.entity_id,
        voices.fiscal_year,
        voices.comment_source,
        voices.language,
        voices.term,
        voices.respondents_count,
        case voices.place
            {%- for term in value_terms + ['(none)'] %}
            when {{ loop.index }} then comments.comments_{{ loop.index }}
            {%- endfor %}
        end as comments_count,
        comments.comments_{{ value_terms | length + 1 }} as unclassified_comments_count,
        comments.all_comments_count,
        cells.all_respondents_count,
        cells.all_clusters_count,
        cells.classified_count,
        cells.all_clusters_count >= gates.minimum_count as is_cell_shown,
        cells.all_clusters_count < gates.low_count as is_low,
        case
            when voices.respondents_count = 0 then 1
            when voices.clusters_count < gates.minimum_count then 0
            when voices.not_named_count = 0 then 1
            when voices.not_named_count < gates.minimum_count then 0
            -- that nobody speaks of anything is what the terms say
            when voices.otherwise_count = 0 and voices.term = '(none)' then 1
            when voices.otherwise_count < gates.minimum_count then 0
            else 1
        end as is_open,
        voices.place,
        voices.not_named_people_count,
        voices.all_not_named_people_count
    from voices
    inner join cells
        on
            voices.entity_id = cells.entity_id
            and voices.fiscal_year = cells.fiscal_year
            and voices.comment_source = cells.comment_source
            and voices.language = cells.language
    inner join comments
        on
            voices.entity_id = comments.entity_id
            and voices.fiscal_year = comments.fiscal_year
            and voices.comment_source = comments.comment_source
            and voices.language = comments.language
    inner join gates
        on
            voices.entity_id = gates.entity_id
            and voices.fiscal_year = gates.fiscal_year
            and voices.comment_source = gates.comment_source
            and voices.language = gates.language

),

leftover as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        term,
        respondents_count,
        comments_count,
        unclassified_comments_count,
        all_comments_count,
        all_respondents_count,
        all_clusters_count,
        classified_count,
        is_cell_shown,
        is_low,
        is_open,
        all_not_named_people_count - sum(
            case when term = '(none)' then 0 else not_named_people_count end
        ) over (
            partition by entity_id, fiscal_year, comment_source, language
        ) as leftover_count,
        min(case when term = '(none)' then 1 else is_open end) over (
            partition by entity_id, fiscal_year, comment_source, language
        ) as is_each_term_open,
        min(is_open) over (
            partition by entity_id, fiscal_year, comment_source, language
        ) as is_all_open,
        row_number() over (
            partition by entity_id, fiscal_year, comment_source, language
            order by
                case when term <> '(none)' and not_named_people_count > 0 then 0 else 1 end,
                not_named_people_count, place
        ) as place_among_few
    from judged

),

opened as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        term,
        respondents_count,
        comments_count,
        all_respondents_count,
        all_clusters_count,
        all_comments_count,
        is_cell_shown,
        is_low,
        {{ share_units('respondents_count', 'all_respondents_count') }} as respondents_units,
        {{ share_units('classified_count', 'all_respondents_count') }}
            as classified_respondents_units,
        {{ share_units(
            'all_comments_count - unclassified_comments_count', 'all_comments_count'
        ) }} as classified_comments_units,
        is_cell_shown and is_all_open = 1 as is_all_shown,
        is_cell_shown and case
            when term = '(none)' then is_all_open
            when
                is_each_term_open = 1
                and is_all_open = 0
                and leftover_count > 1
                and place_among_few = 1
                then 0
            else is_open
        end = 1 as is_shown
    from leftover

),

-- the trailing window to its last period is the year
years as (

    select
        entity_id,
        fiscal_year,
        max(period_index) as last_period_index
    from {{ ref('int_entity_months') }}
    group by entity_id, fiscal_year

),

final as (

    select
        opened.entity_id,
        cast(opened.fiscal_year as bigint) as fiscal_year,
        opened.comment_source,
        opened.language,
        opened.term,
        {%- for column, units, is_told in [
            ('respondents_share', 'respondents_units', 'is_shown'),
            ('classified_respondents_share', 'classified_respondents_units', 'is_all_shown'),
            ('classified_comments_share', 'classified_comments_units', 'is_all_shown'),
        ] %}
        case when opened.{{ is_told }} then {{ units_to_score('opened.' ~ units) }} end
            as {{ column }},
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when opened.{{ is_told }}
                then {{ share_end('opened.' ~ units, 'opened.all_clusters_count', side) }}
        end as {{ column }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        cast(case when opened.is_shown then opened.respondents_count end as bigint)
            as respondents_count,
        cast(case when opened.is_shown then opened.comments_count end as bigint) as comments_count,
        {%- for column in ['respondents', 'comments'] %}
        cast(case when opened.is_cell_shown then opened.all_{{ column }}_count end as bigint)
            as all_{{ column }}_count,
        {%- endfor %}
        cast(case when opened.is_cell_shown then opened.all_clusters_count end as bigint)
            as customers_count,
        case when opened.is_cell_shown
                then {{ units_to_score(
                    share_units('rates.answered_count', 'rates.invited_count')
                ) }}
        end as response_rate,
        case when opened.is_shown then cast(1 as decimal(18, 9)) end as own_answer_share,
        case
            when opened.is_shown then 'share of respondents; beta posterior by customers'
            else 'none'
        end as method,
        case
            when not opened.is_shown then 'suppressed'
            when opened.is_low then 'low_n'
            else 'shown'
        end as reliability,
        list_versions.list_version
    from opened
    inner join years
        on
            opened.entity_id = years.entity_id
            and opened.fiscal_year = years.fiscal_year
    -- nobody is asked to write in a case
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            opened.comment_source = 'survey'
            and years.entity_id = rates.entity_id
            and years.last_period_index = rates.window_period_index
            and rates.map_level = 'entity'
    cross join list_versions

)

select * from final
