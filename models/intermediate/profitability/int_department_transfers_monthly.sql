-- What each service department's own cost becomes, by each method, in whole minor units: every
-- origin is shared out once over all its ends, so no residue is left in any department.
with

receivers as (

    select
        balances.entity_id,
        balances.month_start_date,
        shares.service_method,
        balances.pnl_line,
        balances.pool_id,
        shares.receiver_pool_id,
        shares.outcome,
        balances.is_avoidable,
        balances.driven_sign,
        balances.driven_minor_units,
        cast(shares.share_units as {{ type_whole() }}) as share_units
    from {{ ref('int_pool_balances_monthly') }} as balances
    inner join {{ ref('int_service_department_shares_monthly') }} as shares
        on
            balances.entity_id = shares.entity_id
            and balances.month_start_date = shares.month_start_date
            and balances.pool_id = shares.giver_pool_id
    where balances.driven_minor_units > 0

),

ends as (

    select
        entity_id,
        month_start_date,
        service_method,
        pnl_line,
        pool_id,
        receiver_pool_id,
        outcome,
        is_avoidable,
        driven_sign,
        driven_minor_units,
        share_units
    from receivers
    where outcome <> 'through'

),

{{ apportion(
    'parts', 'ends',
    partition_by=['entity_id', 'month_start_date', 'service_method', 'pnl_line', 'pool_id'],
    key=['receiver_pool_id', 'outcome'],
    whole_units='driven_minor_units',
    driver_units='share_units',
    columns=[
        'entity_id', 'month_start_date', 'service_method', 'pnl_line', 'pool_id',
        'receiver_pool_id', 'outcome', 'is_avoidable', 'driven_sign',
    ],
    may_be_negative=true,
) }},

final as (

    select
        entity_id,
        month_start_date,
        service_method,
        pnl_line,
        pool_id,
        receiver_pool_id,
        outcome,
        is_avoidable,
        driven_sign * apportioned_units as minor_units
    from parts
    where apportioned_units <> 0

    union all

    -- a memo: what passes a department on the way, not part of any sum
    select
        entity_id,
        month_start_date,
        service_method,
        pnl_line,
        pool_id,
        receiver_pool_id,
        outcome,
        is_avoidable,
        {{ divide_rounded('driven_sign * driven_minor_units * share_units', '1000000000000') }}
            as minor_units
    from receivers
    where outcome = 'through'

)

select * from final
