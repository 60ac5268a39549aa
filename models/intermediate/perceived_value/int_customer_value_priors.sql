-- What operations alone say of a customer's log value against par, in units of 10^-12 (R24): par's
-- terms, each times the customer's operational ratio. Only where answers split into terms: an
-- overall score contains its operations already.
with

final as (

    select
        ratios.entity_id,
        ratios.window_kind,
        ratios.window_period_index,
        ratios.customer_id,
        {{ fixed_ln(
            '((par.product_quality_par_units'
            ~ ' * coalesce(ratios.product_quality_ratio_units, 1000000000)'
            ~ ' + par.service_quality_par_units'
            ~ ' * coalesce(ratios.service_quality_ratio_units, 1000000000))'
            ~ ' * (par.price_par_units + par.hassle_par_units))',
            '((par.price_par_units * coalesce(ratios.price_ratio_units, 1000000000)'
            ~ ' + par.hassle_par_units * coalesce(ratios.hassle_ratio_units, 1000000000))'
            ~ ' * (par.product_quality_par_units + par.service_quality_par_units))'
        ) }} as operational_log_units
    from {{ ref('int_customer_operational_ratios') }} as ratios
    inner join {{ ref('int_value_par') }} as par
        on ratios.entity_id = par.entity_id
    -- a price alone is no experience with us: without a delivery or a case nothing is modelled
    where
        par.value_method = 'four_terms'
        and (
            ratios.product_quality_ratio_units is not null
            or ratios.service_quality_ratio_units is not null
            or ratios.hassle_ratio_units is not null
        )

)

select * from final
