-- Who answers for a customer on the last day of each period. Where several do, the one appointed
-- last.
with

in_force as (

    select
        accountabilities.entity_id,
        accountabilities.customer_id,
        months.month_start_date,
        accountabilities.employee_id,
        row_number() over (
            partition by
                accountabilities.entity_id,
                accountabilities.customer_id,
                months.month_start_date
            order by accountabilities.valid_from desc, accountabilities.employee_id asc
        ) as precedence
    from {{ ref('input_accountabilities') }} as accountabilities
    inner join {{ ref('int_entity_months') }} as months
        on
            accountabilities.entity_id = months.entity_id
            and months.month_end_date >= accountabilities.valid_from
            and months.month_end_date <= coalesce(accountabilities.valid_to, date '9999-12-31')
    where accountabilities.responsibility = 'accountable'

),

final as (

    select
        entity_id,
        customer_id,
        month_start_date,
        employee_id
    from in_force
    where precedence = 1

)

select * from final
