{#
  Largest remainder, the one way money is allocated: a whole number of minor units is shared out in
  proportion to drivers, so that the parts sum to the whole. Emits three CTEs ending in
  <name>, which has the columns of `from_relation` and apportioned_units.

  from_relation   CTE with one row per receiver
  partition_by    columns of what is shared out, e.g. entity, period, pool
  key             columns that break ties, ascending; with partition_by they are the grain
  whole_units     column: minor units to share out, not negative, the same on every row of a part
  driver_units    column: the receiver's driver, a whole number, total above zero; not negative
                  unless may_be_negative
  columns         columns to carry along
  may_be_negative whether a driver may lie below zero: the idle line of an over-run pool. Floors
                  then lie below the quotient on both sides of zero, so that no part is negative
                  that was not meant to be and remainders stay comparable.
#}
{% macro apportion(
    name, from_relation, partition_by, key, whole_units, driver_units, columns,
    may_be_negative=false
) -%}
{%- set part = partition_by | join(', ') -%}
{%- set product = '(' ~ whole_units ~ ' * ' ~ driver_units ~ ')' -%}
{%- set total = 'cast(sum(' ~ driver_units ~ ') over (partition by ' ~ part ~ ') as '
    ~ type_whole() ~ ')' -%}
{%- if may_be_negative %}
{{ name }}_products as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {{ whole_units }},
        {{ product }} as product_units,
        {{ total }} as total_units
    from {{ from_relation }}

),

{{ name }}_remainders as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {{ whole_units }},
        product_units,
        total_units,
        (product_units % total_units + total_units) % total_units as remainder_units
    from {{ name }}_products

),

{{ name }}_floors as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {{ whole_units }},
        {{ divide_whole('(product_units - remainder_units)', 'total_units') }} as floor_units,
        remainder_units
    from {{ name }}_remainders

),
{%- else %}
{{ name }}_floors as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {{ whole_units }},
        {{ driver_units }},
        {{ divide_whole(
            whole_units ~ ' * ' ~ driver_units,
            'sum(' ~ driver_units ~ ') over (partition by ' ~ part ~ ')'
        ) }} as floor_units,
        {{ product }}
        % {{ total }}
            as remainder_units
    from {{ from_relation }}

),
{%- endif %}

{{ name }}_ranks as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        floor_units,
        {{ whole_units }} - sum(floor_units) over (partition by {{ part }}) as units_left,
        row_number() over (
            partition by {{ part }}
            order by remainder_units desc, {{ key | join(' nulls last, ') }} nulls last
        ) as remainder_rank
    from {{ name }}_floors

),

{{ name }} as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        floor_units + case when remainder_rank <= units_left then 1 else 0 end as apportioned_units
    from {{ name }}_ranks

)
{%- endmacro %}
