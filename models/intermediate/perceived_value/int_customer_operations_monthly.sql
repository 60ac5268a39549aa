-- What happened to a customer in a period, by term of the value equation: opportunities, and what
-- the policy counts for them. Units of 10^-9: of minutes for hassle, of an opportunity for the
-- qualities, of the entity's currency for price (where the reference amount is the opportunity).
with

-- without anyone's answers there is no par, and operations alone say nothing of value (R24)
surveyed_entities as (

    select entity_id
    from {{ ref('int_surveyed_entities') }}

),

opportunities as (

    select
        entity_id,
        customer_id,
        period_index,
        case event_type when 'delivery_received' then 'deliveries' else 'cases' end as opportunity,
        coalesce(not_measured, '') as not_measured,
        sum({{ score_units('quantity') }}) as opportunity_units
    from {{ ref('int_operational_events') }}
    where
        event_type in ('delivery_received', 'case_opened')
        and entity_id in (select entity_id from surveyed_entities)
    group by entity_id, customer_id, period_index, opportunity, coalesce(not_measured, '')

),

-- an opportunity counts for a term of which the source says something
term_opportunities as (

    select distinct
        opportunities.entity_id,
        opportunities.period_index,
        opportunities.opportunity,
        opportunities.not_measured,
        rates.term
    from (
        select distinct entity_id, period_index, opportunity, not_measured
        from opportunities
    ) as opportunities
    inner join {{ ref('int_hassle_rates') }} as rates
        on
            opportunities.entity_id = rates.entity_id
            and opportunities.period_index = rates.period_index
            and opportunities.opportunity = rates.opportunity
    where opportunities.not_measured not like '%|' || rates.event_type || '|%'

),

happened as (

    select
        opportunities.entity_id,
        opportunities.customer_id,
        opportunities.period_index,
        term_opportunities.term,
        opportunities.opportunity_units,
        cast(0 as {{ type_whole() }}) as effect_units
    from opportunities
    inner join term_opportunities
        on
            opportunities.entity_id = term_opportunities.entity_id
            and opportunities.period_index = term_opportunities.period_index
            and opportunities.opportunity = term_opportunities.opportunity
            and opportunities.not_measured = term_opportunities.not_measured

    union all

    select
        events.entity_id,
        events.customer_id,
        events.period_index,
        rates.term,
        cast(0 as {{ type_whole() }}) as opportunity_units,
        {{ divide_rounded(
            '(' ~ to_units('events.quantity', 4) ~ ' * rates.effect_units)', '10000'
        ) }} as effect_units
    from {{ ref('int_operational_events') }} as events
    inner join {{ ref('int_hassle_rates') }} as rates
        on
            events.entity_id = rates.entity_id
            and events.period_index = rates.period_index
            and events.event_type = rates.event_type
    where events.entity_id in (select entity_id from surveyed_entities)

),

final as (

    select
        entity_id,
        customer_id,
        period_index,
        term,
        sum(opportunity_units) as opportunity_units,
        sum(effect_units) as effect_units,
        cast(null as {{ type_whole() }}) as reference_units
    from happened
    group by entity_id, customer_id, period_index, term

    union all

    select
        entity_id,
        customer_id,
        period_index,
        'price' as term,
        cast(lines_count as {{ type_whole() }}) * 1000000000 as opportunity_units,
        paid_units as effect_units,
        reference_units
    from {{ ref('int_customer_prices_monthly') }}
    where entity_id in (select entity_id from surveyed_entities)

)

select * from final
