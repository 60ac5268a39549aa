-- A campaign judged by what it brings less what it costs and less what opt-outs lose for good:
-- fatigue stands in the objective, in money. A part that is not measured leaves it empty.
with

objectives as (

    select
        results.entity_id,
        results.campaign_id,
        results.first_month_start_date,
        entities.currency,
        results.margin_amount,
        results.attributed_amount,
        case when results.uncosted_count = 0 then results.contact_cost_amount end
            as contact_cost_amount,
        case
            when results.opt_outs_count = 0 then 0
            when results.unvalued_opt_outs_count = 0 then results.lost_lifetime_amount
        end as lost_lifetime_amount,
        {{ divide_rounded(
            to_units('results.all_opt_out_loss_amount', 4), 'nullif(results.valued_count, 0)'
        ) }} as mean_loss_units,
        results.customers_count,
        results.contacts_count,
        results.opt_outs_count
    from {{ ref('int_campaign_results') }} as results
    inner join {{ ref('int_entities') }} as entities
        on results.entity_id = entities.entity_id

),

charged as (

    select
        entity_id,
        campaign_id,
        first_month_start_date,
        currency,
        margin_amount,
        attributed_amount,
        contact_cost_amount,
        lost_lifetime_amount,
        attributed_amount - contact_cost_amount - lost_lifetime_amount as objective_amount,
        mean_loss_units,
        customers_count,
        contacts_count,
        opt_outs_count
    from objectives

),

final as (

    select
        entity_id,
        campaign_id,
        first_month_start_date,
        currency,
        cast(margin_amount as decimal(18, 4)) as margin_amount,
        cast(attributed_amount as decimal(18, 4)) as attributed_amount,
        cast(contact_cost_amount as decimal(18, 4)) as contact_cost_amount,
        cast(lost_lifetime_amount as decimal(18, 4)) as lost_lifetime_amount,
        cast(objective_amount as decimal(18, 4)) as objective_amount,
        {{ units_to_money(divide_rounded(to_units('objective_amount', 4), 'customers_count')) }}
            as objective_per_customer_amount,
        {{ ratio_of_units(
            to_units('attributed_amount - contact_cost_amount', 4), 'mean_loss_units',
            'mean_loss_units > 0 and attributed_amount >= contact_cost_amount'
        ) }} as break_even_opt_outs,
        {{ ratio_of_units(
            to_units('contact_cost_amount + lost_lifetime_amount', 4),
            to_units('margin_amount', 4), 'margin_amount > 0'
        ) }} as break_even_incremental_share,
        cast(customers_count as bigint) as customers_count,
        cast(contacts_count as bigint) as contacts_count,
        cast(opt_outs_count as bigint) as opt_outs_count,
        objective_amount < 0 as is_below_zero,
        'assumed' as evidence_grade
    from charged

)

select * from final
