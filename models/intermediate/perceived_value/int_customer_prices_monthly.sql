-- What a customer paid in a period and what it is set against: the list price, or what the category
-- cost on average over the trailing twelve periods, freight included. Whole units of 10^-4 of the
-- entity's currency.
with

references_chosen as (

    select
        entity_id,
        month_start_date,
        price_reference
    from {{ ref('int_value_parameters') }}

),

against_list as (

    select
        revenue.entity_id,
        revenue.customer_id,
        revenue.period_index,
        sum(revenue.lines_count) as lines_count,
        sum({{ to_units('revenue.invoiced_amount', 4) }}) as paid_units,
        sum({{ to_units('revenue.invoiced_amount + revenue.invoiced_discount_amount', 4) }})
            as reference_units
    from {{ ref('int_customer_revenue_monthly') }} as revenue
    inner join references_chosen
        on
            revenue.entity_id = references_chosen.entity_id
            and revenue.month_start_date = references_chosen.month_start_date
    where references_chosen.price_reference = 'list'
    group by revenue.entity_id, revenue.customer_id, revenue.period_index

),

products as (

    select
        entity_id,
        product_id,
        category
    from {{ ref('input_products') }}
    qualify row_number() over (
        partition by entity_id, product_id order by valid_from desc, source_id asc
    ) = 1

),

customer_categories as (

    select
        lines.entity_id,
        lines.customer_id,
        lines.period_index,
        coalesce(products.category, '(none)') as category,
        count(*) as lines_count,
        sum({{ to_units('lines.quantity', 4) }}) as quantity_units,
        sum({{ to_units(
            'lines.net_amount - lines.rebate_amount + lines.freight_charged_amount', 4
        ) }}) as paid_units
    from {{ ref('int_revenue_lines') }} as lines
    inner join references_chosen
        on
            lines.entity_id = references_chosen.entity_id
            and lines.month_start_date = references_chosen.month_start_date
    left join products
        on
            lines.entity_id = products.entity_id
            and lines.product_id = products.product_id
    where
        references_chosen.price_reference = 'category'
        and lines.document_type = 'invoice'
        and lines.quantity > 0
    group by
        lines.entity_id,
        lines.customer_id,
        lines.period_index,
        coalesce(products.category, '(none)')

),

category_periods as (

    select
        entity_id,
        category,
        period_index,
        sum(quantity_units) as quantity_units,
        sum(paid_units) as paid_units
    from customer_categories
    group by entity_id, category, period_index

),

category_means as (

    select
        entity_id,
        category,
        period_index,
        sum(quantity_units) over (
            partition by entity_id, category order by period_index
            range between {{ trailing_periods() - 1 }} preceding and current row
        ) as quantity_units,
        sum(paid_units) over (
            partition by entity_id, category order by period_index
            range between {{ trailing_periods() - 1 }} preceding and current row
        ) as paid_units
    from category_periods

),

against_category as (

    select
        customer_categories.entity_id,
        customer_categories.customer_id,
        customer_categories.period_index,
        sum(customer_categories.lines_count) as lines_count,
        sum(customer_categories.paid_units) as paid_units,
        sum({{ divide_rounded(
            '(category_means.paid_units * customer_categories.quantity_units)',
            'category_means.quantity_units'
        ) }}) as reference_units
    from customer_categories
    inner join category_means
        on
            customer_categories.entity_id = category_means.entity_id
            and customer_categories.category = category_means.category
            and customer_categories.period_index = category_means.period_index
    group by
        customer_categories.entity_id,
        customer_categories.customer_id,
        customer_categories.period_index

),

combined as (

    select entity_id, customer_id, period_index, lines_count, paid_units, reference_units
    from against_list
    union all
    select entity_id, customer_id, period_index, lines_count, paid_units, reference_units
    from against_category

),

final as (

    select
        entity_id,
        customer_id,
        period_index,
        lines_count,
        paid_units,
        reference_units
    from combined
    where customer_id <> '{{ var("unknown_customer_id") }}'
        and reference_units > 0
        and paid_units > 0

)

select * from final
