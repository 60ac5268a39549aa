-- Standard cost of a product by day, in the entity's currency. A version ends before the next one
-- starts, whatever its own end says, so that no line finds two.
with

versions as (

    select
        entity_id,
        product_id,
        standard_cost,
        currency,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as stated_valid_to,
        lead(valid_from) over (
            partition by entity_id, product_id order by valid_from asc
        ) as next_valid_from
    from {{ ref('input_products') }}

),

final as (

    select
        versions.entity_id,
        versions.product_id,
        versions.valid_from,
        least(
            versions.stated_valid_to,
            coalesce(
                cast({{ dbt.dateadd('day', -1, 'versions.next_valid_from') }} as date),
                versions.stated_valid_to
            )
        ) as valid_to,
        -- a cost in another currency than the entity's is not known in it
        case
            when coalesce(versions.currency, entities.currency) = entities.currency
                then versions.standard_cost
        end as standard_cost
    from versions
    inner join {{ ref('int_entities') }} as entities
        on versions.entity_id = entities.entity_id

)

select * from final
