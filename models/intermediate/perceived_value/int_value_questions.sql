-- How each survey question is read in each period of an entity: the term it speaks of, its
-- direction and its weight. An entity's own reading wins over the reading for all (*).
with

in_force as (

    select
        months.entity_id,
        months.month_start_date,
        months.period_index,
        attributes.survey_id,
        attributes.question_id,
        attributes.attribute_id,
        attributes.attribute_name,
        attributes.term,
        attributes.direction,
        attributes.evidence,
        {{ score_units('attributes.weight') }} as weight_units
    from {{ ref('int_entity_months') }} as months
    inner join {{ ref('policy_value_attributes') }} as attributes
        on
            attributes.entity_id in ('*', months.entity_id)
            and months.month_start_date
            between attributes.valid_from and coalesce(attributes.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by
            months.entity_id,
            months.month_start_date,
            attributes.survey_id,
            attributes.question_id
        order by
            case when attributes.entity_id = '*' then 1 else 0 end,
            attributes.valid_from desc
    ) = 1

),

final as (

    select
        entity_id,
        month_start_date,
        period_index,
        survey_id,
        question_id,
        attribute_id,
        attribute_name,
        term,
        direction,
        evidence,
        weight_units,
        -- what the survey asks about the term, whether or not it was answered
        sum(weight_units) over (
            partition by entity_id, month_start_date, survey_id, term
        ) as asked_weight_units
    from in_force

)

select * from final
