-- What aggregates of the value equation rest on: one row for what a cluster (a customer, or a
-- respondent who is none) says of one supplier within a block of periods, complete in all terms, so
-- that a window is the sum of its blocks and of nothing else. Our own customers are read by segment
-- ('segment'); competitors, and ourselves beside them, by those who rated both ('supplier'). Who is
-- not heard enters no number.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set sides = ['', 'own_'] %}
with

respondents as (

    select
        terms.entity_id,
        terms.window_period_index as block_period_index,
        terms.rated_id,
        terms.customer_id,
        terms.respondent_id,
        coalesce('customer ' || terms.customer_id, 'respondent ' || terms.respondent_id)
            as cluster_id,
        terms.is_named,
        parameters.aggregate_minimum_customers as minimum_count,
        parameters.minimum_minority,
        terms.product_quality_units,
        terms.service_quality_units,
        terms.price_units,
        terms.hassle_units,
        terms.overall_units
    from {{ ref('int_respondent_value_terms') }} as terms
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            terms.entity_id = parameters.entity_id
            and terms.window_period_index = parameters.period_index
            and terms.role = parameters.respondent_role
    where terms.window_kind = 'block'

),

-- a competitor rated by someone who rated us in the same breath
pairs as (

    select
        rivals.entity_id,
        rivals.block_period_index,
        rivals.rated_id,
        rivals.respondent_id,
        rivals.cluster_id,
        rivals.is_named,
        rivals.minimum_count,
        rivals.minimum_minority,
        {%- for term in terms %}
        rivals.{{ term }}_units,
        {%- endfor %}
        {%- for term in terms %}
        own.{{ term }}_units as own_{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from respondents as rivals
    inner join respondents as own
        on
            rivals.entity_id = own.entity_id
            and rivals.block_period_index = own.block_period_index
            and rivals.respondent_id = own.respondent_id
            and rivals.cluster_id = own.cluster_id
            and rivals.is_named = own.is_named
            and own.rated_id = '(own)'
    where
        rivals.rated_id <> '(own)'
        {%- for term in terms %}
        and rivals.{{ term }}_units is not null
        and own.{{ term }}_units is not null
        {%- endfor %}

),

-- Whoever rated us and A, less whoever rated us and B, must not leave a few: every number is a sum
-- over whole groups of people who rated the same competitors, none of them under the minimum and
-- none of whom all are alike in anything that is published, which would tell each one's (R27).
raters as (

    select
        entity_id,
        block_period_index,
        respondent_id,
        cluster_id,
        is_named,
        {{ list_of('rated_id') }} as rated_ids
    from pairs
    group by entity_id, block_period_index, respondent_id, cluster_id, is_named

),

rated_alike as (

    select
        entity_id,
        block_period_index,
        is_named,
        rated_ids,
        count(distinct cluster_id) as clusters_count
    from raters
    group by entity_id, block_period_index, is_named, rated_ids

),

rated as (

    select
        entity_id,
        block_period_index,
        rated_id,
        count(*) as pairs_count
    from pairs
    group by entity_id, block_period_index, rated_id

),

-- who rated what few did, and did not say it under a name, counts for one competitor, the one whom
-- fewest rated
grouped as (

    select
        pairs.entity_id,
        pairs.block_period_index,
        pairs.rated_id,
        pairs.respondent_id,
        pairs.cluster_id,
        pairs.is_named,
        pairs.minimum_count,
        pairs.minimum_minority,
        {%- for term in terms %}
        pairs.{{ term }}_units,
        pairs.own_{{ term }}_units,
        {%- endfor %}
        case
            when rated_alike.clusters_count >= pairs.minimum_count then raters.rated_ids
            else pairs.rated_id
        end as rated_ids,
        pairs.is_named
        or rated_alike.clusters_count >= pairs.minimum_count
        or row_number() over (
            partition by
                pairs.entity_id, pairs.block_period_index, pairs.respondent_id, pairs.cluster_id,
                pairs.is_named
            order by rated.pairs_count, pairs.rated_id
        ) = 1 as is_counted
    from pairs
    inner join raters
        on
            pairs.entity_id = raters.entity_id
            and pairs.block_period_index = raters.block_period_index
            and pairs.respondent_id = raters.respondent_id
            and pairs.cluster_id = raters.cluster_id
            and pairs.is_named = raters.is_named
    inner join rated_alike
        on
            raters.entity_id = rated_alike.entity_id
            and raters.block_period_index = rated_alike.block_period_index
            and raters.is_named = rated_alike.is_named
            and raters.rated_ids = rated_alike.rated_ids
    inner join rated
        on
            pairs.entity_id = rated.entity_id
            and pairs.block_period_index = rated.block_period_index
            and pairs.rated_id = rated.rated_id

),

voices as (

    select
        entity_id,
        block_period_index,
        is_named,
        rated_ids,
        rated_id,
        max(minimum_count) as minimum_count,
        max(minimum_minority) as minimum_minority,
        {%- for side in sides %}
        {%- for term in terms %}
        {{ divide_rounded('sum(' ~ side ~ term ~ '_units)', 'count(*)') }}
            as {{ side }}{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from grouped
    where is_counted
    group by entity_id, block_period_index, is_named, rated_ids, rated_id, cluster_id

),

-- of each competitor of the group enough spoke, and not alike
rated_enough as (

    select
        entity_id,
        block_period_index,
        is_named,
        rated_ids,
        is_named or (
            count(*) >= max(minimum_count)
            and (max(minimum_minority) = 0 or not ({{ all_alike('', sides) }}))
        ) as is_heard
    from voices
    group by entity_id, block_period_index, is_named, rated_ids, rated_id

),

heard as (

    select
        entity_id,
        block_period_index,
        is_named,
        rated_ids,
        min(case when is_heard then 1 else 0 end) = 1 as is_heard
    from rated_enough
    group by entity_id, block_period_index, is_named, rated_ids

),

counted as (

    select
        grouped.entity_id,
        grouped.block_period_index,
        grouped.rated_id,
        grouped.respondent_id,
        grouped.cluster_id,
        grouped.is_named,
        grouped.rated_ids,
        heard.is_heard,
        {%- for term in terms %}
        grouped.{{ term }}_units,
        grouped.own_{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from grouped
    inner join heard
        on
            grouped.entity_id = heard.entity_id
            and grouped.block_period_index = heard.block_period_index
            and grouped.is_named = heard.is_named
            and grouped.rated_ids = heard.rated_ids
    where grouped.is_counted

),

complete as (

    select
        respondents.entity_id,
        respondents.block_period_index,
        'segment' as family,
        coalesce(customers.segment, '(none)') as cell_id,
        respondents.cluster_id,
        respondents.is_named,
        cast(null as {{ dbt.type_string() }}) as rated_ids,
        true as is_heard,
        respondents.product_quality_units,
        respondents.service_quality_units,
        respondents.price_units,
        respondents.hassle_units,
        {%- for term in terms %}
        cast(null as {{ type_whole() }}) as own_{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from respondents
    inner join {{ ref('int_customers') }} as customers
        on
            respondents.entity_id = customers.entity_id
            and respondents.customer_id = customers.customer_id
    inner join {{ ref('int_value_base_windows') }} as base
        on respondents.entity_id = base.entity_id
    where
        respondents.rated_id = '(own)'
        and (
            (
                base.value_method = 'four_terms'
                and respondents.product_quality_units is not null
                and respondents.service_quality_units is not null
                and respondents.price_units is not null
                and respondents.hassle_units is not null
            )
            -- the give side is money and is put beside the answers of the window
            or (
                base.value_method = 'overall_split_unknown'
                and respondents.overall_units is not null
                and respondents.is_named
            )
        )

    union all

    select
        entity_id,
        block_period_index,
        'supplier' as family,
        rated_id as cell_id,
        cluster_id,
        is_named,
        rated_ids,
        is_heard,
        {%- for term in terms %}
        {{ term }}_units,
        {%- endfor %}
        {%- for term in terms %}
        own_{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from counted

    union all

    -- ourselves once, however many were rated beside us
    select
        entity_id,
        block_period_index,
        'supplier' as family,
        '(own)' as cell_id,
        cluster_id,
        is_named,
        rated_ids,
        is_heard,
        {%- for term in terms %}
        max(own_{{ term }}_units) as {{ term }}_units,
        {%- endfor %}
        {%- for term in terms %}
        max(own_{{ term }}_units) as own_{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    group by
        entity_id, block_period_index, respondent_id, cluster_id, is_named, rated_ids, is_heard

),

final as (

    select
        entity_id,
        block_period_index,
        family,
        cell_id,
        cluster_id,
        is_named,
        rated_ids,
        is_heard,
        {%- for term in terms %}
        sum({{ term }}_units) as {{ term }}_units,
        sum(own_{{ term }}_units) as own_{{ term }}_units,
        {%- endfor %}
        count(*) as respondents_count
    from complete
    group by
        entity_id, block_period_index, family, cell_id, cluster_id, is_named, rated_ids, is_heard

)

select * from final
