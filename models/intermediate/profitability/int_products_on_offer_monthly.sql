-- A product is on offer in a period when it was sold in it or in the eleven before.
with

product_months as (

    select distinct
        cells.entity_id,
        cells.item_id,
        months.period_index
    from {{ ref('int_profit_cells_monthly') }} as cells
    inner join {{ ref('int_entity_months') }} as months
        on
            cells.entity_id = months.entity_id
            and cells.month_start_date = months.month_start_date
    where cells.cell_kind = 'sale' and cells.item_id is not null

),

product_spans as (

    select
        entity_id,
        item_id,
        period_index as first_period_index,
        least(
            period_index + {{ trailing_periods() - 1 }},
            coalesce(
                lead(period_index) over (partition by entity_id, item_id order by period_index)
                - 1,
                period_index + {{ trailing_periods() - 1 }}
            )
        ) as last_period_index
    from product_months

),

final as (

    select
        spans.entity_id,
        spans.item_id as product_id,
        months.month_start_date
    from product_spans as spans
    inner join {{ ref('int_entity_months') }} as months
        on
            spans.entity_id = months.entity_id
            and months.period_index between spans.first_period_index and spans.last_period_index

)

select * from final
