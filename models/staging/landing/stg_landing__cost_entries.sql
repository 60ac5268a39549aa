with

{{ rows_with_source_id(source('landing', 'cost_entries'), 'cost_entries', [
    'posted_on', 'account_code', 'cost_centre_id', 'amount', 'currency', 'customer_id',
    'product_id', 'document_id', 'partner_entity_id', 'scenario',
]) }},

renamed as (

    select
        entity_id,
        'landing' as record_source,
        source_id,
        posted_on,
        account_code,
        cost_centre_id,
        amount,
        currency,
        customer_id,
        product_id,
        document_id,
        partner_entity_id,
        coalesce(scenario, 'actual') as scenario,
        coalesce(recorded_at, cast(posted_on as timestamp)) as recorded_at,
        unparsable_cells as quarantine_detail
    from keyed

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        posted_on,
        account_code,
        cost_centre_id,
        amount,
        currency,
        customer_id,
        product_id,
        document_id,
        partner_entity_id,
        scenario,
        recorded_at,
        case
            when quarantine_detail is not null then 'unparsable_cell'
            when posted_on is null then 'missing_posted_on'
            when account_code is null then 'missing_account_code'
            when amount is null then 'missing_amount'
            when currency is null then 'missing_currency'
            when scenario not in ('actual', 'budget', 'forecast') then 'unknown_scenario'
        end as quarantine_reason,
        quarantine_detail
    from renamed

)

select * from final
