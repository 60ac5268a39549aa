-- The band of perceived value a segment should lie in, by period, as logs in units of 10^-12. The
-- closest row wins: entity and segment, entity, segment, all.
with

segments as (

    select distinct
        customers.entity_id,
        coalesce(customers.segment, '(none)') as segment
    from {{ ref('int_customers') }} as customers

),

in_force as (

    select
        months.entity_id,
        months.month_start_date,
        segments.segment,
        bands.lower_index,
        bands.upper_index
    from {{ ref('int_entity_months') }} as months
    inner join segments
        on months.entity_id = segments.entity_id
    inner join {{ ref('policy_satisfaction_bands') }} as bands
        on
            bands.entity_id in ('*', months.entity_id)
            and bands.segment in ('*', segments.segment)
            and months.month_start_date
            between bands.valid_from and coalesce(bands.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by months.entity_id, months.month_start_date, segments.segment
        order by
            case when bands.entity_id = '*' then 1 else 0 end,
            case when bands.segment = '*' then 1 else 0 end,
            bands.valid_from desc
    ) = 1

),

final as (

    select
        entity_id,
        month_start_date,
        segment,
        cast(lower_index as decimal(18, 9)) as lower_index,
        cast(upper_index as decimal(18, 9)) as upper_index,
        {{ fixed_ln(score_units('lower_index'), '1000000000') }} as lower_log_units,
        {{ fixed_ln(score_units('upper_index'), '1000000000') }} as upper_log_units
    from in_force

)

select * from final
