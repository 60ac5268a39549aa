-- Actual beside budget, forecast and the same period of the year before, by P&L line and pool of
-- the ledger, signed by effect on profit. A scenario that has no posting in a period was not given
-- and is empty, and so is a line that a plan names in no period of the fiscal year: nobody planned
-- it. Where it was, a line without a posting is zero.
{%- set readings = ['actual', 'budget', 'forecast', 'prior_year'] %}
{%- set plans = ['budget', 'forecast'] %}
with

prior_years as (

    select
        months.entity_id,
        months.month_start_date,
        bases.month_start_date as base_month_start_date
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_entity_months') }} as bases
        on
            months.entity_id = bases.entity_id
            and months.fiscal_year = bases.fiscal_year + 1
            and months.fiscal_period = bases.fiscal_period

),

amounts as (

    select
        entity_id,
        month_start_date,
        scenario as reading,
        pnl_line,
        pool_id,
        amount
    from {{ ref('int_plan_entries_monthly') }}

    union all

    select
        entity_id,
        month_start_date,
        'actual' as reading,
        pnl_line,
        pool_id,
        amount
    from {{ ref('int_ledger_entries_monthly') }}

    union all

    select
        entries.entity_id,
        prior_years.month_start_date,
        'prior_year' as reading,
        entries.pnl_line,
        entries.pool_id,
        entries.amount
    from {{ ref('int_ledger_entries_monthly') }} as entries
    inner join prior_years
        on
            entries.entity_id = prior_years.entity_id
            and entries.month_start_date = prior_years.base_month_start_date

),

-- a plan is made for a year: what it names in one period it leaves at zero in another
planned as (

    select
        amounts.entity_id,
        months.fiscal_year,
        amounts.pnl_line,
        amounts.pool_id,
        {%- for plan in plans %}
        max(case when amounts.reading = '{{ plan }}' then 1 else 0 end) as has_{{ plan }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from amounts
    inner join {{ ref('int_entity_months') }} as months
        on
            amounts.entity_id = months.entity_id
            and amounts.month_start_date = months.month_start_date
    group by amounts.entity_id, months.fiscal_year, amounts.pnl_line, amounts.pool_id

),

given as (

    select
        entity_id,
        month_start_date,
        {%- for reading in readings %}
        max(case when reading = '{{ reading }}' then 1 else 0 end) as has_{{ reading }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from amounts
    group by entity_id, month_start_date

),

lines as (

    select
        amounts.entity_id,
        amounts.month_start_date,
        amounts.pnl_line,
        amounts.pool_id,
        pnl_lines.display_order,
        {%- for reading in readings %}
        case
            when
                max(given.has_{{ reading }}) = 1
                {%- if reading in plans %}
                and max(planned.has_{{ reading }}) = 1
                {%- endif %}
                then -sum(
                    case when amounts.reading = '{{ reading }}' then amounts.amount else 0 end
                )
        end as {{ reading }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from amounts
    inner join given
        on
            amounts.entity_id = given.entity_id
            and amounts.month_start_date = given.month_start_date
    inner join {{ ref('int_entity_months') }} as months
        on
            amounts.entity_id = months.entity_id
            and amounts.month_start_date = months.month_start_date
    inner join planned
        on
            amounts.entity_id = planned.entity_id
            and months.fiscal_year = planned.fiscal_year
            and amounts.pnl_line = planned.pnl_line
            and amounts.pool_id is not distinct from planned.pool_id
    inner join {{ ref('lookup_pnl_lines') }} as pnl_lines
        on
            amounts.pnl_line = pnl_lines.pnl_line
            and pnl_lines.pnl_line not in ('balance_sheet', 'statistical')
    group by
        amounts.entity_id,
        amounts.month_start_date,
        amounts.pnl_line,
        amounts.pool_id,
        pnl_lines.display_order

),

final as (

    select
        lines.entity_id,
        lines.month_start_date,
        lines.pnl_line,
        cast(lines.display_order as bigint) as display_order,
        lines.pool_id,
        entities.currency,
        {%- for reading in readings %}
        cast(lines.{{ reading }}_amount as decimal(18, 4)) as {{ reading }}_amount,
        {%- endfor %}
        {%- for reading in readings[1:] %}
        cast(lines.actual_amount - lines.{{ reading }}_amount as decimal(18, 4))
            as difference_to_{{ reading }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from lines
    inner join {{ ref('int_entities') }} as entities
        on lines.entity_id = entities.entity_id

)

select * from final
