-- Every point of the value map against its reference: par for ourselves and our segments, the mean
-- of all suppliers for the comparison with competitors. Points of too few clusters are closed, and
-- with one closed segment the next smallest too, or it could be worked out from the total.
with

suppliers as (

    select
        entity_id,
        window_period_index,
        -- one vote a supplier, however many rated him
        {{ divide_rounded('sum(get_mean_units)', 'count(*)') }} as get_reference_units,
        {{ divide_rounded('sum(price_mean_units)', 'count(*)') }} as price_reference_units,
        {{ divide_rounded('sum(hassle_mean_units)', 'count(*)') }} as hassle_reference_units,
        {{ divide_rounded('sum(give_mean_units)', 'count(*)') }} as give_reference_units
    from (
        select
            entity_id,
            window_period_index,
            {{ divide_rounded('get_units', 'clusters_count') }} as get_mean_units,
            {{ divide_rounded('price_units', 'clusters_count') }} as price_mean_units,
            {{ divide_rounded('hassle_units', 'clusters_count') }} as hassle_mean_units,
            {{ divide_rounded('give_units', 'clusters_count') }} as give_mean_units
        from {{ ref('int_value_map_points') }}
        where map_level = 'supplier'
    ) as means
    group by entity_id, window_period_index

),

referenced as (

    select
        points.entity_id,
        months.month_start_date,
        points.map_level,
        points.rated_id,
        case points.map_level when 'supplier' then 'market' else 'par' end as reference,
        points.clusters_count,
        points.get_units,
        points.price_units,
        points.hassle_units,
        points.give_units,
        points.get_get_units,
        points.get_give_units,
        points.give_give_units,
        coalesce(suppliers.get_reference_units, par.get_par_units) as get_reference_units,
        coalesce(suppliers.price_reference_units, par.price_par_units) as price_reference_units,
        coalesce(suppliers.hassle_reference_units, par.hassle_par_units) as hassle_reference_units,
        coalesce(suppliers.give_reference_units, par.give_par_units) as give_reference_units,
        rates.invited_count,
        rates.answered_count,
        parameters.quality_weight_units,
        parameters.aggregate_low_customers,
        case when points.clusters_count < parameters.aggregate_minimum_customers then 1 else 0 end
            as is_small
    from {{ ref('int_value_map_points') }} as points
    inner join {{ ref('int_entity_months') }} as months
        on
            points.entity_id = months.entity_id
            and points.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            points.entity_id = parameters.entity_id
            and points.window_period_index = parameters.period_index
    left join {{ ref('int_value_par') }} as par
        on points.entity_id = par.entity_id
    left join suppliers
        on
            points.entity_id = suppliers.entity_id
            and points.window_period_index = suppliers.window_period_index
            and points.map_level = 'supplier'
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            points.entity_id = rates.entity_id
            and points.window_period_index = rates.window_period_index
            and points.map_level = rates.map_level
            and points.rated_id = rates.rated_id

),

ranked as (

    select
        entity_id,
        month_start_date,
        map_level,
        rated_id,
        is_small,
        sum(is_small) over (partition by entity_id, month_start_date, map_level) as small_count,
        row_number() over (
            partition by entity_id, month_start_date, map_level, is_small
            order by clusters_count, rated_id nulls last
        ) as position_by_size
    from referenced

),

final as (

    select
        referenced.entity_id,
        referenced.month_start_date,
        referenced.map_level,
        referenced.rated_id,
        referenced.reference,
        referenced.clusters_count,
        referenced.get_units,
        referenced.price_units,
        referenced.hassle_units,
        referenced.give_units,
        referenced.get_reference_units,
        referenced.price_reference_units,
        referenced.hassle_reference_units,
        referenced.give_reference_units,
        referenced.invited_count,
        referenced.answered_count,
        referenced.quality_weight_units,
        case
            when ranked.is_small = 1 then 'suppressed'
            when
                ranked.map_level = 'segment'
                and ranked.small_count = 1
                and ranked.position_by_size = 1
                then 'suppressed'
            when referenced.clusters_count < referenced.aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        {{ fixed_ln(
            '(referenced.get_units * referenced.give_reference_units)',
            '(referenced.give_units * referenced.get_reference_units)'
        ) }} as value_log_units,
        -- variance of the log of a ratio of sums, clusters drawn independently (R26)
        case
            when referenced.clusters_count > 1
                then cast(round(
                    1000000000000 * sqrt(greatest(
                        cast(referenced.clusters_count as double)
                        / (referenced.clusters_count - 1)
                        * (
                            cast(referenced.get_get_units as double)
                            / cast(referenced.get_units as double)
                            / cast(referenced.get_units as double)
                            - 2 * cast(referenced.get_give_units as double)
                            / cast(referenced.get_units as double)
                            / cast(referenced.give_units as double)
                            + cast(referenced.give_give_units as double)
                            / cast(referenced.give_units as double)
                            / cast(referenced.give_units as double)
                        ),
                        0
                    )) * {{ student_t_90('(referenced.clusters_count - 1)') }}
                ) as {{ type_whole() }})
        end as half_width_log_units
    from referenced
    inner join ranked
        on
            referenced.entity_id = ranked.entity_id
            and referenced.month_start_date = ranked.month_start_date
            and referenced.map_level = ranked.map_level
            and referenced.rated_id = ranked.rated_id

)

select * from final
