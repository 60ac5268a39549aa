-- Every score of every mart, by what its column says of itself (meta: score): a number has an n, a
-- share of own answers, a method, a status and an interval around it; what is closed has none of
-- score and interval. A method that ends in without_interval has none, and says so; one over bounds
-- may have the interval only, which then holds for all that the score could be.
{%- set marts = [
    'fct_customer_perceived_value_monthly', 'fct_customer_value_monthly', 'rpt_agreement_gap',
    'rpt_comment_terms', 'rpt_competitor_value', 'rpt_consideration', 'rpt_lateness_effect',
    'rpt_promise_gap', 'rpt_recommendation_score', 'rpt_value_drivers', 'rpt_value_map',
    'rpt_value_scale_sensitivity', 'rpt_value_terms', 'rpt_value_weights',
] %}
{%- set found = [] %}
{%- for mart in marts %}
    {%- set relation = ref(mart) %}
    {%- for score in scores_of(mart) %}
        {%- set nothing = found.append((relation, mart, score)) %}
    {%- endfor %}
{%- endfor %}
{%- for relation, mart, score in found %}
select
    '{{ mart }}' as mart,
    '{{ score.name }}' as score_name,
    count(*) as rows_count
from {{ relation }}
where
    (
        {{ score.name }} is null
        and ({{ score.low }} is not null or {{ score.high }} is not null)
        and not (
            coalesce(method, 'none') like '%over bounds%'
            and {{ score.n }} is not null
            and coalesce({{ score.low }} < {{ score.high }}, false)
        )
    )
    or (
        {{ score.name }} is not null
        and (
            {{ score.n }} is null
            or own_answer_share is null
            or coalesce(method, 'none') = 'none'
            {%- for column in score.status %}
            or {{ column }} is null
            {%- endfor %}
            or ({{ score.low }} is null) <> ({{ score.high }} is null)
            or ({{ score.low }} is null and method not like '%without_interval%')
            or {{ score.low }} > {{ score.name }}
            or {{ score.high }} < {{ score.name }}
            or {{ score.low }} >= {{ score.high }}
        )
    )
having count(*) > 0
{{ 'union all' if not loop.last }}
{%- else %}
select 'none yet' as mart
where false
{%- endfor %}
