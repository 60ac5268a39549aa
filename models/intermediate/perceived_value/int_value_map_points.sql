-- Who rated whom, one row a cluster: a customer, or a respondent who is none. Only clusters with
-- all terms count, as in par. Every confidentiality enters here, since only aggregates leave (R27).
with

respondents as (

    select
        terms.entity_id,
        terms.window_period_index,
        terms.rated_id,
        terms.customer_id,
        terms.respondent_id,
        coalesce('customer ' || terms.customer_id, 'respondent ' || terms.respondent_id)
            as cluster_id,
        max(case when terms.rated_id <> '(own)' then 1 else 0 end) over (
            partition by terms.entity_id, terms.window_period_index, terms.respondent_id
        ) as has_rated_competitors,
        terms.product_quality_units,
        terms.service_quality_units,
        terms.price_units,
        terms.hassle_units
    from {{ ref('int_respondent_value_terms') }} as terms
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            terms.entity_id = parameters.entity_id
            and terms.window_period_index = parameters.period_index
            and terms.role = parameters.respondent_role
    where terms.window_kind = 'trailing'

),

-- our own rows once for ourselves and once beside the competitors, by the same raters
readings as (

    select
        respondents.entity_id,
        respondents.window_period_index,
        'own' as map_level,
        customers.segment,
        respondents.cluster_id,
        respondents.product_quality_units,
        respondents.service_quality_units,
        respondents.price_units,
        respondents.hassle_units
    from respondents
    inner join {{ ref('int_customers') }} as customers
        on
            respondents.entity_id = customers.entity_id
            and respondents.customer_id = customers.customer_id
    -- people who are no customers see us beside the competitors only
    where
        respondents.rated_id = '(own)'
        and respondents.customer_id is not null

    union all

    select
        entity_id,
        window_period_index,
        'supplier' as map_level,
        rated_id as segment,
        cluster_id,
        product_quality_units,
        service_quality_units,
        price_units,
        hassle_units
    from respondents
    where has_rated_competitors = 1

),

clusters as (

    select
        entity_id,
        window_period_index,
        map_level,
        segment,
        cluster_id,
        {%- for term in ['product_quality', 'service_quality', 'price', 'hassle'] %}
        {{ divide_rounded(
            'sum(' ~ term ~ '_units)', 'nullif(count(' ~ term ~ '_units), 0)'
        ) }} as {{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
    from readings
    group by entity_id, window_period_index, map_level, segment, cluster_id

),

complete as (

    select
        entity_id,
        window_period_index,
        map_level,
        segment,
        cluster_id,
        {{ divide_rounded('(product_quality_units + service_quality_units)', '2') }} as get_units,
        price_units,
        hassle_units,
        {{ divide_rounded('(price_units + hassle_units)', '2') }} as give_units
    from clusters
    where
        product_quality_units is not null
        and service_quality_units is not null
        and price_units is not null
        and hassle_units is not null

    union all

    select
        terms.entity_id,
        terms.window_period_index,
        'own' as map_level,
        customers.segment,
        'customer ' || terms.customer_id as cluster_id,
        terms.get_units,
        terms.price_units,
        cast(null as {{ type_whole() }}) as hassle_units,
        terms.give_units
    from {{ ref('int_customer_value_terms') }} as terms
    left join {{ ref('int_customers') }} as customers
        on
            terms.entity_id = customers.entity_id
            and terms.customer_id = customers.customer_id
    where
        terms.value_method = 'overall_split_unknown'
        and terms.window_kind = 'trailing'
        and terms.is_complete

),

levels as (

    select
        entity_id, window_period_index, 'entity' as map_level, '(all)' as rated_id,
        get_units, price_units, hassle_units, give_units
    from complete
    where map_level = 'own'

    union all

    select
        entity_id, window_period_index, 'segment' as map_level,
        coalesce(segment, '(none)') as rated_id,
        get_units, price_units, hassle_units, give_units
    from complete
    where map_level = 'own'

    union all

    select
        entity_id, window_period_index, map_level, segment as rated_id,
        get_units, price_units, hassle_units, give_units
    from complete
    where map_level = 'supplier'

),

final as (

    select
        entity_id,
        window_period_index,
        map_level,
        rated_id,
        count(*) as clusters_count,
        sum(get_units) as get_units,
        sum(price_units) as price_units,
        sum(hassle_units) as hassle_units,
        sum(give_units) as give_units,
        sum(get_units * get_units) as get_get_units,
        sum(get_units * give_units) as get_give_units,
        sum(give_units * give_units) as give_give_units
    from levels
    group by entity_id, window_period_index, map_level, rated_id

)

select * from final
