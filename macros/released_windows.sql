{#
  How aggregates of answers are released over time (R27). Windows are shown where they end with a
  block, and a cell is open in a window where it is open in each of its blocks: a window open on one
  block more or less would give that block away. The rule stands here, so that no report can have
  its own.
#}

{# The CTE `releases`: the windows that end with a block. #}
{% macro released_windows() -%}
releases as (

    select distinct
        entity_id,
        window_period_index
    from {{ ref('int_value_windows') }}
    where window_kind = 'block'

)
{%- endmacro %}

{# The CTE `opened`: each cell of a released window, is_open 1 or 0. Needs `releases`. #}
{% macro opened_cells() -%}
opened as (

    select
        releases.entity_id,
        releases.window_period_index,
        cells.family,
        cells.cell_id,
        min(case when cells.is_open then 1 else 0 end) as is_open
    from releases
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            releases.entity_id = cells.entity_id
            and cells.block_period_index <= releases.window_period_index
            and cells.block_period_index > releases.window_period_index - {{ trailing_periods() }}
    group by
        releases.entity_id, releases.window_period_index, cells.family, cells.cell_id

)
{%- endmacro %}

{#
  Whether all of a group are alike in anything that is published of them: a term, a side of the
  equation or its value; where two suppliers are compared (sides), each one's and their ratios. An
  interval of no width would tell it.
#}
{% macro all_alike(prefix, sides) -%}
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] -%}
{%- set told = [] -%}
{%- for side in sides -%}
{%- set column = prefix ~ side -%}
{%- for term in terms -%}{%- do told.append(column ~ term ~ '_units') -%}{%- endfor -%}
{%- set get = '(' ~ column ~ 'product_quality_units + ' ~ column ~ 'service_quality_units)' -%}
{%- set give = '(' ~ column ~ 'price_units + ' ~ column ~ 'hassle_units)' -%}
{%- do told.extend([get, give, share_units(get, give)]) -%}
{%- endfor -%}
{%- if sides | length == 2 -%}
{%- set one = prefix ~ sides[0] -%}
{%- set other = prefix ~ sides[1] -%}
{%- for term in terms -%}
{%- do told.append(share_units(other ~ term ~ '_units', one ~ term ~ '_units')) -%}
{%- endfor -%}
{%- endif -%}
{%- for expression in told -%}
min({{ expression }}) = max({{ expression }}){{ '' if loop.last else ' or ' }}
{%- endfor -%}
{%- endmacro %}
