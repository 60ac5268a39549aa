-- What a customer's own named respondents say of us in a window, in the role the policy names:
-- respondents weigh equally (R21), n is how many there are and n_eff how many they are worth by
-- Kish. Confidential and anonymous answers end here (R27).
{%- set value_terms = ['product_quality', 'service_quality', 'price', 'hassle', 'overall'] %}
with

respondents as (

    select
        terms.entity_id,
        terms.window_kind,
        terms.window_period_index,
        terms.customer_id,
        terms.role,
        {%- for term in value_terms %}
        terms.{{ term }}_units,
        {%- endfor %}
        terms.design_weight_units,
        terms.answers_count
    from {{ ref('int_respondent_value_terms') }} as terms
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            terms.entity_id = parameters.entity_id
            and terms.window_period_index = parameters.period_index
            and terms.role = parameters.respondent_role
    where
        terms.rated_id = '(own)'
        and terms.window_kind <> 'block'
        and terms.is_named
        and terms.customer_id is not null

),

final as (

    select
        entity_id,
        window_kind,
        window_period_index,
        customer_id,
        role as respondent_role,
        {%- for term in value_terms %}
        {{ divide_rounded(
            'sum(' ~ term ~ '_units)', 'nullif(count(' ~ term ~ '_units), 0)'
        ) }} as {{ term }}_units,
        {%- endfor %}
        count(*) as respondents_count,
        sum(answers_count) as answers_count,
        {{ share_units(
            'sum(design_weight_units) * sum(design_weight_units)',
            'sum(design_weight_units * design_weight_units)'
        ) }} as effective_respondents_units
    from respondents
    group by entity_id, window_kind, window_period_index, customer_id, role

)

select * from final
