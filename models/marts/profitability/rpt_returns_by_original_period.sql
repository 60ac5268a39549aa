-- Returns and credit notes by the period of the sale they undo. The waterfall has them in the
-- period of posting; here they can be read against their sales, at the rate of the sale, with the
-- exchange difference beside. Where the original is not known they are unlinked.
with

returned as (

    select
        entity_id,
        month_start_date,
        customer_id,
        original_document_id,
        transaction_currency,
        currency,
        sum(net_amount) as net_amount,
        sum(direct_cost_amount) as direct_cost_amount,
        count(*) = count(direct_cost_amount) as is_cost_known
    from {{ ref('int_revenue_lines') }}
    where document_type in ('return', 'credit_note')
    group by
        entity_id, month_start_date, customer_id, original_document_id, transaction_currency,
        currency

),

undone as (

    select distinct
        entity_id,
        original_document_id
    from returned
    where original_document_id is not null

),

originals as (

    select
        lines.entity_id,
        lines.document_id,
        min(lines.month_start_date) as month_start_date
    from {{ ref('int_revenue_lines') }} as lines
    inner join undone
        on
            lines.entity_id = undone.entity_id
            and lines.document_id = undone.original_document_id
    where lines.document_type = 'invoice'
    group by lines.entity_id, lines.document_id

),

linked as (

    select
        returned.entity_id,
        returned.month_start_date,
        returned.customer_id,
        returned.currency,
        originals.month_start_date as original_month_start_date,
        returned.net_amount,
        returned.direct_cost_amount,
        returned.is_cost_known,
        case
            when
                originals.month_start_date is null
                or returned.transaction_currency = returned.currency
                then returned.net_amount
            else {{ units_to_money(divide_rounded(
                '(' ~ to_units('returned.net_amount', 4)
                ~ ' * then_rates.rate_numerator * now_rates.rate_denominator)',
                '(then_rates.rate_denominator * now_rates.rate_numerator)'
            )) }}
        end as amount_at_original_rate
    from returned
    left join originals
        on
            returned.entity_id = originals.entity_id
            and returned.original_document_id = originals.document_id
    left join {{ ref('int_fx_rates_monthly') }} as now_rates
        on
            returned.entity_id = now_rates.entity_id
            and returned.month_start_date = now_rates.month_start_date
            and returned.transaction_currency = now_rates.currency
    left join {{ ref('int_fx_rates_monthly') }} as then_rates
        on
            originals.entity_id = then_rates.entity_id
            and originals.month_start_date = then_rates.month_start_date
            and returned.transaction_currency = then_rates.currency

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        original_month_start_date,
        currency,
        cast(sum(net_amount) as decimal(18, 4)) as returned_amount,
        cast(
            case
                when count(*) = count(amount_at_original_rate) then sum(amount_at_original_rate)
            end as decimal(18, 4)
        )
            as original_rate_amount,
        cast(
            case
                when count(*) = count(amount_at_original_rate)
                    then sum(net_amount) - sum(amount_at_original_rate)
            end as decimal(18, 4)
        )
            as exchange_difference_amount,
        cast(
            case
                when min(case when is_cost_known then 1 else 0 end) = 1
                    then sum(direct_cost_amount)
            end as decimal(18, 4)
        )
            as direct_cost_amount,
        original_month_start_date is null as is_unlinked
    from linked
    group by entity_id, customer_id, month_start_date, original_month_start_date, currency

)

select * from final
