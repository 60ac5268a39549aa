-- Which cells of a survey may be shown, block by block of periods (R27). Every published
-- aggregate is a sum over whole blocks and whole cells, so whoever adds and subtracts published
-- numbers, of overlapping windows too, can only ever be left with whole blocks of whole cells:
-- 1. answers that are not named are left out where fewer than the minimum of clusters gave some, or
--    where all of these gave a term the same score, which would tell each one's;
-- 2. a cell under the minimum is closed for the block;
-- 3. where a total over the cells is shown, the cells closed in a block hold the minimum together:
--    if they do not, the smallest open one is closed as well; a total under the minimum is closed.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
with

readings as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        cluster_id,
        is_named,
        is_heard,
        {%- for term in terms %}
        {{ divide_rounded(term ~ '_units', 'respondents_count') }}
            as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_value_map_readings') }}

    union all

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        respondent_id as cluster_id,
        is_named,
        true as is_heard,
        {%- for term in terms %}
        cast(null as {{ type_whole() }}) as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_single_question_answers') }}

),

clusters as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        cluster_id,
        max(case when is_named then 1 else 0 end) as has_named,
        max(case when is_heard and not is_named then 1 else 0 end) as has_not_named,
        {%- for term in terms %}
        max(case when is_heard and not is_named then {{ term }}_units end)
            as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from readings
    group by entity_id, family, cell_id, block_period_index, cluster_id

),

counted as (

    select
        clusters.entity_id,
        clusters.family,
        clusters.cell_id,
        clusters.block_period_index,
        parameters.aggregate_minimum_customers as minimum_count,
        sum(greatest(clusters.has_named, clusters.has_not_named)) as clusters_count,
        sum(clusters.has_named) as named_count,
        sum(clusters.has_not_named) >= parameters.aggregate_minimum_customers
        and not (
            parameters.minimum_minority > 0
            and coalesce({{ all_alike(terms, ['clusters.']) }}, false)
        ) as is_not_named_shown
    from clusters
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            clusters.entity_id = parameters.entity_id
            and clusters.block_period_index = parameters.period_index
    group by
        clusters.entity_id, clusters.family, clusters.cell_id, clusters.block_period_index,
        parameters.aggregate_minimum_customers, parameters.minimum_minority

),

cells as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        minimum_count,
        is_not_named_shown,
        case when is_not_named_shown then clusters_count else named_count end as shown_count
    from counted

),

compared as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        minimum_count,
        is_not_named_shown,
        shown_count,
        case when shown_count between 1 and minimum_count - 1 then 1 else 0 end as is_small,
        sum(case when shown_count < minimum_count then shown_count else 0 end) over (
            partition by entity_id, family, block_period_index
        ) as small_count,
        sum(shown_count) over (
            partition by entity_id, family, block_period_index
        ) as all_count,
        row_number() over (
            partition by entity_id, family, block_period_index
            order by
                case when shown_count >= minimum_count then 0 else 1 end, shown_count, cell_id
        ) as place_among_open
    from cells

),

final as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        shown_count as clusters_count,
        is_not_named_shown,
        case
            when is_small = 1 then false
            when
                family <> 'supplier'
                and small_count between 1 and minimum_count - 1
                and all_count >= minimum_count
                and place_among_open = 1
                then false
            else true
        end as is_open
    from compared

    union all

    select
        entity_id,
        family,
        '(all)' as cell_id,
        block_period_index,
        max(all_count) as clusters_count,
        cast(null as boolean) as is_not_named_shown,
        max(all_count) = 0 or max(all_count) >= max(minimum_count) as is_open
    from compared
    where family <> 'supplier'
    group by entity_id, family, block_period_index

)

select * from final
