-- What each operational event costs or takes away in each period of an entity. An entity's own row
-- wins over the row for all (*). A minute has a value only where policy gives one in the entity's
-- currency: the same number in two currencies is not the same value.
with

in_force as (

    select
        months.entity_id,
        months.month_start_date,
        months.period_index,
        rates.event_type,
        rates.term,
        rates.opportunity,
        {{ score_units('rates.effect_per_unit') }} as effect_units,
        minute_values.minute_value_amount,
        rates.is_ordinary,
        row_number() over (
            partition by months.entity_id, months.month_start_date, rates.event_type
            order by
                case when rates.entity_id = '*' then 1 else 0 end,
                rates.valid_from desc,
                case when minute_values.entity_id = '*' then 1 else 0 end,
                minute_values.valid_from desc
        ) as precedence
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_hassle_rates') }} as rates
        on
            rates.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between rates.valid_from and coalesce(rates.valid_to, date '9999-12-31')
    inner join {{ ref('int_entities') }} as entities
        on months.entity_id = entities.entity_id
    left join {{ ref('policy_minute_values') }} as minute_values
        on
            minute_values.entity_id in ('*', months.entity_id)
            and entities.currency = minute_values.currency
            and months.month_start_date
            between minute_values.valid_from
            and coalesce(minute_values.valid_to, date '9999-12-31')

),

final as (

    select
        entity_id,
        month_start_date,
        period_index,
        event_type,
        term,
        opportunity,
        effect_units,
        minute_value_amount,
        is_ordinary
    from in_force
    where precedence = 1

)

select * from final
