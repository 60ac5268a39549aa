-- What turns an entity's currency into that of its group, period by period: an entity has the rate
-- that turns the group's currency into its own, so the inverse turns back. Who names no group
-- currency is in no group.
with

choices as (

    select
        months.entity_id,
        months.month_start_date,
        reporting.value as group_currency,
        row_number() over (
            partition by months.entity_id, months.month_start_date
            order by
                case when reporting.entity_id = '*' then 1 else 0 end asc,
                reporting.valid_from desc
        ) as preference
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_reporting') }} as reporting
        on
            (months.entity_id = reporting.entity_id or reporting.entity_id = '*')
            and reporting.parameter = 'group_currency'
            and months.month_start_date
            >= coalesce(cast(reporting.valid_from as date), date '1900-01-01')
            and months.month_start_date
            <= coalesce(cast(reporting.valid_to as date), date '9999-12-31')

),

final as (

    select
        choices.entity_id,
        choices.month_start_date,
        entities.fiscal_calendar_id,
        entities.currency,
        choices.group_currency,
        entities.currency <> choices.group_currency as is_foreign,
        fx.rate_denominator as rate_numerator,
        fx.rate_numerator as rate_denominator
    from choices
    inner join {{ ref('int_entities') }} as entities
        on choices.entity_id = entities.entity_id
    left join {{ ref('int_fx_rates_monthly') }} as fx
        on
            choices.entity_id = fx.entity_id
            and choices.month_start_date = fx.month_start_date
            and choices.group_currency = fx.currency
    where choices.preference = 1

)

select * from final
