-- Answers. A point on a scale is where the truth lies for this customer, plus the person, plus the
-- item. Those who get little value answer less often.

create or replace temp table batch_invitations as
-- once a year, in the customer's own month
with due as (
    select
        a.*,
        case a.segment when 'key_account' then 12 when 'mid_market' then 4 else 1 end
            as people_count
    from batch_active as a
    where
        a.month_index % 12 = pick_number(a.n, 'survey month', 12)
        and uniform(a.n * 64 + (a.month_index - 1) // 12, 'invited') < a.survey_chance
),
yearly as (
    select
        *,
        unnest(range(1, people_count + 1)) as person_number
    from due
),
relationship as (
    select
        entity_number,
        entity_id,
        n,
        month_index,
        customer_id,
        'relationship' as survey_id,
        'REL-'
        || customer_id
        || '-'
        || strftime(month_start, '%y%m')
        || '-'
        || person_number as response_id,
        customer_id || '-R' || person_number as respondent_id,
        draw(month_key * 16 + person_number, 'relationship') >> 8 as response_key,
        n * 16 + person_number as person_key,
        -- of four in a large organisation, one uses what the others pay for
        case when people_count > 2 and person_number % 4 = 0 then 'user' else 'payer' end as role,
        cast(null as varchar) as document_id,
        cast(month_start + 4 as date) as asked_on,
        cast(null as varchar) as competitor_id,
        quality_product,
        service_now as quality_service,
        price_burden,
        hassle_now as hassle_burden,
        case
            when uniform(month_key * 16 + person_number, 'confidential') < 0.77 then 'named'
            when uniform(month_key * 16 + person_number, 'confidential') < 0.97 then 'confidential'
            else 'anonymous'
        end as confidentiality,
        case segment
            when 'student' then 0.2 when 'household' then 0.1 when 'key_account' then -0.1 else 0.0
        end as price_matters,
        0.0 as response_bonus
    from yearly
),
-- after one delivery in eight; this one delivery weighs more than the relation
after_delivery as (
    select
        d.entity_number,
        d.entity_id,
        d.n,
        d.month_index,
        d.customer_id,
        'after_delivery' as survey_id,
        'DEL-' || d.document_id as response_id,
        d.customer_id
        || '-R'
        || (
            1
            + d.order_number
            % case d.segment when 'key_account' then 12 when 'mid_market' then 4 else 1 end
        )
        as respondent_id,
        d.order_key + 5 as response_key,
        d.n * 16
        + 1
        + d.order_number
        % case d.segment when 'key_account' then 12 when 'mid_market' then 4 else 1 end
        as person_key,
        'payer' as role,
        d.document_id,
        -- some are asked before the goods are there
        cast(d.promised_on + 1 as date) as asked_on,
        cast(null as varchar) as competitor_id,
        d.quality_product,
        0.6 * d.quality_service
        + case
            when d.is_delivered_late and d.delivered_on <= d.promised_on + 1 then -1.8 else 0.2
        end as quality_service,
        d.price_burden,
        0.6 * d.hassle_now + case when d.is_damaged then 1.8 else 0.0 end as hassle_burden,
        'confidential' as confidentiality,
        0.0 as price_matters,
        -0.15 as response_bonus
    from batch_deliveries as d
    where
        d.partner_entity_id is null
        and not d.is_unnamed
        and uniform(d.order_key, 'asked after') < 0.12
),
panel_people as (
    -- customers, one in twenty each half year
    select
        a.entity_number,
        a.entity_id,
        a.n,
        a.month_index,
        a.customer_id,
        a.customer_id || '-R1' as respondent_id,
        a.month_key as panel_key,
        a.month_start,
        a.quality_product,
        a.service_now as quality_service,
        a.price_burden,
        a.hassle_now as hassle_burden,
        true as is_customer
    from batch_active as a
    where a.month_index % 6 = 3 and uniform(a.month_key, 'panel') < 0.05

    union all

    -- people who buy elsewhere
    select
        e.entity_number,
        e.entity_id,
        -p.person as n,
        m.month_index,
        cast(null as varchar) as customer_id,
        e.prefix || '-NC-' || lpad(cast(p.person as varchar), 5, '0') as respondent_id,
        -((p.person * 4 + e.entity_number) * 4096 + m.month_index) as panel_key,
        m.month_start,
        bell(p.person * 4 + e.entity_number, 'product outside') - 0.3 as quality_product,
        bell(p.person * 4 + e.entity_number, 'service outside') - 0.3 as quality_service,
        bell(p.person * 4 + e.entity_number, 'price outside') + 0.3 as price_burden,
        bell(p.person * 4 + e.entity_number, 'hassle outside') + 0.1 as hassle_burden,
        false as is_customer
    from sim_entities as e
    cross join range(1, getvariable('panel') + 1) as p (person)
    cross join sim_months as m
    where
        m.month_index % 6 = 3
        and m.month_index between getvariable('month_from') and getvariable('month_to')
),
market_panel as (
    select
        p.entity_number,
        p.entity_id,
        p.n,
        p.month_index,
        p.customer_id,
        'market_panel' as survey_id,
        'PAN-' || p.respondent_id || '-' || strftime(p.month_start, '%y%m') as response_id,
        p.respondent_id,
        draw(p.panel_key, 'panel ' || coalesce(c.competitor_id, 'us')) >> 8 as response_key,
        p.panel_key as person_key,
        'payer' as role,
        cast(null as varchar) as document_id,
        cast(p.month_start + 11 as date) as asked_on,
        c.competitor_id,
        case
            when c.competitor_id is null then p.quality_product else
                0.3 * p.quality_product + c.product_shift
        end
        as quality_product,
        case
            when c.competitor_id is null then p.quality_service else
                0.3 * p.quality_service + c.service_shift
        end
        as quality_service,
        case
            when c.competitor_id is null then p.price_burden else
                0.3 * p.price_burden + c.price_shift
        end as price_burden,
        case
            when c.competitor_id is null then p.hassle_burden else
                0.3 * p.hassle_burden + c.hassle_shift
        end
        as hassle_burden,
        'anonymous' as confidentiality,
        0.0 as price_matters,
        0.1 as response_bonus
    from panel_people as p
    cross join (
        values
        (null, 0.0, 0.0, 0.0, 0.0, 0.7),
        ('northgate', 0.3, -0.2, 0.2, 0.0, 0.5),
        ('calder', -0.4, -0.1, -0.7, 0.3, 0.4),
        ('pacifica', 0.0, 0.4, 0.5, -0.3, 0.3)
    ) as c (competitor_id, product_shift, service_shift, price_shift, hassle_shift, known_by)
    where
        (p.is_customer and c.competitor_id is null)
        or uniform(p.panel_key, 'knows ' || coalesce(c.competitor_id, 'us')) < c.known_by
)
select * from relationship
union all by name
select * from after_delivery
union all by name
select * from market_panel;

insert into out_survey_responses
with questions as (
    select *
    from (
        values
        ('pq_performance', 1, 10, 'product', 1, ['relationship', 'market_panel']),
        ('pq_reliability', 1, 10, 'product', 1, ['relationship']),
        ('pq_range', 1, 7, 'product', 1, ['relationship']),
        ('sq_expertise', 1, 10, 'service', 1, ['relationship', 'market_panel']),
        ('sq_responsiveness', 1, 10, 'service', 1, ['relationship']),
        ('sq_delivery', 1, 5, 'service', 1, ['relationship', 'after_delivery']),
        ('pr_level', 1, 10, 'price', 1, ['relationship', 'market_panel']),
        ('pr_fairness', 1, 10, 'price', -1, ['relationship']),
        ('ha_ordering', 1, 10, 'hassle', 1, ['relationship', 'market_panel']),
        ('ha_problems', 1, 10, 'hassle', 1, ['relationship']),
        ('ha_resolution', 1, 7, 'hassle', 1, ['relationship', 'after_delivery']),
        ('overall_value', 1, 10, 'value', 1, ['relationship', 'market_panel']),
        ('recommend', 0, 10, 'value', 1, ['relationship', 'market_panel']),
        ('stay_intent', 1, 5, 'stay', 1, ['relationship']),
        ('importance_product_quality', 0, 100, 'importance', 1, ['relationship']),
        ('importance_service_quality', 0, 100, 'importance', 1, ['relationship']),
        ('importance_price', 0, 100, 'importance', 1, ['relationship']),
        ('importance_hassle', 0, 100, 'importance', 1, ['relationship'])
    ) as q (question_id, scale_min, scale_max, dimension, sign, surveys)
),
asked as (
    select
        i.*,
        q.question_id,
        q.scale_min,
        q.scale_max,
        q.dimension,
        q.sign,
        true_value(i.quality_product, i.quality_service, i.price_burden, i.hassle_burden)
            as value_level
    from batch_invitations as i
    inner join questions as q on list_contains(q.surveys, i.survey_id)
),
placed as (
    select
        *,
        uniform(response_key, 'answers') < 0.35 + response_bonus + 0.4 * s_curve(value_level)
        and uniform(response_key, 'skips ' || question_id) >= 0.02 as is_answered,
        clamp(
            case dimension
                when 'product' then 0.62 + 0.15 * quality_product
                when 'service' then 0.60 + 0.15 * quality_service
                when 'price' then 0.48
                        + 0.14 * price_burden * sign
                        + case when sign < 0 then 0.04 else 0.0 end
                when 'hassle' then 0.36 + 0.15 * hassle_burden
                when 'value' then 0.60 + 0.13 * value_level
                when 'stay' then 0.62 + 0.16 * value_level
                else case question_id
                    when 'importance_product_quality' then 0.65
                    when 'importance_service_quality' then 0.70 - 0.5 * price_matters
                    when 'importance_price' then 0.55 + price_matters
                    else 0.60
                end
            end
            + 0.05
            * bell(person_key, 'person')
            * case when dimension in ('price', 'hassle') then -1 else 1 end
            + 0.08 * bell(response_key, question_id),
            0.0, 1.0
        ) as position
    from asked
)
select
    p.entity_number,
    p.month_index as file_index,
    case
        when p.is_answered
            and a.answered_on <= h.last_day
            and uniform(p.response_key, 'dirt ' || p.question_id) < 0.002
            then 'score_outside_scale'
    end as dirt_kind,
    p.entity_id,
    p.response_id || '/' || p.question_id || coalesce('/' || p.competitor_id, '') as source_id,
    p.response_id,
    p.respondent_id,
    p.customer_id,
    p.role,
    p.document_id,
    moment_of(p.asked_on, p.response_key, 'asked') as asked_at,
    case
        when p.is_answered and a.answered_on <= h.last_day
            then moment_of(a.answered_on, p.response_key, 'answered')
    end
    as answered_at,
    p.survey_id,
    p.question_id,
    cast(case
        when not p.is_answered or a.answered_on > h.last_day then null
        when uniform(p.response_key, 'dirt ' || p.question_id) < 0.002 then p.scale_max + 89
        else p.scale_min + round(p.position * (p.scale_max - p.scale_min))
    end as decimal(18, 9)) as score,
    cast(p.scale_min as decimal(18, 9)) as scale_min,
    cast(p.scale_max as decimal(18, 9)) as scale_max,
    p.competitor_id,
    cast(1 as decimal(18, 9)) as weight,
    p.confidentiality,
    case
        when
            not p.is_answered
            or a.answered_on > h.last_day
            or p.question_id not in ('overall_value', 'sq_delivery')
            then null
        when pick_number(p.response_key, 'comment', 500) = 0 then '<script>alert(1)</script>'
        when pick_number(p.response_key, 'comment', 500) = 1 then '=1+1'
        when
            uniform(p.response_key, 'comment') < 0.1 and p.position < 0.45
            then 'Too much trouble for what we get.'
        when uniform(p.response_key, 'comment') < 0.1 then 'Good partner.'
    end as comment_text,
    case
        when p.is_answered and a.answered_on <= h.last_day
            then moment_of(a.answered_on, p.response_key, 'answered')
        else moment_of(p.asked_on, p.response_key, 'asked')
    end as recorded_at
from placed as p
cross join sim_horizon as h
cross join lateral (
    select
        cast(
            p.asked_on + cast(1 + pick_number(p.response_key, 'answer day', 9) as integer) as date
        ) as answered_on
) as a;
