-- What closed periods reported and what they report or would report now: every frozen version
-- against the next one, and the last against what is computed today. Lines of customers by effect
-- on profit; ledger lines as the tie-outs have them, so that cost moved between pools shows too.
-- The published gate stops on rows that nobody approved.
{%- set amounts = [
    'invoice_amount', 'returned_amount', 'invoiced_discount_amount', 'rebate_amount',
    'freight_charged_amount', 'freight_paid_amount', 'direct_cost_amount', 'cost_to_serve_amount',
    'customer_sustaining_amount', 'capital_charge_amount',
] %}
{%- set keys = ['entity_id', 'month_start_date', 'old_version', 'customer_id'] %}
with

{{ compared_versions(
    'profit', 'fct_customer_profitability_monthly',
    'int_customer_profitability_computed_monthly', amounts
) }},

changed as (

    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for amount in amounts %}
        sum(case when is_new then 0 else coalesce({{ amount }}, 0) end) as old_{{ amount }},
        sum(case when is_new then coalesce({{ amount }}, 0) else 0 end) as new_{{ amount }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from versions
    group by {{ keys | join(', ') }}

),

sides as (

    {%- for side in ['old', 'new'] %}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for amount in amounts %}
        {{ side }}_{{ amount }} as {{ amount }},
        {%- endfor %}
        {{ 'true' if side == 'new' else 'false' }} as is_new
    from changed
    where
        {%- for amount in amounts %}
        {{ 'or ' if not loop.first }}old_{{ amount }} <> new_{{ amount }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

lines as (

    {%- for pnl_line, display_order, amount in pnl_lines() %}
    select
        entity_id,
        month_start_date,
        old_version,
        'customers' as compared,
        customer_id,
        '{{ pnl_line }}' as pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        is_new,
        {{ amount }} as amount
    from sides
    union all
    {%- endfor %}
    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        'ledger' as compared,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        frozen.pnl_line,
        frozen.pool_id,
        frozen.book_version <> comparisons.old_version as is_new,
        frozen.ledger_amount as amount
    from comparisons
    inner join {{ source('books', 'rpt_ledger_reconciliation') }} as frozen
        on
            comparisons.entity_id = frozen.entity_id
            and comparisons.month_start_date = frozen.month_start_date
            and frozen.book_version in (comparisons.old_version, comparisons.new_version)
    inner join {{ ref('lookup_pnl_lines') }} as pnl_lines
        on
            frozen.pnl_line = pnl_lines.pnl_line
            and frozen.tie_out = pnl_lines.tied_out_in
    union all
    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        'ledger' as compared,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        computed.pnl_line,
        computed.pool_id,
        true as is_new,
        computed.ledger_amount as amount
    from comparisons
    inner join {{ ref('int_unassigned_cost_monthly') }} as computed
        on
            comparisons.entity_id = computed.entity_id
            and comparisons.month_start_date = computed.month_start_date
    where comparisons.new_version is null
    union all
    select
        comparisons.entity_id,
        comparisons.month_start_date,
        comparisons.old_version,
        'ledger' as compared,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        computed.pnl_line,
        cast(null as {{ dbt.type_string() }}) as pool_id,
        true as is_new,
        case
            when computed.pnl_line in ('freight_paid', 'direct_cost') then computed.amount
            else -computed.amount
        end as amount
    from comparisons
    inner join {{ ref('int_ledger_entries_monthly') }} as computed
        on
            comparisons.entity_id = computed.entity_id
            and comparisons.month_start_date = computed.month_start_date
    inner join {{ ref('lookup_pnl_lines') }} as pnl_lines
        on
            computed.pnl_line = pnl_lines.pnl_line
            and pnl_lines.tied_out_in = 'T3'
    where comparisons.new_version is null

),

differences as (

    select
        entity_id,
        month_start_date,
        old_version,
        compared,
        customer_id,
        pnl_line,
        pool_id,
        sum(case when is_new then 0 else amount end) as old_amount,
        sum(case when is_new then amount else 0 end) as new_amount
    from lines
    group by
        entity_id, month_start_date, old_version, compared, customer_id, pnl_line, pool_id

),

final as (

    select
        differences.entity_id,
        differences.month_start_date,
        comparisons.old_version,
        differences.compared,
        differences.customer_id,
        differences.pnl_line,
        differences.pool_id,
        entities.currency,
        cast(differences.old_amount as decimal(18, 4)) as old_amount,
        cast(differences.new_amount as decimal(18, 4)) as new_amount,
        cast(differences.new_amount - differences.old_amount as decimal(18, 4))
            as difference_amount,
        comparisons.restatement_status,
        comparisons.new_version is null as is_recomputed,
        comparisons.prepared_by,
        comparisons.approved_by,
        comparisons.reason
    from differences
    inner join comparisons
        on
            differences.entity_id = comparisons.entity_id
            and differences.month_start_date = comparisons.month_start_date
            and differences.old_version = comparisons.old_version
    inner join {{ ref('int_entities') }} as entities
        on differences.entity_id = entities.entity_id
    where differences.old_amount <> differences.new_amount

)

select * from final
