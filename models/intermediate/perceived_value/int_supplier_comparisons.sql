-- Ourselves over each competitor by those who rated both, by window that ends with a block. The two
-- are rated by the same people, so the interval holds their covariance: each cluster's influence on
-- the log of the ratio, squared and summed (R26), as far as it may be told. A comparison is shown
-- where the competitor's point on the map is: one could be worked out of the other.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set sides = ['', 'own_'] %}
{%- set span = trailing_periods() %}
with

{{ released_windows() }},

voices as (

    select
        releases.entity_id,
        releases.window_period_index,
        readings.cell_id,
        readings.cluster_id,
        {%- for side in sides %}
        {%- for term in terms %}
        {{ divide_rounded(
            'sum(readings.' ~ side ~ term ~ '_units)', 'sum(readings.respondents_count)'
        ) }} as {{ side }}{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
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
    where
        readings.family = 'supplier'
        and readings.cell_id <> '(own)'
        and readings.is_heard
        and (readings.is_named or cells.is_not_named_shown)
    group by
        releases.entity_id, releases.window_period_index, readings.block_period_index,
        readings.cell_id, readings.cluster_id, readings.rated_ids

),

-- a vote in each block and group of raters, as on the map
clusters as (

    select
        entity_id,
        window_period_index,
        cell_id,
        cluster_id,
        {%- for side in sides %}
        {%- for term in terms %}
        sum({{ side }}{{ term }}_units) as {{ side }}{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from voices
    group by entity_id, window_period_index, cell_id, cluster_id

),

totals as (

    select
        entity_id,
        window_period_index,
        cell_id,
        count(*) as pairs_count,
        {%- for side in sides %}
        {%- for term in terms %}
        sum({{ side }}{{ term }}_units) as {{ side }}{{ term }}_sum,
        {%- endfor %}
        sum({{ side }}product_quality_units + {{ side }}service_quality_units)
            as {{ side }}get_sum,
        sum({{ side }}price_units + {{ side }}hassle_units)
            as {{ side }}give_sum{{ ',' if not loop.last }}
        {%- endfor %}
    from clusters
    group by entity_id, window_period_index, cell_id

),

-- Gale: our score over theirs, then the weighted mean; here term by term, weighing alike
ratios as (

    select
        entity_id,
        window_period_index,
        cell_id,
        pairs_count,
        {%- for side in sides %}
        {%- for measure in terms + ['get', 'give'] %}
        {{ side }}{{ measure }}_sum,
        {%- endfor %}
        {%- endfor %}
        {%- for term in terms %}
        {{ share_units('own_' ~ term ~ '_sum', term ~ '_sum') }} as {{ term }}_ratio_units,
        {%- endfor %}
        {{ fixed_ln(
            '(cast(own_get_sum as double) * give_sum)', '(cast(own_give_sum as double) * get_sum)'
        ) }} as value_log_units
    from totals

),

-- what a cluster's own scores move each ratio by, as a share of it, in units of 10^-9
influences as (

    select
        ratios.entity_id,
        ratios.window_period_index,
        ratios.cell_id,
        {%- for term in terms %}
        {{ share_units('clusters.own_' ~ term ~ '_units', 'ratios.own_' ~ term ~ '_sum') }}
        - {{ share_units('clusters.' ~ term ~ '_units', 'ratios.' ~ term ~ '_sum') }}
            as {{ term }}_influence,
        {%- endfor %}
        {%- for side in ['own_', ''] %}
        {{ '- (' if side == '' else '(' }}
            {{ share_units(
                'clusters.' ~ side ~ 'product_quality_units'
                ~ ' + clusters.' ~ side ~ 'service_quality_units',
                'ratios.' ~ side ~ 'get_sum'
            ) }}
            - {{ share_units(
                'clusters.' ~ side ~ 'price_units + clusters.' ~ side ~ 'hassle_units',
                'ratios.' ~ side ~ 'give_sum'
            ) }}
        )
        {%- endfor %} as value_influence,
        ratios.product_quality_ratio_units,
        ratios.service_quality_ratio_units
    from ratios
    inner join clusters
        on
            ratios.entity_id = clusters.entity_id
            and ratios.window_period_index = clusters.window_period_index
            and ratios.cell_id = clusters.cell_id

),

squared as (

    select
        entity_id,
        window_period_index,
        cell_id,
        sum(value_influence * value_influence) as value_squares,
        sum(price_influence * price_influence) as price_squares,
        sum(hassle_influence * hassle_influence) as hassle_squares,
        sum(quality_influence * quality_influence) as quality_squares
    from (
        select
            entity_id,
            window_period_index,
            cell_id,
            value_influence,
            price_influence,
            hassle_influence,
            {{ divide_rounded(
                '(product_quality_ratio_units * product_quality_influence'
                ~ ' + service_quality_ratio_units * service_quality_influence)',
                '(product_quality_ratio_units + service_quality_ratio_units)'
            ) }} as quality_influence
        from influences
    ) as by_cluster
    group by entity_id, window_period_index, cell_id

),

final as (

    select
        points.entity_id,
        points.window_period_index,
        points.month_start_date,
        points.rated_id,
        points.respondent_role,
        points.clusters_count as pairs_count,
        points.reliability,
        {{ divide_rounded(
            '(ratios.product_quality_ratio_units + ratios.service_quality_ratio_units)', '2'
        ) }} as quality_units,
        ratios.price_ratio_units as price_units,
        ratios.hassle_ratio_units as hassle_units,
        ratios.value_log_units,
        {%- for measure in ['value', 'quality', 'price', 'hassle'] %}
        -- of one pair there is no interval; few have the variance of two unrelated points
        case when ratios.pairs_count > 1
                then nullif(cast(round(
                    1000000000000 * {{ student_t_90('(ratios.pairs_count - 1)') }} * sqrt({{
                        told_variance(
                            'cast(squared.' ~ measure ~ '_squares as double) / 1e18'
                            ~ ' * ratios.pairs_count / (ratios.pairs_count - 1)',
                            'ratios.pairs_count',
                            ('4' if measure in ('price', 'hassle') else '2')
                            ~ ' * cast(points.assumed_variance_units as double) / 1e9',
                            'points.aggregate_low_customers'
                        )
                    }})
                ) as {{ type_whole() }}), 0)
        end as {{ measure }}_half_width_log_units{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_value_map_scored') }} as points
    left join ratios
        on
            points.entity_id = ratios.entity_id
            and points.window_period_index = ratios.window_period_index
            and points.rated_id = ratios.cell_id
    left join squared
        on
            points.entity_id = squared.entity_id
            and points.window_period_index = squared.window_period_index
            and points.rated_id = squared.cell_id
    where points.map_level = 'supplier' and points.rated_id <> '(own)'

)

select * from final
