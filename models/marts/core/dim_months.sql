with

final as (

    select
        status.entity_id,
        status.month_start_date,
        status.month_end_date,
        cast(months.fiscal_year as bigint) as fiscal_year,
        cast(months.fiscal_period as bigint) as fiscal_period,
        status.period_index,
        status.has_revenue,
        status.has_ledger,
        status.period_status,
        status.open_tie_outs_count
    from {{ ref('int_period_status') }} as status
    inner join {{ ref('int_entity_months') }} as months
        on
            status.entity_id = months.entity_id
            and status.month_start_date = months.month_start_date

)

select * from final
