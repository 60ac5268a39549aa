with

renamed as (

    select
        entity_id,
        'landing' as record_source,
        coalesce(
            source_id,
            cast(period as {{ dbt.type_string() }}) || '|' || account_code || '|' || currency
        ) as source_id,
        period,
        account_code,
        amount,
        currency,
        coalesce(recorded_at, cast(period as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from {{ source('landing', 'ledger_balances') }}

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        period,
        account_code,
        amount,
        currency,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when period is null then 'missing_period'
            when account_code is null then 'missing_account_code'
            when amount is null then 'missing_amount'
            when currency is null then 'missing_currency'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
