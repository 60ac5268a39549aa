-- The amount below which a difference does not stop a signature: the entity's own policy or, where
-- it has none, the one for all.
with

thresholds as (

    select
        entities.entity_id,
        reporting.parameter,
        cast(reporting.value as decimal(18, 9)) as value,
        row_number() over (
            partition by entities.entity_id, reporting.parameter
            order by
                case when reporting.entity_id = '*' then 1 else 0 end asc,
                reporting.valid_from desc
        ) as preference
    from {{ ref('int_entities') }} as entities
    inner join {{ ref('policy_reporting') }} as reporting
        on
            entities.entity_id = reporting.entity_id
            or reporting.entity_id = '*'
    where reporting.parameter in ('materiality_amount', 'materiality_rate')

),

final as (

    select
        entity_id,
        cast(max(case when parameter = 'materiality_amount' then value end) as decimal(18, 4))
            as amount,
        cast(max(case when parameter = 'materiality_rate' then value end) as decimal(18, 9)) as rate
    from thresholds
    where preference = 1
    group by entity_id

)

select * from final
