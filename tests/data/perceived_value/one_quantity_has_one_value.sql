-- Minutes of hassle per delivery and the share late are the same wherever they are published. In
-- the last period of a fiscal year of twelve the trailing window is the year. Components are
-- compared where each is known of every delivery, promises where they stood all year.
with

years as (

    select
        entity_id,
        fiscal_year,
        max(month_start_date) as month_start_date,
        min(month_start_date) as first_month_start_date
    from {{ ref('int_entity_months') }}
    group by entity_id, fiscal_year
    having count(*) = 12

),

terms as (

    select
        years.entity_id,
        years.fiscal_year,
        years.first_month_start_date,
        terms.measure,
        terms.measured_value,
        terms.chances_count
    from {{ ref('rpt_value_terms') }} as terms
    inner join years
        on
            terms.entity_id = years.entity_id
            and terms.month_start_date = years.month_start_date
    where terms.map_level = 'entity'

),

components as (

    select
        entity_id,
        fiscal_year,
        sum(hassle_minutes_per_opportunity) as minutes_per_delivery,
        max(opportunities_count) as deliveries_count
    from {{ ref('rpt_hassle_components') }}
    where term = 'hassle'
    group by entity_id, fiscal_year
    having min(opportunities_count) = max(opportunities_count)

)

select
    terms.entity_id,
    terms.fiscal_year,
    terms.measure,
    terms.measured_value,
    components.minutes_per_delivery as other_value
from terms
inner join components
    on
        terms.entity_id = components.entity_id
        and terms.fiscal_year = components.fiscal_year
where
    terms.measure = 'hassle_minutes_per_delivery'
    and (
        abs(terms.measured_value - components.minutes_per_delivery) > 0.00000001
        or terms.chances_count <> components.deliveries_count
    )

union all

select
    terms.entity_id,
    terms.fiscal_year,
    terms.measure,
    terms.measured_value,
    1 - promises.kept_share as other_value
from terms
inner join {{ ref('rpt_promise_gap') }} as promises
    on
        terms.entity_id = promises.entity_id
        and terms.fiscal_year = promises.fiscal_year
        and promises.measure = 'on_time_share'
        and terms.first_month_start_date >= promises.promised_on
where
    terms.measure = 'late_share'
    and (
        abs(terms.measured_value - (1 - promises.kept_share)) > 0.00000001
        or terms.chances_count <> promises.events_count
    )
