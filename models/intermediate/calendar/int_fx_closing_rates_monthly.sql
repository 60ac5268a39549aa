-- The period's last closing rate of each currency, as the whole-number fraction that turns one unit
-- of it into the entity's currency: balances are valued at it, profit at the mean rate. A pair
-- quoted the other way round is inverted; where both are quoted on a day, the direct one wins.
with

daily as (

    select
        rates.entity_id,
        days.month_start_date,
        case
            when rates.quote_currency = entities.currency then rates.base_currency
            else rates.quote_currency
        end as currency,
        rates.rate_date,
        rates.quote_currency = entities.currency as is_direct,
        {{ to_units('rates.closing_rate', 12) }} as closing_rate_units
    from {{ ref('input_fx_rates') }} as rates
    inner join {{ ref('int_entities') }} as entities
        on rates.entity_id = entities.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            rates.entity_id = days.entity_id
            and rates.rate_date = days.date_day
    where
        rates.base_currency <> rates.quote_currency
        and entities.currency in (rates.base_currency, rates.quote_currency)
        and rates.closing_rate > 0

),

final as (

    select
        entity_id,
        month_start_date,
        currency,
        rate_date,
        case when is_direct then closing_rate_units else {{ to_units('1', 12) }} end
            as rate_numerator,
        case when is_direct then {{ to_units('1', 12) }} else closing_rate_units end
            as rate_denominator
    from daily
    qualify row_number() over (
        partition by entity_id, month_start_date, currency
        order by rate_date desc, is_direct desc
    ) = 1

)

select * from final
