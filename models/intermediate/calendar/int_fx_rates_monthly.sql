-- Mean of the period's daily average rates, as the whole-number fraction that turns one unit of a
-- transaction currency into the entity's. Rates carry 12 decimals. A pair quoted the other way
-- round is inverted; where both are quoted, the direct one wins.
with

daily as (

    select
        rates.entity_id,
        days.month_start_date,
        case
            when rates.quote_currency = entities.currency then rates.base_currency
            else rates.quote_currency
        end as currency,
        rates.quote_currency = entities.currency as is_direct,
        rates.average_rate
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

),

means as (

    select
        entity_id,
        month_start_date,
        currency,
        is_direct,
        count(*) as rates_count,
        {{ divide_rounded(to_units('sum(average_rate)', 12), 'count(*)') }} as mean_rate_units
    from daily
    group by entity_id, month_start_date, currency, is_direct

),

final as (

    select
        entity_id,
        month_start_date,
        currency,
        rates_count,
        case when is_direct then mean_rate_units else {{ to_units('1', 12) }} end as rate_numerator,
        case when is_direct then {{ to_units('1', 12) }} else mean_rate_units end
            as rate_denominator
    from means
    qualify row_number() over (
        partition by entity_id, month_start_date, currency order by is_direct desc
    ) = 1

)

select * from final
