-- Staging keeps every raw row, sound or not: one in, one out. Control totals start from staging, so
-- this is what ties them to the files.
{% for input_table in var('sources')['landing'] %}
select
    '{{ input_table }}' as input_table,
    raw.rows_count as raw_rows_count,
    staged.rows_count as staged_rows_count
from (select count(*) as rows_count from {{ source('landing', input_table) }}) as raw
cross join (
    select count(*) as rows_count
    from {{ ref('stg_landing__' ~ input_table) }}
) as staged
where raw.rows_count <> staged.rows_count
{{ 'union all' if not loop.last }}
{% endfor %}
