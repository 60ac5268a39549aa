-- The two plans of a period against each other: the sales budget by product, which bridges start
-- from, and the ledger's scenario budget, which actual figures are shown beside. Nothing is scaled
-- where they differ. A line that one of them does not plan is empty on its side, and is no zero.
{%- set lines = [
    ('sales', ['revenue', 'discounts', 'returns', 'rebates', 'freight_charged']),
    ('direct_cost', ['direct_cost', 'freight_paid']),
] %}
with

sales_plans as (

    select
        cells.entity_id,
        cells.month_start_date,
        sum(cells.pocket_amount + cells.freight_charged_amount) as sales_amount,
        -- by effect on profit
        case when count(*) = count(cells.cost_amount) then -sum(cells.cost_amount) end
            as direct_cost_amount
    from {{ ref('int_budget_cells_monthly') }} as cells
    left join {{ ref('int_customers') }} as customers
        on
            cells.entity_id = customers.entity_id
            and cells.customer_id = customers.customer_id
    -- the ledger keeps what is planned within the group apart
    where not coalesce(customers.is_intercompany, false)
    group by cells.entity_id, cells.month_start_date

),

ledger_plans as (

    select
        entity_id,
        month_start_date,
        {%- for line, pnl_lines in lines %}
        -sum(
            case
                when
                    pnl_line in (
                        {%- for pnl_line in pnl_lines %}
                        '{{ pnl_line }}'{{ ',' if not loop.last }}
                        {%- endfor %}
                    )
                    then amount
            end
        ) as {{ line }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_plan_entries_monthly') }}
    where scenario = 'budget'
    group by entity_id, month_start_date

),

months as (

    select
        coalesce(sales_plans.entity_id, ledger_plans.entity_id) as entity_id,
        coalesce(sales_plans.month_start_date, ledger_plans.month_start_date) as month_start_date,
        sales_plans.sales_amount as sales_plan_sales,
        sales_plans.direct_cost_amount as sales_plan_direct_cost,
        ledger_plans.sales_amount as ledger_plan_sales,
        ledger_plans.direct_cost_amount as ledger_plan_direct_cost
    from sales_plans
    full join ledger_plans
        on
            sales_plans.entity_id = ledger_plans.entity_id
            and sales_plans.month_start_date = ledger_plans.month_start_date

),

compared as (

    {%- for line, sales_plan, ledger_plan in [
        ('sales', 'sales_plan_sales', 'ledger_plan_sales'),
        ('direct_cost', 'sales_plan_direct_cost', 'ledger_plan_direct_cost'),
        (
            'gross_margin',
            'sales_plan_sales + sales_plan_direct_cost',
            'ledger_plan_sales + ledger_plan_direct_cost',
        ),
    ] %}
    select
        entity_id,
        month_start_date,
        '{{ line }}' as plan_line,
        {{ sales_plan }} as sales_plan_amount,
        {{ ledger_plan }} as ledger_plan_amount
    from months
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        compared.entity_id,
        compared.month_start_date,
        compared.plan_line,
        entities.currency,
        cast(compared.sales_plan_amount as decimal(18, 4)) as sales_plan_amount,
        cast(compared.ledger_plan_amount as decimal(18, 4)) as ledger_plan_amount,
        cast(compared.sales_plan_amount - compared.ledger_plan_amount as decimal(18, 4))
            as difference_amount,
        case
            when compared.ledger_plan_amount is null then 'sales_plan_only'
            when compared.sales_plan_amount is null then 'ledger_plan_only'
            when compared.sales_plan_amount = compared.ledger_plan_amount then 'agrees'
            when
                abs(compared.sales_plan_amount - compared.ledger_plan_amount)
                <= coalesce(materiality.amount, 0)
                then 'below_materiality'
            else 'difference'
        end as plan_status
    from compared
    inner join {{ ref('int_entities') }} as entities
        on compared.entity_id = entities.entity_id
    left join {{ ref('int_materiality') }} as materiality
        on
            compared.entity_id = materiality.entity_id
            and compared.month_start_date = materiality.month_start_date
    where compared.sales_plan_amount is not null or compared.ledger_plan_amount is not null

)

select * from final
