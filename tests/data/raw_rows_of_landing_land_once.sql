-- Staging keeps every raw row, sound or not: one in, one out. Control totals start from staging, so
-- this is what ties them to the files.
with

counted as (

    {%- for input_table in var('sources')['landing'] %}
    select
        '{{ input_table }}' as input_table,
        count(*) as raw_rows_count,
        0 as staged_rows_count
    from {{ source('landing', input_table) }}

    union all

    select
        '{{ input_table }}' as input_table,
        0 as raw_rows_count,
        count(*) as staged_rows_count
    from {{ ref('stg_landing__' ~ input_table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    input_table,
    sum(raw_rows_count) as raw_rows_count,
    sum(staged_rows_count) as staged_rows_count
from counted
group by input_table
having sum(raw_rows_count) <> sum(staged_rows_count)
