-- Whether the valuable are contacted more than others: deciles of trailing profit, by period.
with

deciles as (

    select
        entity_id,
        month_start_date,
        profit_decile,
        count(*) as customers_count,
        sum(case when contacts_count > 0 then 1 else 0 end) as contacted_customers_count,
        sum(contacts_count) as contacts_count,
        sum(over_cap_count) as over_cap_count,
        sum(opt_outs_count) as opt_outs_count
    from {{ ref('int_contact_pressure_monthly') }}
    group by entity_id, month_start_date, profit_decile

),

totalled as (

    select
        entity_id,
        month_start_date,
        profit_decile,
        customers_count,
        contacted_customers_count,
        contacts_count,
        over_cap_count,
        opt_outs_count,
        sum(customers_count) over (partition by entity_id, month_start_date)
            as all_customers_count,
        sum(contacts_count) over (partition by entity_id, month_start_date) as all_contacts_count
    from deciles

),

final as (

    select
        entity_id,
        month_start_date,
        cast(profit_decile as bigint) as profit_decile,
        {{ units_to_score(share_units('customers_count', 'all_customers_count')) }}
            as customers_share,
        {{ units_to_score(share_units('contacts_count', 'all_contacts_count')) }} as contacts_share,
        {{ units_to_score(share_units('over_cap_count', 'contacts_count')) }} as over_cap_share,
        cast(customers_count as bigint) as customers_count,
        cast(contacted_customers_count as bigint) as contacted_customers_count,
        cast(contacts_count as bigint) as contacts_count,
        cast(over_cap_count as bigint) as over_cap_count,
        cast(opt_outs_count as bigint) as opt_outs_count
    from totalled

)

select * from final
