-- Cost of keeping products, by product: what the ledger names a product for as it stands, the rest
-- of the pool in whole minor units by quantity, lines or revenue of the products sold. It stays
-- above the customer; a pool without such a driver stays above the product as well.
with

pools as (

    select
        costs.entity_id,
        costs.month_start_date,
        costs.pool_id,
        costs.driver,
        costs.minor_digits,
        costs.total_minor_units
    from {{ ref('int_pool_costs_monthly') }} as costs
    inner join {{ ref('int_pools_monthly') }} as policies
        on
            costs.entity_id = policies.entity_id
            and costs.month_start_date = policies.month_start_date
            and costs.pool_id = policies.pool_id
    where policies.hierarchy_level = 'product_sustaining' and not policies.is_department

),

traced as (

    select
        entries.entity_id,
        entries.month_start_date,
        entries.pool_id,
        entries.product_id,
        sum(entries.amount) as assigned_amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join {{ ref('lookup_pnl_lines') }} as lines
        on
            entries.pnl_line = lines.pnl_line
            and lines.is_pool_cost
    inner join pools
        on
            entries.entity_id = pools.entity_id
            and entries.month_start_date = pools.month_start_date
            and entries.pool_id = pools.pool_id
    -- a posting that names a customer on a line that reaches him is his
    where
        entries.product_id is not null
        and (entries.customer_id is null or not lines.reaches_customers)
    group by
        entries.entity_id, entries.month_start_date, entries.pool_id, entries.product_id

),

traced_totals as (

    select
        entity_id,
        month_start_date,
        pool_id,
        sum(assigned_amount) as assigned_amount
    from traced
    group by entity_id, month_start_date, pool_id

),

products as (

    select
        entity_id,
        month_start_date,
        product_id,
        sum(sold_quantity) as sold_quantity,
        sum(lines_count) as lines_count,
        sum(invoiced_amount) as invoiced_amount
    from {{ ref('int_product_sales_monthly') }}
    where
        is_in_ledger_scope
        and product_id is not null
        and entity_id in (select entity_id from pools)
    group by entity_id, month_start_date, product_id

),

-- what is left once the ledger has named products, in whole minor units with its sign
left_over as (

    select
        pools.entity_id,
        pools.month_start_date,
        pools.pool_id,
        pools.driver,
        pools.minor_digits,
        pools.total_minor_units * {{ units_in_a_minor_unit('pools.minor_digits') }}
        - {{ to_units('coalesce(traced_totals.assigned_amount, 0)', 4) }} as left_units
    from pools
    left join traced_totals
        on
            pools.entity_id = traced_totals.entity_id
            and pools.month_start_date = traced_totals.month_start_date
            and pools.pool_id = traced_totals.pool_id

),

driven as (

    select
        left_over.entity_id,
        left_over.month_start_date,
        left_over.pool_id,
        left_over.minor_digits,
        case when left_over.left_units < 0 then -1 else 1 end as left_sign,
        {{ divide_whole(
            'abs(left_over.left_units)', units_in_a_minor_unit('left_over.minor_digits')
        ) }} as left_minor_units,
        products.product_id,
        {{ to_units("cast(case left_over.driver
            when 'quantity' then products.sold_quantity
            when 'lines' then products.lines_count
            when 'revenue' then products.invoiced_amount
        end as decimal(18, 4))", 4) }} as driver_units
    from left_over
    inner join products
        on
            left_over.entity_id = products.entity_id
            and left_over.month_start_date = products.month_start_date
    where left_over.driver in ('quantity', 'lines', 'revenue')

),

receivers as (

    select
        entity_id,
        month_start_date,
        pool_id,
        minor_digits,
        left_sign,
        left_minor_units,
        product_id,
        driver_units
    from driven
    where driver_units > 0

),

{{ apportion(
    'shared', 'receivers',
    partition_by=['entity_id', 'month_start_date', 'pool_id'],
    key=['product_id'],
    whole_units='left_minor_units',
    driver_units='driver_units',
    columns=[
        'entity_id', 'month_start_date', 'pool_id', 'product_id', 'minor_digits', 'left_sign',
    ],
) }},

final as (

    select
        entity_id,
        month_start_date,
        pool_id,
        product_id,
        'traced' as assignment_basis,
        cast(assigned_amount as decimal(18, 4)) as assigned_amount
    from traced
    where assigned_amount <> 0

    union all

    select
        entity_id,
        month_start_date,
        pool_id,
        product_id,
        'driven' as assignment_basis,
        {{ minor_units_to_money('left_sign * apportioned_units', 'minor_digits') }}
            as assigned_amount
    from shared
    where apportioned_units <> 0

)

select * from final
