-- Hassle and lost quality by component, per opportunity and never as raw counts (R28): a company
-- that delivers twice as much is not twice as tiresome. What any delivery takes is a component too,
-- so that minutes per delivery add up to what rpt_value_terms has.
with

-- of those of which the source says whether it happened
opportunities as (

    select
        events.entity_id,
        months.fiscal_year,
        coalesce(events.not_measured, '') as not_measured,
        case events.event_type when 'delivery_received' then 'deliveries' else 'cases' end
            as opportunity,
        sum(events.quantity) as opportunities_count
    from {{ ref('int_operational_events') }} as events
    inner join {{ ref('int_entity_months') }} as months
        on
            events.entity_id = months.entity_id
            and events.period_index = months.period_index
    where events.event_type in ('delivery_received', 'case_opened')
    group by
        events.entity_id, months.fiscal_year, coalesce(events.not_measured, ''),
        case events.event_type when 'delivery_received' then 'deliveries' else 'cases' end

),

event_opportunities as (

    select
        rates.entity_id,
        months.fiscal_year,
        rates.event_type,
        rates.opportunity
    from {{ ref('int_hassle_rates') }} as rates
    inner join {{ ref('int_entity_months') }} as months
        on
            rates.entity_id = months.entity_id
            and rates.period_index = months.period_index
    qualify row_number() over (
        partition by rates.entity_id, months.fiscal_year, rates.event_type
        order by rates.period_index desc
    ) = 1

),

chances as (

    select
        event_opportunities.entity_id,
        event_opportunities.fiscal_year,
        event_opportunities.event_type,
        sum(opportunities.opportunities_count) as opportunities_count
    from event_opportunities
    inner join opportunities
        on
            event_opportunities.entity_id = opportunities.entity_id
            and event_opportunities.fiscal_year = opportunities.fiscal_year
            and event_opportunities.opportunity = opportunities.opportunity
    where opportunities.not_measured not like '%|' || event_opportunities.event_type || '|%'
    group by
        event_opportunities.entity_id, event_opportunities.fiscal_year,
        event_opportunities.event_type

),

-- what went wrong and what is ordinary
components as (

    select
        events.entity_id,
        months.fiscal_year,
        events.event_type,
        events.term,
        false as is_ordinary,
        events.currency,
        sum(events.quantity) as quantity,
        sum(events.hassle_minutes) as hassle_minutes,
        sum(events.hassle_amount) as hassle_amount
    from {{ ref('fct_hassle_events') }} as events
    inner join {{ ref('int_entity_months') }} as months
        on
            events.entity_id = months.entity_id
            and events.month_start_date = months.month_start_date
    group by
        events.entity_id, months.fiscal_year, events.event_type, events.term, events.currency

    union all

    select
        events.entity_id,
        months.fiscal_year,
        events.event_type,
        rates.term,
        true as is_ordinary,
        entities.currency,
        sum(events.quantity) as quantity,
        {{ units_to_money('sum(' ~ divide_rounded(
            '(' ~ to_units('events.quantity', 4) ~ ' * rates.effect_units)', '1000000000'
        ) ~ ')') }} as hassle_minutes,
        {{ units_to_money('sum(' ~ divide_rounded(
            '(' ~ to_units('events.quantity', 4) ~ ' * rates.effect_units * '
            ~ to_units('rates.minute_value_amount', 4) ~ ')',
            '10000000000000'
        ) ~ ')') }} as hassle_amount
    from {{ ref('int_operational_events') }} as events
    inner join {{ ref('int_hassle_rates') }} as rates
        on
            events.entity_id = rates.entity_id
            and events.period_index = rates.period_index
            and events.event_type = rates.event_type
            and rates.is_ordinary
            and rates.term = 'hassle'
    inner join {{ ref('int_entity_months') }} as months
        on
            events.entity_id = months.entity_id
            and events.period_index = months.period_index
    inner join {{ ref('int_entities') }} as entities
        on events.entity_id = entities.entity_id
    group by
        events.entity_id, months.fiscal_year, events.event_type, rates.term, entities.currency

),

final as (

    select
        components.entity_id,
        cast(components.fiscal_year as bigint) as fiscal_year,
        components.event_type,
        components.term,
        components.is_ordinary,
        event_opportunities.opportunity,
        cast(components.quantity as decimal(18, 4)) as quantity,
        cast(chances.opportunities_count as decimal(18, 4)) as opportunities_count,
        {{ units_to_score(share_units(
            to_units('components.quantity', 4), to_units('chances.opportunities_count', 4)
        )) }} as quantity_per_opportunity,
        {{ units_to_score(share_units(
            to_units('components.hassle_minutes', 4),
            to_units('chances.opportunities_count', 4)
        )) }} as hassle_minutes_per_opportunity,
        {{ units_to_score(share_units(
            to_units('components.hassle_minutes', 4),
            'sum(' ~ to_units('components.hassle_minutes', 4)
            ~ ') over (partition by components.entity_id, components.fiscal_year)'
        )) }} as hassle_share,
        components.currency,
        cast(components.hassle_amount as decimal(18, 4)) as hassle_amount
    from components
    inner join event_opportunities
        on
            components.entity_id = event_opportunities.entity_id
            and components.fiscal_year = event_opportunities.fiscal_year
            and components.event_type = event_opportunities.event_type
    left join chances
        on
            components.entity_id = chances.entity_id
            and components.fiscal_year = chances.fiscal_year
            and components.event_type = chances.event_type

)

select * from final
