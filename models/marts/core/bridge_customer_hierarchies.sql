-- Groups of companies and households: each dated link as it was, and the top of the group as it is.
-- Written out in steps, since an engine that inlines recursion has no bound for a circle; a group
-- that has no top after them says so.
{%- set steps_up = 6 %}
{%- set steps_across = 4 %}
with

stated_parents as (

    select
        entity_id,
        customer_id,
        related_customer_id as parent_customer_id,
        valid_from,
        valid_to
    from {{ ref('input_party_relations') }}
    where relation = 'parent' and customer_id <> related_customer_id

),

-- the customer table's own column, where no relation tells of the pair with its dates
parents as (

    select
        entity_id,
        customer_id,
        parent_customer_id,
        valid_from,
        valid_to
    from stated_parents

    union all

    select
        customers.entity_id,
        customers.customer_id,
        customers.parent_customer_id,
        customers.valid_from,
        customers.valid_to
    from {{ ref('input_customers') }} as customers
    left join stated_parents
        on
            customers.entity_id = stated_parents.entity_id
            and customers.customer_id = stated_parents.customer_id
            and customers.parent_customer_id = stated_parents.parent_customer_id
    where
        customers.parent_customer_id is not null
        and customers.parent_customer_id <> customers.customer_id
        and stated_parents.customer_id is null

),

-- one parent now: of several the latest
parents_now as (

    select
        entity_id,
        customer_id,
        parent_customer_id
    from parents
    where valid_to is null
    qualify row_number() over (
        partition by entity_id, customer_id
        order by valid_from desc, parent_customer_id asc
    ) = 1

),

climbed as (

    select
        level_1.entity_id,
        level_1.customer_id,
        coalesce(
            {%- for step in range(steps_up, 0, -1) %}
            level_{{ step }}.parent_customer_id{{ ',' if not loop.last }}
            {%- endfor %}
        ) as top_id,
        level_{{ steps_up }}.customer_id is null as has_top
    from parents_now as level_1
    {%- for step in range(2, steps_up + 1) %}
    left join parents_now as level_{{ step }}
        on
            level_{{ step - 1 }}.entity_id = level_{{ step }}.entity_id
            and level_{{ step - 1 }}.parent_customer_id = level_{{ step }}.customer_id
    {%- endfor %}

),

housemates as (

    select
        entity_id,
        customer_id,
        related_customer_id as other_id,
        valid_from,
        valid_to
    from {{ ref('input_party_relations') }}
    where relation = 'household'

    union all

    select
        entity_id,
        related_customer_id as customer_id,
        customer_id as other_id,
        valid_from,
        valid_to
    from {{ ref('input_party_relations') }}
    where relation = 'household'

),

-- the lowest customer id within reach names the household
households_0 as (

    select
        entity_id,
        customer_id,
        least(customer_id, min(other_id)) as household_id
    from housemates
    where valid_to is null
    group by entity_id, customer_id

),
{%- for step in range(1, steps_across + 1) %}

households_{{ step }} as (

    select
        housemates.entity_id,
        housemates.customer_id,
        min(households_{{ step - 1 }}.household_id) as household_id
    from housemates
    inner join households_{{ step - 1 }}
        on
            housemates.entity_id = households_{{ step - 1 }}.entity_id
            and housemates.other_id = households_{{ step - 1 }}.customer_id
    where housemates.valid_to is null
    group by housemates.entity_id, housemates.customer_id

),
{%- endfor %}

final as (

    select
        parents.entity_id,
        'corporate' as hierarchy,
        parents.customer_id,
        parents.parent_customer_id as related_customer_id,
        parents.valid_from,
        case when count(*) = count(parents.valid_to) then max(parents.valid_to) end as valid_to,
        max(case when climbed.has_top then climbed.top_id end) as as_is_group_id,
        max(case when not climbed.has_top then 1 else 0 end) = 1 as is_circular
    from parents
    left join climbed
        on
            parents.entity_id = climbed.entity_id
            and parents.customer_id = climbed.customer_id
    group by
        parents.entity_id,
        parents.customer_id,
        parents.parent_customer_id,
        parents.valid_from

    union all

    select
        housemates.entity_id,
        'household' as hierarchy,
        housemates.customer_id,
        housemates.other_id as related_customer_id,
        housemates.valid_from,
        case when count(*) = count(housemates.valid_to) then max(housemates.valid_to) end
            as valid_to,
        max(households.household_id) as as_is_group_id,
        false as is_circular
    from housemates
    left join households_{{ steps_across }} as households
        on
            housemates.entity_id = households.entity_id
            and housemates.customer_id = households.customer_id
    group by
        housemates.entity_id,
        housemates.customer_id,
        housemates.other_id,
        housemates.valid_from

)

select * from final
