-- Importance, slope and standardised slope of each term with their 90 % intervals: the fit of all
-- customers, and the spread of twenty fits that each leave one block of them out (delete-a-group
-- jackknife), which supposes nothing about the answers but that customers answer for themselves.
{%- set measures = ['effect', 'standardised_effect', 'importance', 'explained'] %}
with

spreads as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        driver,
        max(case when replicate = 0 then customers_count end) as customers_count,
        count(case when replicate > 0 then importance_units end) as blocks_count,
        {%- for measure in measures %}
        max(case when replicate = 0 then {{ measure }}_units end) as {{ measure }}_units,
        20 * sum(case when replicate > 0 then {{ measure }}_units * {{ measure }}_units else 0 end)
        - sum(case when replicate > 0 then {{ measure }}_units else 0 end)
        * sum(case when replicate > 0 then {{ measure }}_units else 0 end)
            as {{ measure }}_spread{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_value_driver_fits') }}
    group by entity_id, fiscal_year, outcome, segment, driver

),

-- variance = 19 / 20 x sum of squared deviations, and 20 x that sum is the spread
final as (

    select
        entity_id,
        fiscal_year,
        outcome,
        segment,
        driver,
        customers_count,
        {%- for measure in measures %}
        {{ measure }}_units,
        cast(
            round({{ student_t_90('19') }} * sqrt(19e0 * cast({{ measure }}_spread as double)) / 20)
            as {{ type_whole() }}
        ) as {{ measure }}_half_units{{ ',' if not loop.last }}
        {%- endfor %}
    from spreads
    where
        blocks_count = 20
        and importance_units is not null

)

select * from final
