-- The ledger writes every amount as its account has it by nature; here a debit is positive and a
-- credit negative. Statistical accounts (units, heads, square feet) keep their sign. Dates stay as
-- they are in the file; the calendar `adventureworks` knows how they were moved.
with

organisations as (

    select
        organisations.organizationkey as organisation_key,
        entities.entity_id,
        currencies.currencyalternatekey as currency
    from {{ source('adventureworks', 'dim_organization') }} as organisations
    left join {{ ref('lookup_adventureworks_entities') }} as entities
        on organisations.organizationname = entities.source_name
    left join {{ source('adventureworks', 'dim_currency') }} as currencies
        on organisations.currencykey = currencies.currencykey

),

postings as (

    select
        coalesce(organisations.entity_id, 'adventureworks_unknown') as entity_id,
        cast(finance.financekey as {{ dbt.type_string() }}) as source_id,
        cast(finance.date as date) as posted_on,
        cast(accounts.accountcodealternatekey as {{ dbt.type_string() }}) as account_code,
        accounts.accounttype as account_type,
        cast(finance.departmentgroupkey as {{ dbt.type_string() }}) as cost_centre_id,
        cast(finance.amount as decimal(18, 4)) as amount,
        organisations.currency,
        lower(scenarios.scenarioname) as scenario,
        finance.date as recorded_at,
        case
            when finance.date is null then 'missing_posted_on'
            when accounts.accountcodealternatekey is null then 'missing_account_code'
            when finance.amount is null then 'missing_amount'
            when organisations.entity_id is null then 'unknown_organisation'
            when organisations.currency is null then 'missing_currency'
            when scenarios.scenariokey is null then 'unknown_scenario'
        end as quarantine_reason
    from {{ source('adventureworks', 'fact_finance') }} as finance
    left join {{ source('adventureworks', 'dim_account') }} as accounts
        on finance.accountkey = accounts.accountkey
    left join organisations
        on finance.organizationkey = organisations.organisation_key
    left join {{ source('adventureworks', 'dim_scenario') }} as scenarios
        on finance.scenariokey = scenarios.scenariokey

),

final as (

    select
        entity_id,
        'adventureworks' as record_source,
        source_id,
        posted_on,
        account_code,
        cost_centre_id,
        cast(
            case when account_type in ('Revenue', 'Liabilities') then -amount else amount end
            as decimal(18, 4)
        )
            as amount,
        currency,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as {{ dbt.type_string() }}) as document_id,
        cast(null as {{ dbt.type_string() }}) as partner_entity_id,
        scenario,
        recorded_at,
        quarantine_reason,
        cast(null as {{ dbt.type_string() }}) as quarantine_detail
    from postings

)

select * from final
