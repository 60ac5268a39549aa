-- What each period is compared with in bridges: the period before, the same fiscal period of the
-- year before, whatever its weeks, and its own budget where it has one.
with

ledger_months as (

    select distinct
        entity_id,
        month_start_date
    from {{ ref('int_ledger_entries_monthly') }}

),

pairs as (

    select
        months.entity_id,
        case when bases.period_index = months.period_index - 1 then 1 else 0 end as is_previous,
        case
            when
                bases.fiscal_year = months.fiscal_year - 1
                and bases.fiscal_period = months.fiscal_period
                then 1
            else 0
        end as is_prior_year,
        months.month_start_date,
        bases.month_start_date as base_month_start_date,
        bases.month_end_date as base_month_end_date,
        bases.period_index as base_period_index,
        ledger_months.entity_id is not null and base_ledgers.entity_id is not null as has_ledgers
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entity_months') }} as bases
        on
            months.entity_id = bases.entity_id
            and (
                bases.period_index = months.period_index - 1
                or (
                    bases.fiscal_year = months.fiscal_year - 1
                    and bases.fiscal_period = months.fiscal_period
                )
            )
    left join ledger_months
        on
            months.entity_id = ledger_months.entity_id
            and months.month_start_date = ledger_months.month_start_date
    left join ledger_months as base_ledgers
        on
            bases.entity_id = base_ledgers.entity_id
            and bases.month_start_date = base_ledgers.month_start_date

),

budgeted as (

    select distinct
        entity_id,
        month_start_date,
        is_by_customer
    from {{ ref('int_budget_cells_monthly') }}

),

final as (

    {%- for comparison, flag in [
        ('previous_period', 'is_previous'), ('prior_year', 'is_prior_year'),
    ] %}
    select
        entity_id,
        '{{ comparison }}' as comparison,
        month_start_date,
        base_month_start_date,
        base_month_end_date,
        base_period_index,
        has_ledgers,
        'actual' as base_scenario,
        true as is_by_customer
    from pairs
    where {{ flag }} = 1

    union all
    {%- endfor %}

    select
        months.entity_id,
        'budget' as comparison,
        months.month_start_date,
        months.month_start_date as base_month_start_date,
        months.month_end_date as base_month_end_date,
        months.period_index as base_period_index,
        false as has_ledgers,
        'budget' as base_scenario,
        budgeted.is_by_customer
    from {{ ref('int_entity_months') }} as months
    inner join budgeted
        on
            months.entity_id = budgeted.entity_id
            and months.month_start_date = budgeted.month_start_date

)

select * from final
