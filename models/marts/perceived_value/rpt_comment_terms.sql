-- How many people speak of each term in comments, by year, kind and language, one vote a person.
-- People who are not named count where enough of them wrote; a term of which few of them speak, or
-- all but a few, shows nothing; neither does the only one spoken of where too few speak of none,
-- who would be the others. How many speak of any term is told with what each term tells alone: the
-- sum of the terms less it is how many speak of several, who may be few whatever else is shown, and
-- it less the told terms may be what a closed one holds. So unless all are named and every term is
-- told, it stands as the fewest and the most that the told terms allow.
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
        min(is_named) as is_all_named
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
            as otherwise_count
    from people
    group by entity_id, fiscal_year, comment_source, language
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counts as (

    select
        voices.entity_id,
        voices.fiscal_year,
        voices.comment_source,
        voices.language,
        voices.term,
        voices.place,
        voices.respondents_count,
        case voices.place
            {%- for term in value_terms + ['(none)'] %}
            when {{ loop.index }} then comments.comments_{{ loop.index }}
            {%- endfor %}
        end as comments_count,
        cells.all_respondents_count,
        cells.all_clusters_count,
        cells.is_all_named,
        comments.all_comments_count,
        cells.all_clusters_count >= gates.minimum_count as is_cell_shown,
        cells.all_clusters_count < gates.low_count as is_low,
        case
            -- that everybody spoke of something is told as that all but a few did
            when voices.respondents_count = 0 and voices.term <> '(none)' then 1
            when voices.clusters_count < gates.minimum_count then 0
            when voices.not_named_count = 0 then 1
            when voices.not_named_count < gates.minimum_count then 0
            when voices.otherwise_count < gates.minimum_count then 0
            else 1
        end as is_open
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

judged as (

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
        is_all_named,
        is_cell_shown,
        is_low,
        case
            when
                term <> '(none)'
                and respondents_count between 1 and all_respondents_count - 1
                and count(case when term <> '(none)' and respondents_count > 0 then 1 end) over (
                    partition by entity_id, fiscal_year, comment_source, language
                ) = 1
                then least(is_open, min(case when term = '(none)' then is_open end) over (
                    partition by entity_id, fiscal_year, comment_source, language
                ))
            else is_open
        end as is_open
    from counts

),

-- how many speak of any term: as it is where all are named and every term is told, else what the
-- told terms allow
classified as (

    select
        entity_id,
        fiscal_year,
        comment_source,
        language,
        {%- for what in ['respondents', 'comments'] %}
        {%- set all = 'max(all_' ~ what ~ '_count)' %}
        {%- set known = "sum(case when term = '(none)' then " ~ what ~ '_count end)' %}
        {%- set told = "case when term <> '(none)' and is_open = 1 then " ~ what ~ '_count end' %}
        {%- set is_known = 'min(is_all_named * is_open) = 1' %}
        case
            when {{ is_known }} then {{ all }} - {{ known }}
            else coalesce(max({{ told }}), 0)
        end as fewest_{{ what }}_count,
        case
            when {{ is_known }} then {{ all }} - {{ known }}
            when min(case when term = '(none)' then 1 else is_open end) = 0 then {{ all }}
            else least(sum({{ told }}), {{ all }})
        end as most_{{ what }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from judged
    group by entity_id, fiscal_year, comment_source, language

),

opened as (

    select
        judged.entity_id,
        judged.fiscal_year,
        judged.comment_source,
        judged.language,
        judged.term,
        judged.respondents_count,
        judged.comments_count,
        judged.all_respondents_count,
        judged.all_clusters_count,
        judged.all_comments_count,
        judged.is_cell_shown,
        judged.is_low,
        {{ share_units('judged.respondents_count', 'judged.all_respondents_count') }}
            as respondents_units,
        {%- for what in ['respondents', 'comments'] %}
        {%- for end in ['fewest', 'most'] %}
        {{ share_units(
            'classified.' ~ end ~ '_' ~ what ~ '_count', 'judged.all_' ~ what ~ '_count'
        ) }} as {{ end }}_{{ what }}_units,
        {%- endfor %}
        {%- endfor %}
        -- who speaks of none follows where the told terms leave no choice
        judged.is_cell_shown
        and case
            when judged.term = '(none)'
                then classified.fewest_respondents_count = classified.most_respondents_count
            else judged.is_open = 1
        end as is_shown
    from judged
    inner join classified
        on
            judged.entity_id = classified.entity_id
            and judged.fiscal_year = classified.fiscal_year
            and judged.comment_source = classified.comment_source
            and judged.language = classified.language

),

final as (

    select
        opened.entity_id,
        cast(opened.fiscal_year as bigint) as fiscal_year,
        opened.comment_source,
        opened.language,
        opened.term,
        {%- for column, fewest, most, is_told in [
            ('respondents_share', 'respondents_units', 'respondents_units', 'is_shown'),
            (
                'classified_respondents_share',
                'fewest_respondents_units', 'most_respondents_units', 'is_cell_shown',
            ),
            (
                'classified_comments_share',
                'fewest_comments_units', 'most_comments_units', 'is_cell_shown',
            ),
        ] %}
        case when opened.{{ is_told }} and opened.{{ fewest }} = opened.{{ most }}
                then {{ units_to_score('opened.' ~ fewest) }}
        end as {{ column }},
        {%- for name, units, side in [('low', fewest, '-'), ('high', most, '+')] %}
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
        {{ units_to_score('rates.response_rate_units') }} as response_rate,
        case when opened.is_cell_shown then cast(1 as decimal(18, 9)) end as own_answer_share,
        case
            when not opened.is_cell_shown then 'none'
            when
                opened.fewest_respondents_units = opened.most_respondents_units
                and opened.fewest_comments_units = opened.most_comments_units
                then 'share of respondents; beta posterior by customers'
            else 'share of respondents; beta posterior by customers; of any term over bounds'
        end as method,
        case
            when not opened.is_shown then 'suppressed'
            when opened.is_low then 'low_n'
            else 'shown'
        end as reliability,
        list_versions.list_version
    from opened
    -- nobody is asked to write in a case
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            opened.comment_source = 'survey'
            and opened.entity_id = rates.entity_id
            and opened.fiscal_year = rates.fiscal_year
            and rates.map_level = 'entity'
    cross join list_versions

)

select * from final
