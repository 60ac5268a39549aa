-- Whether the last day an entity shows is over: once anything was recorded after it. Before, each
-- night may add to its period. Apart from the reach of an entity, so that its profit waits for no
-- survey.
with

recorded as (

    select entity_id, recorded_at
    from {{ ref('input_revenue_lines') }}
    union all
    select entity_id, recorded_at
    from {{ ref('input_cost_entries') }}
    where scenario = 'actual'
    union all
    select entity_id, recorded_at
    from {{ ref('input_survey_responses') }}

),

last_recorded as (

    select
        entity_id,
        cast(max(recorded_at) as date) as last_recorded_on
    from recorded
    group by entity_id

),

final as (

    select
        reach.entity_id,
        -- of a day the build was told nothing recorded later is known, so it is over
        parameters.as_of_date is not null
        or coalesce(last_recorded.last_recorded_on > reach.as_of_date, false) as is_last_day_over
    from {{ ref('int_entity_reach') }} as reach
    left join last_recorded
        on reach.entity_id = last_recorded.entity_id
    cross join {{ source('build', 'parameters') }} as parameters

)

select * from final
