-- Every contract table of every source, counted three times independently.
with

counted as (

    {%- for input_table in var('sources')['landing'] %}
    {{ control_total_rows(input_table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        entity_id,
        record_source,
        input_table,
        currency,
        sum(case when standing = 'raw' then rows_count else 0 end) as raw_rows,
        sum(case when standing = 'accepted' then rows_count else 0 end) as accepted_rows,
        sum(case when standing = 'quarantined' then rows_count else 0 end) as quarantined_rows,
        sum(case when standing = 'raw' then amount end) as raw_amount,
        sum(case when standing = 'accepted' then amount end) as accepted_amount,
        sum(case when standing = 'quarantined' then amount end) as quarantined_amount,
        sum(case when standing = 'raw' then freight_amount end) as raw_freight_charged_amount,
        sum(case when standing = 'accepted' then freight_amount end)
            as accepted_freight_charged_amount,
        sum(case when standing = 'quarantined' then freight_amount end)
            as quarantined_freight_charged_amount
    from counted
    group by entity_id, record_source, input_table, currency

)

select * from final
