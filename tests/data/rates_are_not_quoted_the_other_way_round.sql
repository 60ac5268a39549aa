{{ config(meta={"to_blame": "input"}) }}
-- A rate whose inverse fits the other rates of its pair, and which itself does not, would turn
-- amounts the wrong way (R17). Near one the two cannot be told apart, and nothing is said. The
-- failing rows name the pair, the day and the rate.
{#- how far a rate may be from those around it, and its inverse too, before one is believed -#}
{%- set tolerance = 1.1 %}
with

rates as (

    select
        entity_id,
        base_currency,
        quote_currency,
        rate_date,
        average_rate,
        average_rate > 1 as is_above_one,
        -- as wide as a product of two may be on both engines
        cast(average_rate as decimal(18, 8)) as rate
    from {{ ref('input_fx_rates') }}

),

sides as (

    select
        entity_id,
        base_currency,
        quote_currency,
        is_above_one,
        count(*) as rates_count,
        min(rate) as lowest_rate,
        max(rate) as highest_rate
    from rates
    group by entity_id, base_currency, quote_currency, is_above_one

)

select
    rates.entity_id,
    rates.base_currency,
    rates.quote_currency,
    rates.rate_date,
    rates.average_rate,
    others.lowest_rate as other_lowest_rate,
    others.highest_rate as other_highest_rate
from rates
inner join sides as own
    on
        rates.entity_id = own.entity_id
        and rates.base_currency = own.base_currency
        and rates.quote_currency = own.quote_currency
        and rates.is_above_one = own.is_above_one
inner join sides as others
    on
        rates.entity_id = others.entity_id
        and rates.base_currency = others.base_currency
        and rates.quote_currency = others.quote_currency
        and rates.is_above_one <> others.is_above_one
        and own.rates_count < others.rates_count
where
    rates.rate * others.lowest_rate <= {{ tolerance }}
    and rates.rate * others.highest_rate * {{ tolerance }} >= 1
    and (
        rates.rate > others.highest_rate * {{ tolerance }}
        or rates.rate * {{ tolerance }} < others.lowest_rate
    )
