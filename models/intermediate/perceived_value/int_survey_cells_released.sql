-- Which cells of a survey may be shown, block by block of periods (R27). Every published
-- aggregate is a sum over whole blocks and whole cells, so whoever adds and subtracts published
-- numbers, of overlapping windows too, can only ever be left with whole blocks of whole cells:
-- 1. answers that are not named are left out where fewer than the minimum of clusters gave some, or
--    where all of these are alike in a term, a side or the value, which would tell each one's;
-- 2. a cell under the minimum is closed for the block;
-- 3. so is one where all but fewer than the minority of those not named are promoters, detractors
--    or neither. They are not left out as in 1.: many are, and a score without those of one mind
--    would be that of the divided;
-- 4. where a total over the cells is shown, the cells closed in a block hold the minimum together,
--    and a minority: if they do not, the smallest open one that brings it is closed as well; where
--    none does, or the total is under the minimum, the total is closed.
-- Clusters are customers, or respondents who are none: people of one customer are one, however
-- many they are. A minority is counted in people: each of them protects the others.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set people = ['people', 'promoters', 'detractors'] %}
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
        0 as people_count,
        0 as promoters_count,
        0 as detractors_count,
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
        customer_id as cluster_id,
        is_named,
        true as is_heard,
        case when family = 'recommendation' and not is_named then 1 else 0 end as people_count,
        {%- for group in ['promoters', 'detractors'] %}
        case
            when
                family = 'recommendation'
                and not is_named
                and {{ recommendation_group('score_units') }} = '{{ group }}'
                then 1
            else 0
        end as {{ group }}_count,
        {%- endfor %}
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
        {%- for group in people %}
        sum({{ group }}_count) as {{ group }}_count,
        {%- endfor %}
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
        parameters.minimum_minority,
        sum(greatest(clusters.has_named, clusters.has_not_named)) as clusters_count,
        sum(clusters.has_named) as named_count,
        {%- for group in people %}
        sum(clusters.{{ group }}_count) as {{ group }}_count,
        {%- endfor %}
        sum(clusters.has_not_named) >= parameters.aggregate_minimum_customers
        and not (
            parameters.minimum_minority > 0
            and coalesce({{ all_alike('clusters.', ['']) }}, false)
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

-- of those who are not named, what is shown
cells as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        minimum_count,
        minimum_minority,
        is_not_named_shown,
        case when is_not_named_shown then clusters_count else named_count end as shown_count,
        {%- for group in people %}
        case when is_not_named_shown then {{ group }}_count else 0 end as {{ group }}_count,
        {%- endfor %}
        case
            when
                (
                    case when is_not_named_shown then clusters_count else named_count end
                ) between 1 and minimum_count - 1
                then 1
            when
                is_not_named_shown
                and people_count > 0
                and {{ outside_largest('people_count', 'promoters_count', 'detractors_count') }}
                < minimum_minority
                then 1
            else 0
        end as is_closed
    from counted

),

-- what the total of a block less its open cells tells
blocks as (

    select
        entity_id,
        family,
        block_period_index,
        max(minimum_count) as minimum_count,
        max(minimum_minority) as minimum_minority,
        sum(shown_count) as all_count,
        sum(case when is_closed = 1 then shown_count else 0 end) as closed_count,
        sum(case when is_closed = 0 then people_count else 0 end) as open_people_count,
        {%- for group in people %}
        sum(case when is_closed = 1 then {{ group }}_count else 0 end)
            as {{ group }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from cells
    group by entity_id, family, block_period_index

),

judged as (

    select
        entity_id,
        family,
        block_period_index,
        minimum_count,
        all_count,
        open_people_count,
        case
            when family = 'supplier' then 0
            when closed_count between 1 and minimum_count - 1 and all_count >= minimum_count
                then 1
            else 0
        end as is_rest_small,
        case
            when
                family <> 'supplier'
                and people_count > 0
                and {{ outside_largest('people_count', 'promoters_count', 'detractors_count') }}
                < minimum_minority
                then 1
            else 0
        end as is_rest_of_one_mind
    from blocks

),

placed as (

    select
        cells.entity_id,
        cells.family,
        cells.cell_id,
        cells.block_period_index,
        cells.shown_count,
        cells.is_not_named_shown,
        cells.is_closed,
        greatest(judged.is_rest_small, judged.is_rest_of_one_mind) as is_another_closed,
        row_number() over (
            partition by cells.entity_id, cells.family, cells.block_period_index
            order by
                case when cells.is_closed = 0 and cells.shown_count > 0 then 0 else 1 end,
                -- what those not named said is hidden by others of them only
                case
                    when judged.is_rest_of_one_mind = 1 and cells.people_count = 0 then 1 else 0
                end,
                cells.shown_count, cells.cell_id
        ) as place_among_open
    from cells
    inner join judged
        on
            cells.entity_id = judged.entity_id
            and cells.family = judged.family
            and cells.block_period_index = judged.block_period_index

),

final as (

    select
        entity_id,
        family,
        cell_id,
        block_period_index,
        shown_count as clusters_count,
        is_not_named_shown,
        is_closed = 0 and (is_another_closed = 0 or place_among_open > 1) as is_open
    from placed

    union all

    select
        entity_id,
        family,
        '(all)' as cell_id,
        block_period_index,
        all_count as clusters_count,
        cast(null as boolean) as is_not_named_shown,
        (all_count = 0 or all_count >= minimum_count)
        and (is_rest_of_one_mind = 0 or open_people_count > 0) as is_open
    from judged
    where family <> 'supplier'

)

select * from final
