-- Ourselves over each competitor by those who rated both, by window that ends with a block. The two
-- are rated by the same people, so the interval holds their covariance: each cluster's influence on
-- the log of the ratio, squared and summed (R26). Where all pairs gave a term the same score, ours
-- or theirs, the comparison would tell each one's and is closed.
{%- set terms = ['product_quality', 'service_quality', 'price', 'hassle'] %}
{%- set sides = ['', 'own_'] %}
{%- set span = trailing_periods() %}
with

{{ released_windows() }},

{{ opened_cells() }},

clusters as (

    select
        opened.entity_id,
        opened.window_period_index,
        opened.cell_id,
        opened.is_open,
        readings.cluster_id,
        {%- for side in sides %}
        {%- for term in terms %}
        {{ divide_rounded(
            'sum(readings.' ~ side ~ term ~ '_units)', 'sum(readings.respondents_count)'
        ) }} as {{ side }}{{ term }}_units{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from opened
    inner join {{ ref('int_value_map_readings') }} as readings
        on
            opened.entity_id = readings.entity_id
            and opened.family = readings.family
            and opened.cell_id = readings.cell_id
            and readings.block_period_index <= opened.window_period_index
            and readings.block_period_index > opened.window_period_index - {{ span }}
    inner join {{ ref('int_survey_cells_released') }} as cells
        on
            readings.entity_id = cells.entity_id
            and readings.family = cells.family
            and readings.cell_id = cells.cell_id
            and readings.block_period_index = cells.block_period_index
    where
        opened.family = 'supplier'
        and opened.cell_id <> '(own)'
        and (readings.is_named or cells.is_not_named_shown)
    group by
        opened.entity_id, opened.window_period_index, opened.cell_id, opened.is_open,
        readings.cluster_id

),

totals as (

    select
        entity_id,
        window_period_index,
        cell_id,
        is_open,
        count(*) as pairs_count,
        {%- for side in sides %}
        {%- for term in terms %}
        sum({{ side }}{{ term }}_units) as {{ side }}{{ term }}_sum,
        {%- endfor %}
        sum({{ side }}product_quality_units + {{ side }}service_quality_units)
            as {{ side }}get_sum,
        sum({{ side }}price_units + {{ side }}hassle_units) as {{ side }}give_sum,
        {%- endfor %}
        {%- for side in sides %}
        {%- set side_loop = loop %}
        {%- for term in terms %}
        {{ 'or ' if not (loop.first and side_loop.first) -}}
        count(*) * sum({{ side }}{{ term }}_units * {{ side }}{{ term }}_units)
        = sum({{ side }}{{ term }}_units) * sum({{ side }}{{ term }}_units)
        {%- endfor %}
        {%- endfor %} as is_unanimous
    from clusters
    group by entity_id, window_period_index, cell_id, is_open

),

-- Gale: our score over theirs, then the weighted mean; here term by term, weighing alike
ratios as (

    select
        entity_id,
        window_period_index,
        cell_id,
        is_open,
        pairs_count,
        is_unanimous,
        {%- for side in sides %}
        {%- for measure in terms + ['get', 'give'] %}
        {{ side }}{{ measure }}_sum,
        {%- endfor %}
        {%- endfor %}
        {%- for term in terms %}
        {{ share_units('own_' ~ term ~ '_sum', term ~ '_sum') }} as {{ term }}_ratio_units,
        {%- endfor %}
        {{ fixed_ln(
            '(cast(own_get_sum as double) * give_sum)', '(cast(own_give_sum as double) * get_sum)'
        ) }} as value_log_units
    from totals

),

-- what a cluster's own scores move each ratio by, as a share of it, in units of 10^-9
influences as (

    select
        ratios.entity_id,
        ratios.window_period_index,
        ratios.cell_id,
        {%- for term in terms %}
        {{ share_units('clusters.own_' ~ term ~ '_units', 'ratios.own_' ~ term ~ '_sum') }}
        - {{ share_units('clusters.' ~ term ~ '_units', 'ratios.' ~ term ~ '_sum') }}
            as {{ term }}_influence,
        {%- endfor %}
        {%- for side in ['own_', ''] %}
        {{ '- (' if side == '' else '(' }}
            {{ share_units(
                'clusters.' ~ side ~ 'product_quality_units'
                ~ ' + clusters.' ~ side ~ 'service_quality_units',
                'ratios.' ~ side ~ 'get_sum'
            ) }}
            - {{ share_units(
                'clusters.' ~ side ~ 'price_units + clusters.' ~ side ~ 'hassle_units',
                'ratios.' ~ side ~ 'give_sum'
            ) }}
        )
        {%- endfor %} as value_influence,
        ratios.product_quality_ratio_units,
        ratios.service_quality_ratio_units
    from ratios
    inner join clusters
        on
            ratios.entity_id = clusters.entity_id
            and ratios.window_period_index = clusters.window_period_index
            and ratios.cell_id = clusters.cell_id

),

squared as (

    select
        entity_id,
        window_period_index,
        cell_id,
        sum(value_influence * value_influence) as value_squares,
        sum(price_influence * price_influence) as price_squares,
        sum(hassle_influence * hassle_influence) as hassle_squares,
        sum(quality_influence * quality_influence) as quality_squares
    from (
        select
            entity_id,
            window_period_index,
            cell_id,
            value_influence,
            price_influence,
            hassle_influence,
            {{ divide_rounded(
                '(product_quality_ratio_units * product_quality_influence'
                ~ ' + service_quality_ratio_units * service_quality_influence)',
                '(product_quality_ratio_units + service_quality_ratio_units)'
            ) }} as quality_influence
        from influences
    ) as by_cluster
    group by entity_id, window_period_index, cell_id

),

final as (

    select
        ratios.entity_id,
        ratios.window_period_index,
        months.month_start_date,
        ratios.cell_id as rated_id,
        parameters.respondent_role,
        ratios.pairs_count,
        case
            when ratios.is_open = 0 then 'suppressed'
            when ratios.pairs_count < parameters.aggregate_minimum_customers then 'suppressed'
            when ratios.is_unanimous and parameters.minimum_minority > 0 then 'suppressed'
            when ratios.pairs_count < parameters.aggregate_low_customers then 'low_n'
            else 'shown'
        end as reliability,
        {{ divide_rounded(
            '(ratios.product_quality_ratio_units + ratios.service_quality_ratio_units)', '2'
        ) }} as quality_units,
        ratios.price_ratio_units as price_units,
        ratios.hassle_ratio_units as hassle_units,
        ratios.value_log_units,
        {%- for measure in ['value', 'quality', 'price', 'hassle'] %}
        -- where all are alike there is no interval
        case when ratios.pairs_count > 1
                then nullif(cast(round(
                    1000 * {{ student_t_90('(ratios.pairs_count - 1)') }} * sqrt(
                        cast(squared.{{ measure }}_squares as double)
                        * ratios.pairs_count / (ratios.pairs_count - 1)
                    )
                ) as {{ type_whole() }}), 0)
        end as {{ measure }}_half_width_log_units{{ ',' if not loop.last }}
        {%- endfor %}
    from ratios
    inner join squared
        on
            ratios.entity_id = squared.entity_id
            and ratios.window_period_index = squared.window_period_index
            and ratios.cell_id = squared.cell_id
    inner join {{ ref('int_entity_months') }} as months
        on
            ratios.entity_id = months.entity_id
            and ratios.window_period_index = months.period_index
    inner join {{ ref('int_value_parameters') }} as parameters
        on
            ratios.entity_id = parameters.entity_id
            and ratios.window_period_index = parameters.period_index

)

select * from final
