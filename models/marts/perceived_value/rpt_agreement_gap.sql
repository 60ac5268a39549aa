-- Management against the other staff on the same statement, and customers on the same subject. A
-- group below the policy's number of answers shows nothing, and with it no gap; nor does one that
-- is of one mind, which would tell what each of it said.
with

thresholds as (

    select
        months.entity_id,
        months.fiscal_year,
        reporting.parameter,
        reporting.value
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_reporting') }} as reporting
        on
            reporting.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between reporting.valid_from and coalesce(reporting.valid_to, date '9999-12-31')
    where reporting.parameter in ('minimum_staff_shown', 'agreement_gap_alert')
    qualify row_number() over (
        partition by months.entity_id, months.fiscal_year, reporting.parameter
        order by
            case when reporting.entity_id = '*' then 1 else 0 end,
            months.month_start_date desc,
            reporting.valid_from desc
    ) = 1

),

rules as (

    select
        entity_id,
        fiscal_year,
        max(case when parameter = 'minimum_staff_shown' then cast(value as bigint) end)
            as minimum_answers,
        max(
            case when parameter = 'agreement_gap_alert' then cast(value as decimal(18, 9)) end
        ) as alert_gap
    from thresholds
    group by entity_id, fiscal_year

),

unanimity as (

    select
        months.entity_id,
        months.fiscal_year,
        max(parameters.unanimous_answers_shown) as unanimous_answers_shown
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            months.entity_id = parameters.entity_id
            and months.period_index = parameters.period_index
    group by months.entity_id, months.fiscal_year

),

statement_names as (

    select distinct
        statement_id,
        first_value(statement_name) over (
            partition by statement_id
            order by case when entity_id = '*' then 0 else 1 end, valid_from desc, entity_id asc
        ) as statement_name
    from {{ ref('policy_staff_statements') }}

),

sides as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        sum(asked_count) as asked_count,
        sum(answers_count) as answers_count,
        max(case when staff_group = 'management' then answers_count end) as management_count,
        max(case when staff_group = 'management' then agree_share_units end)
            as management_share_units,
        max(case when staff_group = 'staff' then answers_count end) as staff_count,
        max(case when staff_group = 'staff' then agree_share_units end) as staff_share_units
    from {{ ref('int_staff_agreement') }}
    group by entity_id, fiscal_year, statement_id

),

closed as (

    select
        sides.entity_id,
        sides.fiscal_year,
        sides.statement_id,
        coalesce(statement_names.statement_name, sides.statement_id) as statement_name,
        sides.asked_count,
        sides.answers_count,
        sides.management_count,
        sides.management_share_units,
        sides.staff_count,
        sides.staff_share_units,
        rules.alert_gap,
        {%- for group, count, share in [
            ('management', 'sides.management_count', 'sides.management_share_units'),
            ('staff', 'sides.staff_count', 'sides.staff_share_units'),
            ('customer', 'customers.respondents_count', 'customers.agree_share_units'),
        ] %}
        coalesce({{ count }} >= rules.minimum_answers, false)
        and (
            coalesce(unanimity.unanimous_answers_shown, 1) = 1
            or {{ share }} between 1 and 999999999
        ) as is_{{ group }}_shown,
        {%- endfor %}
        customers.respondents_count as customer_respondents_count,
        customers.agree_share_units as customer_share_units
    from sides
    inner join rules
        on
            sides.entity_id = rules.entity_id
            and sides.fiscal_year = rules.fiscal_year
    left join unanimity
        on
            sides.entity_id = unanimity.entity_id
            and sides.fiscal_year = unanimity.fiscal_year
    left join statement_names
        on sides.statement_id = statement_names.statement_id
    left join {{ ref('int_statement_customers') }} as customers
        on
            sides.entity_id = customers.entity_id
            and sides.fiscal_year = customers.fiscal_year
            and sides.statement_id = customers.statement_id

),

compared as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        statement_name,
        alert_gap,
        is_management_shown and is_staff_shown as is_compared,
        case when is_management_shown then management_count end as management_answers_count,
        case when is_management_shown then management_share_units end as management_share_units,
        case when is_staff_shown then staff_count end as staff_answers_count,
        case when is_staff_shown then staff_share_units end as staff_share_units,
        case when is_management_shown and is_staff_shown
                then {{ share_units('answers_count', 'asked_count') }}
        end as response_rate_units,
        case when is_management_shown and is_staff_shown
                then management_share_units - staff_share_units
        end as gap_units,
        case when is_management_shown and is_staff_shown
                then {{ share_difference_end(
                    'management_share_units', 'management_count',
                    'staff_share_units', 'staff_count', '-'
                ) }}
        end as gap_low,
        case when is_management_shown and is_staff_shown
                then {{ share_difference_end(
                    'management_share_units', 'management_count',
                    'staff_share_units', 'staff_count', '+'
                ) }}
        end as gap_high,
        case when is_management_shown and is_staff_shown
                then {{ cohens_h('management_share_units', 'staff_share_units') }}
        end as effect_size,
        case when is_management_shown and is_staff_shown
                then {{ two_proportion_z(
                    'management_share_units', 'management_count',
                    'staff_share_units', 'staff_count'
                ) }}
        end as z_score,
        case when is_customer_shown then customer_share_units end as customer_share_units,
        case when is_customer_shown then customer_respondents_count end
            as customer_respondents_count
    from closed

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        statement_id,
        statement_name,
        {%- for group, count in [
            ('management', 'management_answers_count'), ('staff', 'staff_answers_count'),
            ('customer', 'customer_respondents_count'),
        ] %}
        {{ units_to_score(group ~ '_share_units') }} as {{ group }}_agree_share,
        {%- for name, side in [('low', '-'), ('high', '+')] %}
        case when {{ group }}_share_units is not null
                then {{ share_end(group ~ '_share_units', count, side) }}
        end as {{ group }}_agree_{{ name }},
        {%- endfor %}
        {%- endfor %}
        {{ units_to_score('gap_units') }} as agreement_gap,
        gap_low as agreement_gap_low,
        gap_high as agreement_gap_high,
        effect_size,
        z_score,
        {{ units_to_score('response_rate_units') }} as response_rate,
        cast(management_answers_count as bigint) as management_answers_count,
        cast(staff_answers_count as bigint) as staff_answers_count,
        cast(customer_respondents_count as bigint) as customer_respondents_count,
        cast(1 as decimal(18, 9)) as own_answer_share,
        case
            when is_compared then 'difference of shares; beta posteriors'
            when
                coalesce(management_share_units, staff_share_units, customer_share_units)
                is not null
                then 'shares; beta posteriors'
            else 'none'
        end as method,
        alert_gap,
        case
            when not is_compared then 'suppressed'
            when abs({{ units_to_score('gap_units') }}) < alert_gap then 'none'
            when gap_low > 0 or gap_high < 0 then 'alert'
            else 'unclear'
        end as alert_status
    from compared

)

select * from final
