-- The amount below which a difference does not stop a signature, by the policy of the period: the
-- entity's own or, where it has none, the one for all.
with

thresholds as (

    select
        months.entity_id,
        months.month_start_date,
        reporting.parameter,
        try_cast(reporting.value as decimal(18, 9)) as value,
        row_number() over (
            partition by months.entity_id, months.month_start_date, reporting.parameter
            order by
                case when reporting.entity_id = '*' then 1 else 0 end asc,
                reporting.valid_from desc
        ) as preference
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_reporting') }} as reporting
        on
            (months.entity_id = reporting.entity_id or reporting.entity_id = '*')
            and months.month_start_date
            >= coalesce(cast(reporting.valid_from as date), date '1900-01-01')
            and months.month_start_date
            <= coalesce(cast(reporting.valid_to as date), date '9999-12-31')
    where reporting.parameter in ('materiality_amount', 'materiality_rate')

),

final as (

    select
        entity_id,
        month_start_date,
        cast(max(case when parameter = 'materiality_amount' then value end) as decimal(18, 4))
            as amount,
        cast(max(case when parameter = 'materiality_rate' then value end) as decimal(18, 9)) as rate
    from thresholds
    where preference = 1
    group by entity_id, month_start_date

)

select * from final
