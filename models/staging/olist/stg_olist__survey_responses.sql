-- A review is one answer. Some serve two orders that were placed together: the answer stays with
-- the
-- first of them, the other row is set aside, and both orders remain opportunities. Two reviews of
-- one order are two answers, each at its own time.
with

reviews as (

    select
        reviews.review_id,
        reviews.order_id,
        orders.customer_id,
        reviews.review_score,
        reviews.review_creation_date as asked_at,
        reviews.review_answer_timestamp as answered_at,
        reviews.review_comment_title as comment_title,
        reviews.review_comment_message as comment_message,
        row_number() over (
            partition by reviews.review_id
            order by orders.ordered_at nulls last, reviews.order_id
        ) as position_in_answer,
        first_value(reviews.order_id) over (
            partition by reviews.review_id
            order by orders.ordered_at nulls last, reviews.order_id
        ) as first_order_id
    from {{ source('olist', 'order_reviews') }} as reviews
    left join {{ ref('base_olist__orders') }} as orders
        on reviews.order_id = orders.order_id

),

final as (

    select
        'olist' as entity_id,
        'olist' as record_source,
        coalesce(review_id, '') || '|' || coalesce(order_id, '') as source_id,
        review_id as response_id,
        customer_id as respondent_id,
        customer_id,
        'payer' as role,
        order_id as document_id,
        asked_at,
        answered_at,
        'olist_review' as survey_id,
        'overall' as question_id,
        cast(review_score as decimal(18, 9)) as score,
        cast(1 as decimal(18, 9)) as scale_min,
        cast(5 as decimal(18, 9)) as scale_max,
        cast(null as {{ dbt.type_string() }}) as competitor_id,
        cast(1 as decimal(18, 9)) as weight,
        'named' as confidentiality,
        case
            when comment_title is null then comment_message
            when comment_message is null then comment_title
            else comment_title || ': ' || comment_message
        end as comment_text,
        coalesce(answered_at, asked_at) as recorded_at,
        case
            when review_id is null then 'missing_response_id'
            when customer_id is null then 'unknown_order'
            when position_in_answer > 1 then 'same_answer_for_another_order'
            when review_score not between 1 and 5 then 'score_outside_scale'
            when review_score is not null and answered_at is null then 'answer_without_time'
        end as quarantine_reason,
        case when position_in_answer > 1 then 'counted for order ' || first_order_id end
            as quarantine_detail
    from reviews

)

select * from final
