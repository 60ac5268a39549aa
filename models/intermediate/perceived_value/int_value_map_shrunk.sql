-- Two comparisons between the points shown in a window. Segments are drawn towards their mean by
-- James and Stein: factor 1 - (k - 3) variance / sum of squares about the mean, from four
-- segments on and never below 0; with equal variances it is Efron and Morris's. Suppliers give
-- the fair-value line by regression: relative price on relative quality, from three suppliers on.
with

points as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        -- millionths are ample here and keep sums of squares within a whole number
        {{ divide_rounded('value_log_units', '1000000') }} as log_millionths,
        variance_log_units,
        value_log_units,
        {{ divide_rounded(
            'get_units * 1000000', 'nullif(weights * get_reference_units, 0)'
        ) }} as quality_millionths,
        {{ divide_rounded(
            'price_units * 1000000', 'nullif(weights * price_reference_units, 0)'
        ) }} as price_millionths
    from {{ ref('int_value_map_scored') }}
    where reliability <> 'suppressed'

),

levels as (

    select
        entity_id,
        window_period_index,
        map_level,
        count(*) as points_count,
        {{ divide_rounded('sum(value_log_units)', 'count(*)') }} as mean_log_units,
        {{ divide_rounded(
            '(count(*) * sum(log_millionths * log_millionths)'
            ~ ' - sum(log_millionths) * sum(log_millionths))',
            'count(*)'
        ) }} as squares,
        sum(quality_millionths) as sum_x,
        sum(price_millionths) as sum_y,
        sum(quality_millionths * quality_millionths) as sum_xx,
        sum(quality_millionths * price_millionths) as sum_xy
    from points
    group by entity_id, window_period_index, map_level

),

lines as (

    select
        entity_id,
        window_period_index,
        map_level,
        points_count,
        mean_log_units,
        squares,
        sum_x,
        sum_y,
        case
            when map_level = 'supplier' and points_count >= 3
                then {{ divide_rounded(
                    '((points_count * sum_xy - sum_x * sum_y) * 1000000)',
                    'nullif(points_count * sum_xx - sum_x * sum_x, 0)'
                ) }}
        end as slope_millionths
    from levels

),

final as (

    select
        points.entity_id,
        points.window_period_index,
        points.map_level,
        points.rated_id,
        lines.points_count,
        lines.slope_millionths,
        -- intercept and slope at the point's own quality
        {{ divide_rounded(
            '((lines.sum_y * 1000000 - lines.slope_millionths * lines.sum_x)'
            ~ ' + lines.points_count * lines.slope_millionths * points.quality_millionths)',
            '(lines.points_count * 1000000)'
        ) }} as line_price_millionths,
        case
            when points.map_level = 'segment' and lines.points_count > 3
                then greatest(
                    1000000000 - {{ divide_rounded(
                        '((lines.points_count - 3) * points.variance_log_units * 1000000000)',
                        'nullif(lines.squares, 0)'
                    ) }},
                    0
                )
            else 1000000000
        end as own_answer_share_units,
        lines.mean_log_units
    from points
    inner join lines
        on
            points.entity_id = lines.entity_id
            and points.window_period_index = lines.window_period_index
            and points.map_level = lines.map_level

)

select
    entity_id,
    window_period_index,
    map_level,
    rated_id,
    points_count,
    slope_millionths,
    line_price_millionths,
    coalesce(own_answer_share_units, 0) as own_answer_share_units,
    mean_log_units
from final
