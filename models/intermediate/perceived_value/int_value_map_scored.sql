-- Every point of the value map against its reference: par for ourselves and our segments, the mean
-- of the suppliers shown for the comparison with competitors (a closed one could be worked out of a
-- mean that holds it). The interval treats a point as a ratio of weighed sums (R26). Variances are
-- as far as they may be told (macros/clusters.sql): of few customers that of a customer about what
-- is expected of him and of his people about him (R24), for a single term twice that.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set measures = ['product_quality', 'service_quality', 'get', 'price', 'hassle'] %}
with

market as (

    select
        entity_id,
        window_period_index,
        -- one vote a supplier, however many rated him
        {%- for measure in ['get', 'price', 'hassle', 'give'] %}
        {{ divide_rounded('sum(' ~ measure ~ '_mean_units)', 'count(*)') }}
            as {{ measure }}_reference_units{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            entity_id,
            window_period_index,
            {%- for measure in ['get', 'price', 'hassle', 'give'] %}
            {{ divide_rounded(measure ~ '_units', 'weights') }}
                as {{ measure }}_mean_units{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('int_value_map_points') }}
        where map_level = 'supplier' and is_open
    ) as means
    group by entity_id, window_period_index

),

-- what customers say matters more, where enough of them said it; else the policy's weight
elicited as (

    select
        importance.entity_id,
        importance.window_period_index,
        max(importance.customers_count) as customers_count,
        {{ share_units(
            "sum(case when importance.element_id in ('product_quality', 'service_quality')"
            ~ ' then importance.share_units else 0 end)',
            'sum(importance.share_units)'
        ) }} as quality_weight_units
    from {{ ref('int_value_importance') }} as importance
    where
        importance.element_group = 'equation'
        and importance.cell_id = '(all)'
        and importance.is_open
    group by importance.entity_id, importance.window_period_index

),

referenced as (

    select
        points.entity_id,
        points.window_period_index,
        months.month_start_date,
        points.map_level,
        points.rated_id,
        case points.map_level when 'supplier' then 'market' else 'par' end as reference,
        parameters.respondent_role,
        points.clusters_count,
        points.is_weighted,
        points.weights,
        points.squared_weights,
        points.product_quality_units,
        points.service_quality_units,
        points.get_units,
        points.price_units,
        points.hassle_units,
        points.give_units,
        {%- for term in terms %}
        points.{{ term }}_products,
        points.{{ term }}_squares,
        {%- endfor %}
        points.get_products,
        points.get_get_units,
        points.get_give_units,
        points.give_give_units,
        case points.map_level
            when 'supplier' then market.get_reference_units else par.get_par_units
        end as get_reference_units,
        case points.map_level
            when 'supplier' then market.price_reference_units else par.price_par_units
        end as price_reference_units,
        case points.map_level
            when 'supplier' then market.hassle_reference_units else par.hassle_par_units
        end as hassle_reference_units,
        case points.map_level
            when 'supplier' then market.give_reference_units else par.give_par_units
        end as give_reference_units,
        rates.response_rate_units,
        parameters.aggregate_low_customers,
        coalesce(
            variances.answer_variance_units + variances.customer_variance_units,
            parameters.answer_variance_units + parameters.customer_variance_units
        ) as assumed_variance_units,
        coalesce(
            case
                when elicited.customers_count >= parameters.aggregate_low_customers
                    then elicited.quality_weight_units
            end,
            parameters.quality_weight_units
        ) as quality_weight_units,
        case
            when elicited.customers_count >= parameters.aggregate_low_customers then 'elicited'
            else 'assumed'
        end as quality_weight_basis,
        case
            when not points.is_open then 'suppressed'
            -- closed as well where what is left of the window is under the minimum
            when points.clusters_count < parameters.aggregate_minimum_customers then 'suppressed'
            when points.clusters_count < parameters.aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability
    from {{ ref('int_value_map_points') }} as points
    inner join {{ ref('int_entity_months') }} as months
        on
            points.entity_id = months.entity_id
            and points.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            points.entity_id = parameters.entity_id
            and points.window_period_index = parameters.period_index
    left join {{ ref('int_value_par') }} as par
        on points.entity_id = par.entity_id
    left join {{ ref('int_value_variances') }} as variances
        on points.entity_id = variances.entity_id
    left join market
        on
            points.entity_id = market.entity_id
            and points.window_period_index = market.window_period_index
    left join elicited
        on
            points.entity_id = elicited.entity_id
            and points.window_period_index = elicited.window_period_index
    left join {{ ref('int_segment_response_rates') }} as rates
        on
            points.entity_id = rates.entity_id
            and points.window_period_index = rates.window_period_index
            and points.map_level = rates.map_level
            and points.rated_id = rates.rated_id

),

varied as (

    select
        entity_id,
        window_period_index,
        month_start_date,
        map_level,
        rated_id,
        reference,
        respondent_role,
        clusters_count,
        is_weighted,
        weights,
        squared_weights,
        product_quality_units,
        service_quality_units,
        get_units,
        price_units,
        hassle_units,
        give_units,
        get_reference_units,
        price_reference_units,
        hassle_reference_units,
        give_reference_units,
        response_rate_units,
        quality_weight_units,
        quality_weight_basis,
        reliability,
        aggregate_low_customers,
        assumed_variance_units,
        {{ fixed_ln('(get_units * give_reference_units)', '(give_units * get_reference_units)') }}
            as value_log_units,
        -- variance of the log of a ratio of sums, clusters drawn independently, in 10^-12
        case
            when clusters_count > 1
                then cast(round(1000000000000 * {{ told_variance(
                    'greatest(cast(clusters_count as double) / (clusters_count - 1) * ('
                    ~ 'cast(get_get_units as double)'
                    ~ ' / cast(get_units as double) / cast(get_units as double)'
                    ~ ' - 2 * cast(get_give_units as double)'
                    ~ ' / cast(get_units as double) / cast(give_units as double)'
                    ~ ' + cast(give_give_units as double)'
                    ~ ' / cast(give_units as double) / cast(give_units as double)), 0)',
                    'clusters_count',
                    'cast(assumed_variance_units as double) / 1e9',
                    'aggregate_low_customers'
                ) }}) as {{ type_whole() }})
        end as variance_log_units,
        -- of the log of a weighed mean, likewise
        {%- for measure in measures %}
        {%- set squares = 'get_get_units' if measure == 'get' else measure ~ '_squares' %}
        {%- set sum = 'cast(' ~ measure ~ '_units as double)' %}
        case
            when clusters_count > 1
                then cast(round(1000000000000 * {{ told_variance(
                    'greatest(cast(clusters_count as double) / (clusters_count - 1) * ('
                    ~ 'cast(' ~ squares ~ ' as double) / ' ~ sum ~ ' / ' ~ sum
                    ~ ' - 2 * cast(' ~ measure ~ '_products as double)'
                    ~ ' / ' ~ sum ~ ' / cast(weights as double)'
                    ~ ' + cast(squared_weights as double)'
                    ~ ' / cast(weights as double) / cast(weights as double)), 0)',
                    'clusters_count',
                    ('1' if measure == 'get' else '2')
                    ~ ' * cast(assumed_variance_units as double) / 1e9',
                    'aggregate_low_customers'
                ) }}) as {{ type_whole() }})
        end as {{ measure }}_variance_log_units{{ ',' if not loop.last }}
        {%- endfor %}
    from referenced

),

final as (

    select
        entity_id,
        window_period_index,
        month_start_date,
        map_level,
        rated_id,
        reference,
        respondent_role,
        clusters_count,
        is_weighted,
        weights,
        squared_weights,
        product_quality_units,
        service_quality_units,
        get_units,
        price_units,
        hassle_units,
        give_units,
        get_reference_units,
        price_reference_units,
        hassle_reference_units,
        give_reference_units,
        response_rate_units,
        quality_weight_units,
        quality_weight_basis,
        reliability,
        aggregate_low_customers,
        assumed_variance_units,
        value_log_units,
        variance_log_units,
        cast(round(
            1000000 * sqrt(cast(variance_log_units as double))
            * {{ student_t_90('(clusters_count - 1)') }}
        ) as {{ type_whole() }}) as half_width_log_units,
        {%- for measure in measures %}
        cast(round(
            1000000 * sqrt(cast({{ measure }}_variance_log_units as double))
            * {{ student_t_90('(clusters_count - 1)') }}
        ) as {{ type_whole() }}) as {{ measure }}_half_width_log_units{{ ',' if not loop.last }}
        {%- endfor %}
    from varied

)

select * from final
