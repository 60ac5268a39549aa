-- Each point of the value map as sums over its clusters (R26), for the windows that end with a
-- block: the entity and its segments (customers weighed for who stayed silent), and each supplier
-- by those who rated a competitor. A cluster has a vote in each block (and group of raters), the
-- same in every window: a mean over the blocks of a window would weigh an answer in one window
-- otherwise than in the next, and the difference would give single answers away. What may not be
-- shown is left out or closed (int_survey_cells_released); a point of whom nobody is left has a row
-- and no number.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set measures = ['product_quality', 'service_quality', 'get', 'price', 'hassle', 'give'] %}
{%- set span = trailing_periods() %}
with

{{ released_windows() }},

{{ opened_cells() }},

voices as (

    select
        releases.entity_id,
        releases.window_period_index,
        readings.block_period_index,
        readings.family,
        readings.cell_id,
        readings.cluster_id,
        {%- for term in terms %}
        {{ divide_rounded(
            'sum(readings.' ~ term ~ '_units)', 'sum(readings.respondents_count)'
        ) }} as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from releases
    inner join {{ ref('int_value_map_readings') }} as readings
        on
            releases.entity_id = readings.entity_id
            and readings.block_period_index <= releases.window_period_index
            and readings.block_period_index > releases.window_period_index - {{ span }}
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            readings.entity_id = cells.entity_id
            and readings.family = cells.family
            and readings.cell_id = cells.cell_id
            and readings.block_period_index = cells.block_period_index
    where readings.is_heard and (readings.is_named or cells.is_not_named_shown)
    group by
        releases.entity_id, releases.window_period_index, readings.block_period_index,
        readings.family, readings.cell_id, readings.cluster_id, readings.rated_ids

),

sides as (

    select
        voices.entity_id,
        voices.window_period_index,
        voices.block_period_index,
        voices.family,
        voices.cell_id,
        voices.cluster_id,
        voices.product_quality_units,
        voices.service_quality_units,
        {{ divide_rounded(
            '(voices.product_quality_units + voices.service_quality_units)', '2'
        ) }} as get_units,
        voices.price_units,
        voices.hassle_units,
        {{ divide_rounded('(voices.price_units + voices.hassle_units)', '2') }} as give_units
    from voices
    where voices.product_quality_units is not null

    union all

    -- one overall question: the give side is the window's money, and a vote the window's (R25)
    select
        overall.entity_id,
        overall.window_period_index,
        overall.block_period_index,
        overall.family,
        overall.cell_id,
        overall.cluster_id,
        cast(null as {{ type_whole() }}) as product_quality_units,
        cast(null as {{ type_whole() }}) as service_quality_units,
        values_given.get_units,
        values_given.price_units,
        values_given.hassle_units,
        values_given.give_units
    from (
        select
            entity_id,
            window_period_index,
            family,
            cell_id,
            cluster_id,
            max(block_period_index) as block_period_index
        from voices
        where product_quality_units is null
        group by entity_id, window_period_index, family, cell_id, cluster_id
    ) as overall
    inner join {{ ref('int_customer_value_terms') }} as values_given
        on
            overall.entity_id = values_given.entity_id
            and overall.window_period_index = values_given.window_period_index
            and overall.cluster_id = 'customer ' || values_given.customer_id
            and values_given.window_kind = 'trailing'
            and values_given.value_method = 'overall_split_unknown'
            and values_given.is_complete

),

levels as (

    select
        sides.entity_id,
        sides.window_period_index,
        sides.family as map_level,
        sides.cell_id as rated_id,
        sides.cluster_id,
        {%- for measure in measures %}
        sides.{{ measure }}_units,
        {%- endfor %}
        coalesce(weights.weight_thousandths, 1000) as weight,
        case when weights.weight_thousandths is not null then 1 else 0 end as is_weighted
    from sides
    left join {{ ref('int_nonresponse_weights') }} as weights
        on
            sides.entity_id = weights.entity_id
            and sides.block_period_index = weights.block_period_index
            and sides.cluster_id = weights.cluster_id
            and sides.family = 'segment'

    union all

    select
        sides.entity_id,
        sides.window_period_index,
        'entity' as map_level,
        '(all)' as rated_id,
        sides.cluster_id,
        {%- for measure in measures %}
        sides.{{ measure }}_units,
        {%- endfor %}
        coalesce(weights.weight_thousandths, 1000) as weight,
        case when weights.weight_thousandths is not null then 1 else 0 end as is_weighted
    from sides
    left join {{ ref('int_nonresponse_weights') }} as weights
        on
            sides.entity_id = weights.entity_id
            and sides.block_period_index = weights.block_period_index
            and sides.cluster_id = weights.cluster_id
    where sides.family = 'segment'

),

clusters as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        max(is_weighted) as is_weighted,
        sum(weight) as weight,
        {%- for measure in measures %}
        sum(weight * {{ measure }}_units) as {{ measure }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from levels
    group by entity_id, window_period_index, map_level, rated_id, cluster_id

),

summed as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        count(*) as clusters_count,
        max(is_weighted) as is_weighted,
        sum(weight) as weights,
        sum(weight * weight) as squared_weights,
        {%- for measure in measures %}
        sum({{ measure }}_units) as {{ measure }}_units,
        {%- endfor %}
        {%- for term in terms %}
        sum(weight * {{ term }}_units) as {{ term }}_products,
        sum({{ term }}_units * {{ term }}_units) as {{ term }}_squares,
        {%- endfor %}
        sum(weight * get_units) as get_products,
        sum(get_units * get_units) as get_get_units,
        sum(get_units * give_units) as get_give_units,
        sum(give_units * give_units) as give_give_units
    from clusters
    group by entity_id, window_period_index, map_level, rated_id

),

-- the total less the open segments is the closed ones, of whom fewer may be left than answered:
-- who gave one overall answer and paid nothing comparable has no point (R25)
given_away as (

    select
        summed.entity_id,
        summed.window_period_index
    from summed
    inner join opened
        on
            summed.entity_id = opened.entity_id
            and summed.window_period_index = opened.window_period_index
            and summed.rated_id = opened.cell_id
            and opened.family = 'segment'
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            summed.entity_id = parameters.entity_id
            and summed.window_period_index = parameters.period_index
    where
        summed.map_level = 'segment'
        and (
            opened.is_open = 0
            or summed.clusters_count < parameters.aggregate_minimum_customers
        )
    group by summed.entity_id, summed.window_period_index
    having sum(summed.clusters_count) < max(parameters.aggregate_minimum_customers)

),

final as (

    select
        opened.entity_id,
        opened.window_period_index,
        case
            when opened.family = 'segment' and opened.cell_id = '(all)' then 'entity'
            else opened.family
        end as map_level,
        opened.cell_id as rated_id,
        coalesce(summed.clusters_count, 0) as clusters_count,
        opened.is_open = 1
        and summed.clusters_count is not null
        and (opened.cell_id <> '(all)' or given_away.entity_id is null) as is_open,
        coalesce(summed.is_weighted, 0) = 1 as is_weighted,
        summed.weights,
        summed.squared_weights,
        summed.product_quality_units,
        summed.service_quality_units,
        summed.get_units,
        summed.price_units,
        summed.hassle_units,
        summed.give_units,
        {%- for term in terms %}
        summed.{{ term }}_products,
        summed.{{ term }}_squares,
        {%- endfor %}
        summed.get_products,
        summed.get_get_units,
        summed.get_give_units,
        summed.give_give_units
    from opened
    left join summed
        on
            opened.entity_id = summed.entity_id
            and opened.window_period_index = summed.window_period_index
            and opened.cell_id = summed.rated_id
            and opened.family = case summed.map_level
                when 'supplier' then 'supplier' else 'segment'
            end
    left join given_away
        on
            opened.entity_id = given_away.entity_id
            and opened.window_period_index = given_away.window_period_index
    where opened.family in ('segment', 'supplier')

)

select * from final
