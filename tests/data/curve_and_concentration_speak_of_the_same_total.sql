-- The highest point of a whale curve is the peak that the concentration mart states.
with

curves as (

    select
        entity_id,
        period,
        profit_level,
        -- no share at all where the total is not positive
        case
            when max(cumulative_profit_share) is not null
                then greatest(max(cumulative_profit_share), 0)
        end as peak_share
    from {{ ref('rpt_whale_curve') }}
    group by entity_id, period, profit_level

)

select
    curves.entity_id,
    curves.period,
    curves.profit_level,
    curves.peak_share,
    concentration.peak_share as stated_peak_share
from curves
inner join {{ ref('rpt_profit_concentration') }} as concentration
    on
        curves.entity_id = concentration.entity_id
        and curves.period = concentration.period
        and curves.profit_level = concentration.profit_level
where curves.peak_share is distinct from concentration.peak_share
