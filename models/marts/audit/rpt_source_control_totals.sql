with

-- who stands behind the accepted revenue: the figure a reader checks against the source first
buyers as (

    select
        lines.entity_id,
        lines.record_source,
        lines.currency,
        lines.customer_id,
        sum(
            case when lines.posted_on > reach.as_of_date then lines.net_amount else 0 end
        ) as not_shown_amount
    from {{ ref('input_revenue_lines') }} as lines
    left join {{ ref('int_entity_reach') }} as reach
        on lines.entity_id = reach.entity_id
    group by lines.entity_id, lines.record_source, lines.currency, lines.customer_id

),

buyer_counts as (

    select
        buyers.entity_id,
        buyers.record_source,
        buyers.currency,
        sum(case when customers.party_type = 'person' then 1 else 0 end) as buying_persons_count,
        sum(case when customers.party_type = 'organisation' then 1 else 0 end)
            as buying_organisations_count,
        sum(buyers.not_shown_amount) as not_shown_amount
    from buyers
    left join {{ ref('int_customers') }} as customers
        on
            buyers.entity_id = customers.entity_id
            and buyers.customer_id = customers.customer_id
    group by buyers.entity_id, buyers.record_source, buyers.currency

),

final as (

    select
        totals.entity_id,
        totals.record_source as source,
        totals.input_table,
        totals.currency,
        case totals.input_table
            when 'revenue_lines' then entities.revenue_label
            when 'cost_entries'
                then 'actual postings of all accounts, statistical ones included; no budget'
        end as amount_label,
        cast(totals.raw_rows as bigint) as raw_rows,
        cast(totals.accepted_rows as bigint) as accepted_rows,
        cast(totals.quarantined_rows as bigint) as quarantined_rows,
        cast(totals.raw_amount as decimal(18, 4)) as raw_amount,
        cast(case
            when totals.raw_amount is not null then coalesce(totals.accepted_amount, 0)
        end as decimal(18, 4)) as accepted_amount,
        cast(case
            when totals.raw_amount is not null then coalesce(totals.quarantined_amount, 0)
        end as decimal(18, 4)) as quarantined_amount,
        cast(case
            when totals.input_table = 'revenue_lines'
                then coalesce(buyer_counts.not_shown_amount, 0)
        end as decimal(18, 4)) as accepted_not_shown_amount,
        cast(totals.raw_freight_charged_amount as decimal(18, 4)) as raw_freight_charged_amount,
        cast(case
            when totals.raw_freight_charged_amount is not null
                then coalesce(totals.accepted_freight_charged_amount, 0)
        end as decimal(18, 4)) as accepted_freight_charged_amount,
        cast(case
            when totals.raw_freight_charged_amount is not null
                then coalesce(totals.quarantined_freight_charged_amount, 0)
        end as decimal(18, 4)) as quarantined_freight_charged_amount,
        cast(
            case
                when totals.input_table = 'revenue_lines' then buyer_counts.buying_persons_count
            end as bigint
        )
            as buying_persons_count,
        cast(
            case
                when totals.input_table = 'revenue_lines'
                    then buyer_counts.buying_organisations_count
            end as bigint
        )
            as buying_organisations_count
    from {{ ref('int_source_control_totals') }} as totals
    left join {{ ref('int_entities') }} as entities
        on totals.entity_id = entities.entity_id
    left join buyer_counts
        on
            totals.entity_id = buyer_counts.entity_id
            and totals.record_source = buyer_counts.record_source
            and totals.currency = buyer_counts.currency

)

select * from final
