-- What perceived value closed periods reported and what they report or would report now, by
-- customer: every frozen version against the next one, and the last against what is computed today.
-- The published gate stops on rows that nobody approved.
{%- set measures = [
    'measurement_status', 'method', 'responses_count', 'respondents_count', 'own_answer_share',
    'perceived_value_index', 'perceived_value_low', 'perceived_value_high',
] %}
with

{{ compared_versions(
    'perceived_value', 'fct_customer_perceived_value_monthly',
    'int_customer_perceived_value_computed_monthly',
    measures
) }},

compared as (

    select
        entity_id,
        month_start_date,
        old_version,
        customer_id,
        {%- for measure in measures %}
        max(case when not is_new then {{ measure }} end) as old_{{ measure }},
        max(case when is_new then {{ measure }} end) as new_{{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from versions
    group by entity_id, month_start_date, old_version, customer_id

),

final as (

    select
        compared.entity_id,
        compared.month_start_date,
        compared.old_version,
        compared.customer_id,
        {%- for measure in measures %}
        compared.old_{{ measure }},
        compared.new_{{ measure }},
        {%- endfor %}
        comparisons.restatement_status,
        comparisons.new_version is null as is_recomputed,
        comparisons.prepared_by,
        comparisons.approved_by,
        comparisons.reason
    from compared
    inner join comparisons
        on
            compared.entity_id = comparisons.entity_id
            and compared.month_start_date = comparisons.month_start_date
            and compared.old_version = comparisons.old_version
    where
        {%- for measure in measures %}
        {{ 'or ' if not loop.first }}compared.old_{{ measure }} is distinct from
        compared.new_{{ measure }}
        {%- endfor %}

)

select * from final
