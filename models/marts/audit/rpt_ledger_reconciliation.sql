with

final as (

    select
        entity_id,
        month_start_date,
        currency,
        tie_out,
        pool_id,
        pnl_line,
        account_code,
        ledger_amount,
        assigned_amount,
        unused_capacity_amount,
        unassigned_amount,
        quarantined_amount,
        reconciling_amount,
        difference_amount,
        materiality_amount,
        reconciling_item_type,
        reconciling_item_owner,
        reconciling_item_age_days,
        tie_out_status,
        is_signable
    from {{ ref('int_ledger_tie_outs') }}

)

select * from final
