-- Parameters of the cost engine in force in a period: the entity's own row, else the one for all.
-- A row that starts later leaves earlier periods as they were.
with

candidates as (

    select
        months.entity_id,
        months.month_start_date,
        parameters.parameter,
        parameters.value,
        row_number() over (
            partition by months.entity_id, months.month_start_date, parameters.parameter
            order by
                case when parameters.entity_id = '*' then 1 else 0 end asc,
                parameters.valid_from desc
        ) as preference
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_costing_parameters') }} as parameters
        on
            parameters.entity_id in (months.entity_id, '*')
            and months.month_start_date
            >= coalesce(cast(parameters.valid_from as date), date '1900-01-01')
            and months.month_start_date
            <= coalesce(cast(parameters.valid_to as date), date '9999-12-31')

),

final as (

    select
        entity_id,
        month_start_date,
        parameter,
        value
    from candidates
    where preference = 1

)

select * from final
