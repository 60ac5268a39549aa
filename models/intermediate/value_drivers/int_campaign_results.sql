-- What the customers of a campaign earned us in the periods they were contacted in, what it cost
-- and what their opt-outs put at stake. A customer contacted by several campaigns in a period
-- counts for each by its share of his contacts.
with

contacted as (

    select
        entity_id,
        campaign_id,
        customer_id,
        month_start_date,
        count(*) as contacts_count,
        max(case when is_opted_out then 1 else 0 end) as is_opted_out,
        case when count(*) = count(cost_amount) then sum(cost_amount) end as contact_cost_amount
    from {{ ref('int_contacts_judged') }}
    group by entity_id, campaign_id, customer_id, month_start_date

),

valued as (

    select
        contacted.entity_id,
        contacted.campaign_id,
        contacted.customer_id,
        contacted.month_start_date,
        contacted.contacts_count,
        contacted.is_opted_out,
        contacted.contact_cost_amount,
        pressure.opt_out_loss_amount,
        -- who bought nothing in the period earned us nothing in it
        {{ divide_rounded(
            '(' ~ to_units('coalesce(pressure.margin_amount, 0)', 4)
            ~ ' * contacted.contacts_count)', 'pressure.contacts_count'
        ) }} as margin_units,
        pressure.incremental_share_units
    from contacted
    inner join {{ ref('int_contact_pressure_monthly') }} as pressure
        on
            contacted.entity_id = pressure.entity_id
            and contacted.customer_id = pressure.customer_id
            and contacted.month_start_date = pressure.month_start_date

),

final as (

    select
        entity_id,
        campaign_id,
        min(month_start_date) as first_month_start_date,
        count(distinct customer_id) as customers_count,
        sum(contacts_count) as contacts_count,
        sum(is_opted_out) as opt_outs_count,
        sum(contact_cost_amount) as contact_cost_amount,
        count(*) - count(contact_cost_amount) as uncosted_count,
        sum(case when is_opted_out = 1 then opt_out_loss_amount end) as lost_lifetime_amount,
        sum(case when is_opted_out = 1 and opt_out_loss_amount is null then 1 else 0 end)
            as unvalued_opt_outs_count,
        sum(opt_out_loss_amount) as all_opt_out_loss_amount,
        count(opt_out_loss_amount) as valued_count,
        {{ units_to_money('sum(margin_units)') }} as margin_amount,
        {{ units_to_money(divide_rounded(
            'sum(margin_units * incremental_share_units)', '1000000000'
        )) }} as attributed_amount
    from valued
    group by entity_id, campaign_id

)

select * from final
