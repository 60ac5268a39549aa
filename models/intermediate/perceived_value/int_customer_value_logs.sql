-- The answers of a customer in a window as a log against par, in units of 10^-12.
select
    terms.entity_id,
    terms.window_kind,
    terms.window_period_index,
    terms.customer_id,
    {{ fixed_ln(
        '(terms.get_units * par.give_par_units)', '(terms.give_units * par.get_par_units)'
    ) }}
        as answer_log_units
from {{ ref('int_customer_value_terms') }} as terms
inner join {{ ref('int_value_par') }} as par
    on terms.entity_id = par.entity_id
