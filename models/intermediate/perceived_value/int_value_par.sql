-- Par of an entity: the ratio of mean terms over its base window, one vote a customer with all
-- terms (R23). An index of 1 is what customers had then, so the index can rise.
select
    base.entity_id,
    base.value_method,
    base.window_kind,
    base.window_period_index,
    base.par_rule,
    base.base_starts_on,
    base.base_ends_on,
    base.par_rule || ' ' || cast(base.base_starts_on as {{ dbt.type_string() }})
    || ' to ' || cast(base.base_ends_on as {{ dbt.type_string() }}) as par_version,
    count(*) as customers_count,
    {%- for term in ['product_quality', 'service_quality', 'price', 'hassle', 'overall'] %}
    {{ divide_rounded(
        'sum(terms.' ~ term ~ '_units)', 'nullif(count(terms.' ~ term ~ '_units), 0)'
    ) }} as {{ term }}_par_units,
    {%- endfor %}
    {{ divide_rounded('sum(terms.get_units)', 'count(*)') }} as get_par_units,
    {{ divide_rounded('sum(terms.give_units)', 'count(*)') }} as give_par_units
from {{ ref('int_value_base_windows') }} as base
inner join {{ ref('int_customer_value_terms') }} as terms
    on
        base.entity_id = terms.entity_id
        and base.window_kind = terms.window_kind
        and base.window_period_index = terms.window_period_index
where terms.is_complete
group by
    base.entity_id, base.value_method, base.window_kind, base.window_period_index, base.par_rule,
    base.base_starts_on, base.base_ends_on
