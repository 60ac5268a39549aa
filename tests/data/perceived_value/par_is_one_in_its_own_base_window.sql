-- The ratio of mean terms of the base window, against par, is 1 by construction (R23).
select par.entity_id
from {{ ref('int_value_par') }} as par
inner join {{ ref('int_customer_value_terms') }} as terms
    on
        par.entity_id = terms.entity_id
        and par.window_kind = terms.window_kind
        and par.window_period_index = terms.window_period_index
where terms.is_complete
group by par.entity_id, par.get_par_units, par.give_par_units
having
    abs(
        sum(terms.get_units) * par.give_par_units - sum(terms.give_units) * par.get_par_units
    ) * 1000000 > sum(terms.give_units) * par.get_par_units
