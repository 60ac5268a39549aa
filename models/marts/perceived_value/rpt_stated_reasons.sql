with

asked as (

    select
        entity_id,
        max(case when measurement_status in ('measured', 'low_n') then 1 else 0 end) = 1
            as is_value_measured
    from {{ ref('fct_customer_perceived_value_monthly') }}
    group by entity_id

),

totalled as (

    select
        entity_id,
        reason,
        statements_count,
        customers_count,
        sum(statements_count) over (partition by entity_id) as all_statements_count
    from {{ ref('int_stated_reasons') }}

),

final as (

    select
        totalled.entity_id,
        totalled.reason,
        cast(totalled.statements_count as bigint) as statements_count,
        cast(totalled.customers_count as bigint) as customers_count,
        {{ units_to_score(share_units(
            'totalled.statements_count', 'totalled.all_statements_count'
        )) }} as statements_share,
        coalesce(asked.is_value_measured, false) as is_value_measured
    from totalled
    left join asked
        on totalled.entity_id = asked.entity_id

)

select * from final
