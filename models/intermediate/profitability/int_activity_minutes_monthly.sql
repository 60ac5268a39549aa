-- Minutes of work by pool, activity and customer, whatever document it was for.
-- worked_quantity is what was done in that time, so that time a unit can be told from units.
with

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        activity_type,
        is_productive,
        customer_id,
        receiver_pool_id,
        -- a driver is never negative
        cast(greatest(sum(worked_minutes), 0) as decimal(18, 4)) as used_minutes,
        cast(sum(worked_quantity) as decimal(18, 4)) as worked_quantity
    from {{ ref('int_activity_work_monthly') }}
    group by
        entity_id, month_start_date, pool_id, activity_type, is_productive, customer_id,
        receiver_pool_id

)

select * from final
