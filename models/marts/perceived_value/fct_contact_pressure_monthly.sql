-- What a customer was sent in a period, against the caps, and what his opting out lost.
with

final as (

    select
        pressure.entity_id,
        pressure.customer_id,
        pressure.month_start_date,
        cast(nullif(pressure.profit_decile, 0) as bigint) as profit_decile,
        entities.currency,
        cast(pressure.contact_cost_amount as decimal(18, 4)) as contact_cost_amount,
        cast(pressure.opt_out_loss_amount as decimal(18, 4)) as opt_out_loss_amount,
        case
            when pressure.opt_outs_count = 0 then cast(0 as decimal(18, 4))
            else cast(pressure.opt_out_loss_amount as decimal(18, 4))
        end as lost_lifetime_amount,
        cast(pressure.contacts_count as bigint) as contacts_count,
        cast(pressure.over_cap_count as bigint) as over_cap_count,
        cast(pressure.opened_count as bigint) as opened_count,
        cast(pressure.opt_outs_count as bigint) as opt_outs_count,
        cast(pressure.after_opt_out_count as bigint) as after_opt_out_count
    from {{ ref('int_contact_pressure_monthly') }} as pressure
    inner join {{ ref('int_entities') }} as entities
        on pressure.entity_id = entities.entity_id
    where pressure.contacts_count > 0

)

select * from final
