-- What aggregates of the value equation rest on: one row for what a cluster (a customer, or a
-- respondent who is none) says of one supplier within a block of periods, complete in all terms, so
-- that a window is the sum of its blocks and of nothing else. Our own customers are read by segment
-- ('segment'); competitors, and ourselves by those who rated one, by supplier ('supplier').
with

respondents as (

    select
        terms.entity_id,
        terms.window_period_index as block_period_index,
        terms.rated_id,
        terms.customer_id,
        terms.respondent_id,
        coalesce('customer ' || terms.customer_id, 'respondent ' || terms.respondent_id)
            as cluster_id,
        terms.is_named,
        max(case when terms.rated_id <> '(own)' then 1 else 0 end) over (
            partition by terms.entity_id, terms.window_period_index, terms.respondent_id
        ) as has_rated_competitors,
        terms.product_quality_units,
        terms.service_quality_units,
        terms.price_units,
        terms.hassle_units,
        terms.overall_units
    from {{ ref('int_respondent_value_terms') }} as terms
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            terms.entity_id = parameters.entity_id
            and terms.window_period_index = parameters.period_index
            and terms.role = parameters.respondent_role
    where terms.window_kind = 'block'

),

-- our own rows once for ourselves and once beside the competitors, by the same raters
complete as (

    select
        respondents.entity_id,
        respondents.block_period_index,
        'segment' as family,
        coalesce(customers.segment, '(none)') as cell_id,
        respondents.cluster_id,
        respondents.is_named,
        respondents.product_quality_units,
        respondents.service_quality_units,
        respondents.price_units,
        respondents.hassle_units
    from respondents
    inner join {{ ref('int_customers') }} as customers
        on
            respondents.entity_id = customers.entity_id
            and respondents.customer_id = customers.customer_id
    inner join {{ ref('int_value_base_windows') }} as base
        on respondents.entity_id = base.entity_id
    where
        respondents.rated_id = '(own)'
        and (
            (
                base.value_method = 'four_terms'
                and respondents.product_quality_units is not null
                and respondents.service_quality_units is not null
                and respondents.price_units is not null
                and respondents.hassle_units is not null
            )
            -- the give side is money and is put beside the answers of the window
            or (
                base.value_method = 'overall_split_unknown'
                and respondents.overall_units is not null
                and respondents.is_named
            )
        )

    union all

    select
        entity_id,
        block_period_index,
        'supplier' as family,
        rated_id as cell_id,
        cluster_id,
        is_named,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units
    from respondents
    where
        has_rated_competitors = 1
        and product_quality_units is not null
        and service_quality_units is not null
        and price_units is not null
        and hassle_units is not null

),

final as (

    select
        entity_id,
        block_period_index,
        family,
        cell_id,
        cluster_id,
        is_named,
        {%- for term in ['product_quality', 'service_quality', 'price', 'hassle'] %}
        sum({{ term }}_units) as {{ term }}_units,
        {%- endfor %}
        count(*) as respondents_count
    from complete
    group by entity_id, block_period_index, family, cell_id, cluster_id, is_named

)

select * from final
