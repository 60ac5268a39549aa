-- How far operations tell what customers say: the straight line of answers on operations over the
-- base window, of customers with both. With too few of them operations are taken as they stand
-- (intercept 0, slope 1) and called uncalibrated. A negative slope says operations tell nothing.
with

pairs as (

    select
        base.entity_id,
        parameters.calibration_minimum_customers,
        -- millionths are ample here and keep the sums of products within a whole number
        {{ divide_rounded('priors.operational_log_units', '1000000') }} as x,
        {{ divide_rounded('logs.answer_log_units', '1000000') }} as y
    from {{ ref('int_value_par') }} as base
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            base.entity_id = parameters.entity_id
            and base.window_period_index = parameters.period_index
    inner join {{ ref('int_customer_value_logs') }} as logs
        on
            base.entity_id = logs.entity_id
            and base.window_kind = logs.window_kind
            and base.window_period_index = logs.window_period_index
    inner join {{ ref('int_customer_value_priors') }} as priors
        on
            logs.entity_id = priors.entity_id
            and logs.window_kind = priors.window_kind
            and logs.window_period_index = priors.window_period_index
            and logs.customer_id = priors.customer_id

),

sums as (

    select
        entity_id,
        max(calibration_minimum_customers) as calibration_minimum_customers,
        count(*) as customers_count,
        cast(sum(x) as {{ type_whole() }}) as sum_x,
        cast(sum(y) as {{ type_whole() }}) as sum_y,
        cast(sum(x * x) as {{ type_whole() }}) as sum_xx,
        cast(sum(x * y) as {{ type_whole() }}) as sum_xy
    from pairs
    group by entity_id

),

slopes as (

    select
        entity_id,
        customers_count,
        sum_x,
        sum_y,
        customers_count >= calibration_minimum_customers
        and customers_count * sum_xx - sum_x * sum_x > 0 as is_calibrated,
        greatest(
            {{ divide_rounded(
                '((customers_count * sum_xy - sum_x * sum_y) * 1000000)',
                'nullif(customers_count * sum_xx - sum_x * sum_x, 0)'
            ) }},
            0
        ) as slope_millionths
    from sums

),

final as (

    select
        base.entity_id,
        coalesce(slopes.customers_count, 0) as customers_count,
        coalesce(slopes.is_calibrated, false) as is_calibrated,
        case when slopes.is_calibrated then slopes.slope_millionths else 1000000 end
            as slope_millionths,
        case
            when slopes.is_calibrated
                then {{ divide_rounded(
                    '(slopes.sum_y * 1000000 - slopes.slope_millionths * slopes.sum_x)',
                    'slopes.customers_count'
                ) }}
            else 0
        end as intercept_log_units
    from {{ ref('int_value_par') }} as base
    left join slopes
        on base.entity_id = slopes.entity_id

)

select * from final
