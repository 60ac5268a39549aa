-- Rates are US dollars for one unit. The US entity keeps them all, the others their own currency's.
with

rates as (

    select
        currencies.currencyalternatekey as base_currency,
        cast(rates.date as date) as rate_date,
        cast(rates.averagerate as decimal(28, 12)) as average_rate,
        cast(rates.endofdayrate as decimal(28, 12)) as closing_rate,
        rates.date as recorded_at
    from {{ source('adventureworks', 'fact_currency_rate') }} as rates
    left join {{ source('adventureworks', 'dim_currency') }} as currencies
        on rates.currencykey = currencies.currencykey

),

entities as (

    select distinct
        entity_id,
        currency
    from {{ ref('lookup_adventureworks_entities') }}

),

final as (

    select
        entities.entity_id,
        'adventureworks' as record_source,
        coalesce(rates.base_currency, '') || '|'
        || coalesce(cast(rates.rate_date as {{ dbt.type_string() }}), '')
            as source_id,
        rates.base_currency,
        'USD' as quote_currency,
        rates.rate_date,
        rates.average_rate,
        coalesce(rates.closing_rate, rates.average_rate) as closing_rate,
        rates.recorded_at,
        case
            when rates.base_currency is null then 'missing_base_currency'
            when rates.base_currency = 'USD' then 'rate_of_currency_to_itself'
            when rates.rate_date is null then 'missing_rate_date'
            when rates.average_rate is null then 'missing_average_rate'
            when rates.average_rate <= 0 then 'rate_not_positive'
        end as quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from rates
    inner join entities
        on
            entities.currency = 'USD'
            or entities.currency = rates.base_currency

)

select * from final
