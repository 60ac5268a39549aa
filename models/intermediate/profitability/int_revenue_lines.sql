{{ config(materialized='view') }}
-- One accepted revenue line of a shown period, all amounts in the entity's currency.
-- A view: the lines are read once, by the aggregate above it.
with

placed as (

    select
        lines.entity_id,
        lines.record_source,
        lines.source_id,
        lines.document_id,
        lines.line_number,
        lines.document_type,
        lines.original_document_id,
        lines.posted_on,
        lines.service_period,
        {{ booked_month() }} as month_start_date,
        coalesce(booking.booked_period_index, days.period_index) as period_index,
        days.month_start_date as original_month_start_date,
        lines.customer_id,
        lines.product_id,
        lines.channel,
        lines.quantity,
        lines.discount_amount,
        lines.rebate_amount,
        lines.net_amount,
        lines.functional_amount,
        lines.freight_charged_amount,
        lines.freight_paid_amount,
        lines.tax_amount,
        lines.direct_cost_amount,
        lines.currency as transaction_currency,
        entities.currency,
        entities.freight_policy,
        (
            entities.ledger_scope_channel is null
            or lines.channel is not distinct from entities.ledger_scope_channel
        ) as is_in_ledger_scope,
        lines.currency <> entities.currency as is_foreign,
        -- what the source booked says the rate; else the mean rate of the period. Lines in the
        -- entity's own currency, nearly all, neither work one out nor look for one
        case
            when lines.currency = entities.currency then null
            when lines.functional_amount is not null and lines.net_amount <> 0
                then abs({{ to_units('lines.functional_amount', 4) }})
            else rates.rate_numerator
        end as rate_numerator,
        case
            when lines.currency = entities.currency then null
            when lines.functional_amount is not null and lines.net_amount <> 0
                then abs({{ to_units('lines.net_amount', 4) }})
            else rates.rate_denominator
        end as rate_denominator
    from {{ ref('input_revenue_lines') }} as lines
    inner join {{ ref('int_entities') }} as entities
        on lines.entity_id = entities.entity_id
    {{ booked_days(
        'lines', 'revenue_lines', 'posted_on', ['entity_id', 'document_id', 'line_number']
    ) }}
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            lines.entity_id = rates.entity_id
            and {{ booked_month() }} = rates.month_start_date
            and case when lines.currency <> entities.currency then lines.currency end
            = rates.currency
    where {{ is_booked() }}

),

-- a line without its own direct cost takes the product's standard cost, then an assumed rate
costed as (

    select
        placed.entity_id,
        placed.record_source,
        placed.source_id,
        placed.document_id,
        placed.line_number,
        placed.document_type,
        placed.original_document_id,
        placed.posted_on,
        placed.service_period,
        placed.month_start_date,
        placed.period_index,
        placed.original_month_start_date,
        placed.customer_id,
        placed.product_id,
        placed.channel,
        placed.quantity,
        placed.discount_amount,
        placed.rebate_amount,
        placed.net_amount,
        placed.functional_amount,
        placed.freight_charged_amount,
        placed.freight_paid_amount,
        placed.tax_amount,
        placed.transaction_currency,
        placed.currency,
        placed.freight_policy,
        placed.is_in_ledger_scope,
        placed.is_foreign,
        placed.rate_numerator,
        placed.rate_denominator,
        case
            when placed.direct_cost_amount is not null then 'traced'
            when placed.document_type in ('credit_note', 'rebate_settlement') then 'none'
            when products.standard_cost is not null then 'standard'
            when direct_cost_rates.direct_cost_rate is not null then 'assumed'
        end as direct_cost_basis,
        case
            when placed.direct_cost_amount is not null then placed.direct_cost_amount
            when placed.document_type in ('credit_note', 'rebate_settlement') then 0
            when products.standard_cost is not null
                then cast(placed.quantity * products.standard_cost as decimal(18, 4))
            when direct_cost_rates.direct_cost_rate is not null
                then {{ amount_at_rate('placed.net_amount', 'direct_cost_rates.direct_cost_rate') }}
        end as known_direct_cost_amount
    from placed
    -- the key of a line that brings its own cost is empty, so it is compared with no version
    left join {{ ref('int_product_versions') }} as products
        on
            placed.entity_id = products.entity_id
            and case when placed.direct_cost_amount is null then placed.product_id end
            = products.product_id
            and placed.posted_on between products.valid_from and products.valid_to
    left join {{ ref('int_direct_cost_rates') }} as direct_cost_rates
        on
            case when placed.direct_cost_amount is null then placed.entity_id end
            = direct_cost_rates.entity_id
            and placed.posted_on >= direct_cost_rates.valid_from
            and placed.posted_on <= direct_cost_rates.valid_to

),

final as (

    select
        entity_id,
        record_source,
        source_id,
        document_id,
        line_number,
        document_type,
        original_document_id,
        posted_on,
        service_period,
        month_start_date,
        period_index,
        original_month_start_date,
        customer_id,
        product_id,
        channel,
        is_in_ledger_scope,
        direct_cost_basis,
        transaction_currency,
        currency,
        quantity,
        cast(net_amount - rebate_amount as decimal(18, 4)) as transaction_pocket_amount,
        {{ convert_currency(
            'discount_amount', 'rate_numerator', 'rate_denominator', 'is_foreign'
        ) }}
            as discount_amount,
        {{ convert_currency('rebate_amount', 'rate_numerator', 'rate_denominator', 'is_foreign') }}
            as rebate_amount,
        case
            when is_foreign and functional_amount is not null then functional_amount
            else {{ convert_currency(
                'net_amount', 'rate_numerator', 'rate_denominator', 'is_foreign'
            ) }}
        end as net_amount,
        {{ convert_currency(
            'freight_charged_amount', 'rate_numerator', 'rate_denominator', 'is_foreign'
        ) }}
            as freight_charged_amount,
        case freight_policy
            when 'actual'
                then {{ convert_currency(
                    'freight_paid_amount', 'rate_numerator', 'rate_denominator', 'is_foreign'
                ) }}
            when 'pass_through'
                then {{ convert_currency(
                    'freight_charged_amount', 'rate_numerator', 'rate_denominator', 'is_foreign'
                ) }}
            when 'in_pool' then 0
        end as freight_paid_amount,
        {{ convert_currency('tax_amount', 'rate_numerator', 'rate_denominator', 'is_foreign') }}
            as tax_amount,
        -- standard cost is in the entity's currency already
        {{ convert_currency(
            'known_direct_cost_amount', 'rate_numerator', 'rate_denominator',
            "is_foreign and direct_cost_basis <> 'standard'"
        ) }}
            as direct_cost_amount
    from costed

)

select * from final
