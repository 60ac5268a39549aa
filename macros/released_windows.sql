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

{# Whether all of a group gave one of the terms the same score; sides are prefixes of its column. #}
{% macro all_alike(terms, sides) -%}
{%- for side in sides -%}
{%- set last_side = loop.last -%}
{%- for term in terms -%}
min({{ side }}{{ term }}_units) = max({{ side }}{{ term }}_units)
            {{- '' if last_side and loop.last else ' or ' }}
{%- endfor -%}
{%- endfor -%}
{%- endmacro %}
