-- Every customer of an entity that sends contacts, in every period in which he was active or
-- contacted: where his profit stands, what his opt-out would put at stake, and what he was sent.
with

parameters as (

    select
        months.entity_id,
        months.month_start_date,
        parameters.parameter,
        parameters.value
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_contact_parameters') }} as parameters
        on
            parameters.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between parameters.valid_from and coalesce(parameters.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by months.entity_id, months.month_start_date, parameters.parameter
        order by
            case when parameters.entity_id = '*' then 1 else 0 end,
            parameters.valid_from desc
    ) = 1

),

rules as (

    select
        entity_id,
        month_start_date,
        {{ score_units("max(case when parameter = 'incremental_share' then value end)") }}
            as incremental_share_units,
        {{ score_units("max(case when parameter = 'lost_years' then value end)") }}
            as lost_years_units,
        {{ score_units("max(case when parameter = 'reachable_share' then value end)") }}
            as reachable_share_units
    from parameters
    group by entity_id, month_start_date

),

sent as (

    select
        entity_id,
        customer_id,
        month_start_date,
        count(*) as contacts_count,
        sum(case when is_over_cap then 1 else 0 end) as over_cap_count,
        sum(case when is_opened then 1 else 0 end) as opened_count,
        sum(case when is_opted_out then 1 else 0 end) as opt_outs_count,
        sum(case when is_after_opt_out then 1 else 0 end) as after_opt_out_count,
        case when count(*) = count(cost_amount) then sum(cost_amount) end as contact_cost_amount
    from {{ ref('int_contacts_judged') }}
    group by entity_id, customer_id, month_start_date

),

senders as (

    select distinct entity_id
    from sent

),

profits as (

    select
        profits.entity_id,
        profits.customer_id,
        profits.month_start_date,
        case
            when profits.unmeasured_periods_count = 0 then profits.trailing_profit_amount
        end as trailing_profit_amount,
        case profits.profit_level
            when 'operating_profit' then profitability.contribution_amount
            else profitability.gross_margin_amount
        end as margin_amount
    from {{ ref('int_customer_profit_trailing') }} as profits
    inner join senders
        on profits.entity_id = senders.entity_id
    left join {{ ref('int_customer_profitability_monthly') }} as profitability
        on
            profits.entity_id = profitability.entity_id
            and profits.customer_id = profitability.customer_id
            and profits.month_start_date = profitability.month_start_date

),

ranked as (

    select
        entity_id,
        customer_id,
        month_start_date,
        trailing_profit_amount,
        margin_amount,
        case when trailing_profit_amount is not null then ntile(10) over (
            partition by entity_id, month_start_date, trailing_profit_amount is not null
            order by trailing_profit_amount desc, customer_id asc
        ) end as profit_decile
    from profits

),

together as (

    select
        coalesce(ranked.entity_id, sent.entity_id) as entity_id,
        coalesce(ranked.customer_id, sent.customer_id) as customer_id,
        coalesce(ranked.month_start_date, sent.month_start_date) as month_start_date,
        coalesce(ranked.profit_decile, 0) as profit_decile,
        ranked.trailing_profit_amount,
        ranked.margin_amount,
        coalesce(sent.contacts_count, 0) as contacts_count,
        coalesce(sent.over_cap_count, 0) as over_cap_count,
        coalesce(sent.opened_count, 0) as opened_count,
        coalesce(sent.opt_outs_count, 0) as opt_outs_count,
        coalesce(sent.after_opt_out_count, 0) as after_opt_out_count,
        case when sent.customer_id is null then 0 else sent.contact_cost_amount end
            as contact_cost_amount
    from ranked
    full join sent
        on
            ranked.entity_id = sent.entity_id
            and ranked.customer_id = sent.customer_id
            and ranked.month_start_date = sent.month_start_date

),

-- whole numbers multiply exactly: money in 10^-4, years and shares in 10^-9
valued as (

    select
        together.entity_id,
        together.customer_id,
        together.month_start_date,
        together.profit_decile,
        together.contacts_count,
        together.over_cap_count,
        together.opened_count,
        together.opt_outs_count,
        together.after_opt_out_count,
        together.contact_cost_amount,
        together.margin_amount,
        rules.incremental_share_units,
        greatest({{ to_units('together.trailing_profit_amount', 4) }}, 0)
        * rules.lost_years_units as years_units,
        rules.reachable_share_units,
        together.trailing_profit_amount is not null as is_profit_measured
    from together
    left join rules
        on
            together.entity_id = rules.entity_id
            and together.month_start_date = rules.month_start_date

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        profit_decile,
        contacts_count,
        over_cap_count,
        opened_count,
        opt_outs_count,
        after_opt_out_count,
        contact_cost_amount,
        margin_amount,
        incremental_share_units,
        case
            when is_profit_measured
                then {{ units_to_money(divide_rounded(
                    '(' ~ divide_rounded('years_units', '1000000000') ~ ' * reachable_share_units)',
                    '1000000000'
                )) }}
        end as opt_out_loss_amount
    from valued

)

select * from final
