-- Management against the other staff on the same statement, and customers on the same subject. A
-- group below the policy's number of people (or of customers whose people they are) shows nothing,
-- and with it no gap; one that is (nearly) of one mind is told as bounds (told_count), and so is
-- the gap, which holds for all it could be.
{%- set groups = ['management', 'staff', 'customer'] %}
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

years as (

    select
        months.entity_id,
        months.fiscal_year,
        max(parameters.minimum_minority) as minimum_minority
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            months.entity_id = parameters.entity_id
            and months.period_index = parameters.period_index
    group by months.entity_id, months.fiscal_year

),

rules as (

    select
        thresholds.entity_id,
        thresholds.fiscal_year,
        max(case
            when thresholds.parameter = 'minimum_staff_shown'
                then cast(thresholds.value as bigint)
        end) as minimum_people,
        max(years.minimum_minority) as minimum_minority,
        max(case
            when thresholds.parameter = 'agreement_gap_alert'
                then cast(thresholds.value as decimal(18, 9))
        end) as alert_gap
    from thresholds
    inner join years
        on
            thresholds.entity_id = years.entity_id
            and thresholds.fiscal_year = years.fiscal_year
    group by thresholds.entity_id, thresholds.fiscal_year

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
        sum(respondents_count) as respondents_count,
        {%- for group in ['management', 'staff'] %}
        max(case when staff_group = '{{ group }}' then respondents_count end)
            as {{ group }}_count,
        max(case when staff_group = '{{ group }}' then agree_count end)
            as {{ group }}_agree_count{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_staff_agreement') }}
    group by entity_id, fiscal_year, statement_id

),

-- nobody of staff is named
counted as (

    select
        sides.entity_id,
        sides.fiscal_year,
        sides.statement_id,
        coalesce(statement_names.statement_name, sides.statement_id) as statement_name,
        rules.alert_gap,
        {{ response_rate_units('sides.respondents_count', 'sides.asked_count') }}
            as response_rate_units,
        {%- for group in ['management', 'staff'] %}
        case when sides.{{ group }}_count >= rules.minimum_people
                then sides.{{ group }}_count
        end as {{ group }}_count,
        sides.{{ group }}_agree_count,
        sides.{{ group }}_agree_count as {{ group }}_hidden_agree_count,
        sides.{{ group }}_count as {{ group }}_hidden_count,
        {%- endfor %}
        case when customers.customers_count >= rules.minimum_people
                then customers.respondents_count
        end as customer_count,
        customers.agree_count as customer_agree_count,
        customers.not_named_agree_count as customer_hidden_agree_count,
        customers.not_named_count as customer_hidden_count,
        customers.effective_respondents_units,
        customers.clusters_by_size_units,
        rules.minimum_minority
    from sides
    inner join rules
        on
            sides.entity_id = rules.entity_id
            and sides.fiscal_year = rules.fiscal_year
    left join statement_names
        on sides.statement_id = statement_names.statement_id
    left join {{ ref('int_statement_customers') }} as customers
        on
            sides.entity_id = customers.entity_id
            and sides.fiscal_year = customers.fiscal_year
            and sides.statement_id = customers.statement_id

),

bounded as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        statement_name,
        alert_gap,
        response_rate_units,
        effective_respondents_units,
        clusters_by_size_units,
        {%- for group in groups %}
        {{ group }}_count,
        {%- for side in ['low', 'high'] %}
        case when {{ group }}_count is not null
                then {{ told_count(
                    group ~ '_agree_count', group ~ '_hidden_agree_count',
                    group ~ '_hidden_count', 'minimum_minority', side
                ) }}
        end as {{ group }}_{{ side }}_count{{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted

),

-- only what may be told goes on from here
shares as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        statement_name,
        alert_gap,
        response_rate_units,
        -- bounds hide what each said, and so must what they rest on
        case when customer_count is not null
            then case
                when customer_low_count < customer_high_count then clusters_by_size_units
                else effective_respondents_units
            end
        end as customer_effective_units,
        {%- for group in groups %}
        {{ group }}_count,
        {{ group }}_low_count < {{ group }}_high_count as is_{{ group }}_bounded,
        {%- for side in ['low', 'high'] %}
        {{ share_units(group ~ '_' ~ side ~ '_count', group ~ '_count') }}
            as {{ group }}_{{ side }}_units,
        {%- endfor %}
        {%- endfor %}
        management_count is not null and staff_count is not null as is_compared
    from bounded

),

compared as (

    select
        entity_id,
        fiscal_year,
        statement_id,
        statement_name,
        alert_gap,
        is_compared,
        case when is_compared then response_rate_units end as response_rate_units,
        customer_effective_units,
        {%- for group in groups %}
        {{ group }}_count,
        {{ group }}_low_units,
        {{ group }}_high_units,
        case when not is_{{ group }}_bounded then {{ group }}_low_units end
            as {{ group }}_share_units,
        {%- endfor %}
        coalesce(is_management_bounded, false)
        or coalesce(is_staff_bounded, false)
        or coalesce(is_customer_bounded, false) as is_any_bounded,
        is_compared and not is_management_bounded and not is_staff_bounded as is_gap_told,
        -- the least and the most that the gap could be, either way
        greatest(
            management_low_units - staff_high_units, staff_low_units - management_high_units, 0
        ) as least_gap_units,
        greatest(
            management_high_units - staff_low_units, staff_high_units - management_low_units
        ) as most_gap_units,
        case when is_compared
                then {{ share_difference_end(
                    'management_low_units', 'management_count',
                    'staff_high_units', 'staff_count', '-'
                ) }}
        end as gap_low,
        case when is_compared
                then {{ share_difference_end(
                    'management_high_units', 'management_count',
                    'staff_low_units', 'staff_count', '+'
                ) }}
        end as gap_high
    from shares

),

final as (

    select
        entity_id,
        cast(fiscal_year as bigint) as fiscal_year,
        statement_id,
        statement_name,
        {%- for group in groups %}
        {{ units_to_score(group ~ '_share_units') }} as {{ group }}_agree_share,
        {%- for side, sign in [('low', '-'), ('high', '+')] %}
        case when {{ group }}_count is not null
                then {{ share_end(
                    group ~ '_' ~ side ~ '_units',
                    effective_respondents('customer_effective_units') if group == 'customer'
                    else group ~ '_count', sign
                ) }}
        end as {{ group }}_agree_{{ side }},
        {%- endfor %}
        {%- endfor %}
        case when is_gap_told
                then {{ units_to_score('(management_share_units - staff_share_units)') }}
        end as agreement_gap,
        gap_low as agreement_gap_low,
        gap_high as agreement_gap_high,
        case when is_gap_told
                then {{ cohens_h('management_share_units', 'staff_share_units') }}
        end as effect_size,
        case when is_gap_told
                then {{ two_proportion_z(
                    'management_share_units', 'management_count',
                    'staff_share_units', 'staff_count'
                ) }}
        end as z_score,
        {{ units_to_score('response_rate_units') }} as response_rate,
        {%- for group in groups %}
        cast({{ group }}_count as bigint) as {{ group }}_respondents_count,
        {%- endfor %}
        {{ units_to_score('customer_effective_units') }} as customer_effective_respondents,
        cast(1 as decimal(18, 9)) as own_answer_share,
        case
            when coalesce(management_count, staff_count, customer_count) is null then 'none'
            else
                case when is_compared then 'difference of shares' else 'shares' end
                || '; beta posteriors'
                || case when is_any_bounded then ' over bounds' else '' end
        end as method,
        alert_gap,
        case
            when not is_compared then 'suppressed'
            when {{ units_to_score('most_gap_units') }} < alert_gap then 'none'
            when
                {{ units_to_score('least_gap_units') }} >= alert_gap
                and (gap_low > 0 or gap_high < 0)
                then 'alert'
            else 'unclear'
        end as alert_status
    from compared

)

select * from final
