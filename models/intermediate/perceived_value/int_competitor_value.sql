-- The value ratio of the competitors that may be shown, one vote a competitor, as of the latest
-- window that was released by each period. It never enters par (R23). A closed competitor could be
-- worked out of a mean that holds it, so none does. The same people may have rated several, so the
-- deviation of the mean is taken as the mean of the deviations, which is the most it can be.
with

shown as (

    select
        entity_id,
        window_period_index,
        clusters_count,
        {{ divide_rounded('get_units', 'weights') }} as get_units,
        {{ divide_rounded('give_units', 'weights') }} as give_units,
        cast(round(1000000 * sqrt(cast(variance_log_units as double))) as {{ type_whole() }})
            as deviation_log_units
    from {{ ref('int_value_map_scored') }}
    where
        map_level = 'supplier'
        and rated_id <> '(own)'
        and reliability <> 'suppressed'

),

released as (

    select
        entity_id,
        window_period_index,
        sum(clusters_count) as ratings_count,
        {{ divide_rounded('sum(get_units)', 'count(*)') }} as get_units,
        {{ divide_rounded('sum(give_units)', 'count(*)') }} as give_units,
        {{ divide_rounded('sum(deviation_log_units)', 'count(*)') }} as deviation_log_units
    from shown
    group by entity_id, window_period_index

),

final as (

    select
        months.entity_id,
        months.period_index as window_period_index,
        released.ratings_count,
        released.get_units,
        released.give_units,
        released.deviation_log_units
    from {{ ref('int_entity_months') }} as months
    inner join released
        on
            months.entity_id = released.entity_id
            and months.period_index >= released.window_period_index
            -- an older panel is no comparison with today
            and months.period_index < released.window_period_index + {{ trailing_periods() }}
    qualify row_number() over (
        partition by months.entity_id, months.period_index
        order by released.window_period_index desc
    ) = 1

)

select * from final
