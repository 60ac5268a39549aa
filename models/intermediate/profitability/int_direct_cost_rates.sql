-- Direct cost as an assumed share of net, where the policy gives one for the whole entity.
with

final as (

    select
        entity_id,
        cast(direct_cost_rate as decimal(18, 9)) as direct_cost_rate,
        coalesce(cast(valid_from as date), date '1900-01-01') as valid_from,
        coalesce(cast(valid_to as date), date '9999-12-31') as valid_to,
        evidence
    from {{ ref('policy_direct_cost_rates') }}
    where category = '*'

)

select * from final
