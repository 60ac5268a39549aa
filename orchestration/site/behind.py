"""What stands behind the perceived value of an entity: the tables below its chart.

Belongs here: which rows of the marts of drivers, recommendation, contacts and agreement a reader of
the report sees. Does not: the figures of the equation itself.
"""

from decimal import Decimal

from orchestration.site.numbers import NOTHING, fixed, percent
from orchestration.site.publication import Publication
from orchestration.site.tables import Table, table_of

# caption, mart, what is said below it, the query; every query names its entity first
_TABLES = (
    (
        "Would they recommend: latest window, never read alone",
        "rpt_recommendation_score",
        "Concordance is the chance that of one customer who bought again and one who did not the"
        " first had scored higher, for all customers together; at 0.5 the score tells nothing of"
        " staying. Effective: respondents with colleagues counted as the one customer they speak"
        " of. Score: 95 % interval (adjusted Wald); concordance: 90 %.",
        """
        select
            entity_id,
            rated_id as customers,
            recommendation_score as score_number,
            recommendation_low as score_low,
            recommendation_high as score_high,
            answers_count,
            customers_count,
            round(effective_respondents, 1) as effective,
            response_rate,
            reliability,
            case when map_level = 'entity' then stay_concordance end as concordance_number,
            case when map_level = 'entity' then stay_concordance_low end as concordance_low,
            case when map_level = 'entity' then stay_concordance_high end as concordance_high,
            case when map_level = 'entity' then linked_customers_count end
                as linked_customers_count,
            case when map_level = 'entity' then link_status end as link
        from rpt_recommendation_score
        qualify month_start_date = max(month_start_date) over (partition by entity_id)
        order by entity_id, map_level, rated_id
        """,
    ),
    (
        "What moves it: derived importance beside stated, latest fiscal year",
        "rpt_value_drivers",
        "Derived: share of what the four terms explain of the outcome together; explained: how"
        " much that is, so look at it first. Stated: what customers say weighs. Lever 1 gains the"
        " most of the outcome per unit of money, where the effect is clear of nothing; value lever"
        " 1 the most value by the equation itself, whatever the outcome; both rest on what a point"
        " costs, and lever cost says whether that is measured or assumed (policy_lever_costs)."
        " Least squares; intervals 90 %.",
        """
        select
            entity_id,
            cast(fiscal_year as varchar) as year,
            outcome,
            driver,
            importance_share as derived_share,
            importance_share_low as derived_share_low,
            importance_share_high as derived_share_high,
            explained_share,
            explained_share_low,
            explained_share_high,
            stated_importance_share as stated_share,
            stated_importance_low as stated_share_low,
            stated_importance_high as stated_share_high,
            lever_rank as lever,
            value_lever_rank as value_lever,
            (
                select string_agg(distinct evidence, ', ' order by evidence)
                from rpt_assumptions
                where policy = 'policy_lever_costs'
            ) as lever_cost,
            customers_count,
            stated_respondents_count
        from rpt_value_drivers
        where segment = '(all)' and fit_status = 'fitted'
        qualify fiscal_year = max(fiscal_year) over (partition by entity_id)
        order by entity_id, outcome, importance_rank nulls last, driver
        """,
    ),
    (
        "What lateness costs in the score, by what was known at the answer",
        "rpt_lateness_effect",
        "On the item scale of 1 to 10. Only what the respondent knew is a driver; where many"
        " answered before their delivery, lateness in the end is not what they judged. Difference"
        " of ratios of sums, customers as clusters; 90 %.",
        """
        select
            entity_id,
            survey_id as survey,
            question_id as question,
            lateness_basis as basis,
            is_driver as driver,
            effect as effect_number,
            effect_low,
            effect_high,
            answered_before_delivery_share as before_delivery_share,
            answered_before_delivery_low as before_delivery_share_low,
            answered_before_delivery_high as before_delivery_share_high,
            late_answers_count,
            other_answers_count,
            reliability
        from rpt_lateness_effect
        where effect is not null
        order by entity_id, survey_id, question_id, lateness_basis
        """,
    ),
    (
        "Contact pressure by profit, latest period: tenths of the customers, 1 the most profitable",
        "rpt_contact_concentration",
        "0 stands for customers whose profit is not measured.",
        """
        select
            entity_id,
            profit_decile as tenth,
            customers_count,
            contacted_customers_count,
            contacts_count,
            contacts_share,
            over_cap_share,
            opt_outs_count
        from rpt_contact_concentration
        qualify month_start_date = max(month_start_date) over (partition by entity_id)
        order by entity_id, profit_decile
        """,
    ),
    (
        "Management against the other staff, and customers on the same subject, latest fiscal year",
        "rpt_agreement_gap",
        "Shares of people who agree. A group of few shows nothing; where all or nearly all say the"
        " same, the share is empty and the intervals hold for all it could be. Difference of"
        " shares, beta posteriors; 90 %.",
        """
        select
            entity_id,
            cast(fiscal_year as varchar) as year,
            statement_name as statement,
            management_agree_share as management_share,
            management_agree_low as management_share_low,
            management_agree_high as management_share_high,
            staff_agree_share as staff_share,
            staff_agree_low as staff_share_low,
            staff_agree_high as staff_share_high,
            customer_agree_share as customers_share,
            customer_agree_low as customers_share_low,
            customer_agree_high as customers_share_high,
            management_respondents_count as management_count,
            staff_respondents_count as staff_count,
            customer_respondents_count as customers_count,
            agreement_gap as gap_number,
            agreement_gap_low as gap_low,
            agreement_gap_high as gap_high,
            alert_status as alert
        from rpt_agreement_gap
        qualify fiscal_year = max(fiscal_year) over (partition by entity_id)
        order by entity_id, statement_id
        """,
    ),
    (
        "What comments speak of, latest fiscal year that is told",
        "rpt_comment_terms",
        "People who speak of a term, by a list of words: a topic and no mark. The share of any term"
        " has ends only where it would tell how many speak of several. Beta posterior; 90 %.",
        """
        select
            entity_id,
            cast(fiscal_year as varchar) as year,
            comment_source as source,
            language,
            term,
            respondents_share as people_share,
            respondents_share_low as people_share_low,
            respondents_share_high as people_share_high,
            respondents_count,
            all_respondents_count,
            classified_respondents_share as any_term_share,
            classified_respondents_share_low as any_term_share_low,
            classified_respondents_share_high as any_term_share_high,
            reliability
        from rpt_comment_terms
        where all_respondents_count is not null and term <> '(none)'
        qualify fiscal_year = max(fiscal_year) over (partition by entity_id, comment_source)
        order by entity_id, comment_source, language, term
        """,
    ),
    (
        "Promises published against what was delivered, latest fiscal year",
        "rpt_promise_gap",
        "Share of events, beta posterior; 90 %.",
        """
        select
            entity_id,
            cast(fiscal_year as varchar) as year,
            statement as promise,
            promised_share,
            kept_share,
            kept_share_low,
            kept_share_high,
            events_count,
            promise_status as status
        from rpt_promise_gap
        qualify fiscal_year = max(fiscal_year) over (partition by entity_id)
        order by entity_id, promise_id
        """,
    ),
)
CODES = ("driver", "outcome", "reliability", "basis", "alert", "status", "link", "term")


def read_behind(publication: Publication) -> dict[str, list[Table]]:
    """The tables of each entity, by its id; an empty mart has none.

    A pair of columns <name>_low and <name>_high becomes one with the interval after the number.
    """
    found: dict[str, list[Table]] = {}
    for caption, mart, mark, sql in _TABLES:
        by_entity: dict[str, list[dict]] = {}
        for row in publication.rows(sql):
            by_entity.setdefault(row.pop("entity_id"), []).append(_shown(row))
        for entity_id, rows in by_entity.items():
            table = table_of(rows, caption, source=mart)
            table.marks = [mark] if mark else []
            table.is_folded = True
            found.setdefault(entity_id, []).append(table)
    return found


def _shown(row: dict) -> dict:
    shown = {}
    for name, value in row.items():
        if name.endswith("_low"):
            pair = value, row[name.removesuffix("_low") + "_high"]
            shown[name.removesuffix("_low").replace("_", " ") + " interval"] = _interval(
                name.endswith("_share_low"), *pair
            )
        elif name.endswith("_number"):
            shown[name.removesuffix("_number")] = NOTHING if value is None else fixed(value, 3)
        elif name in CODES and isinstance(value, str):
            shown[name] = value.replace("_", " ")
        elif not name.endswith("_high"):
            shown[name] = value
    return shown


def _interval(is_share: bool, low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return NOTHING
    if is_share:
        return f"{percent(low, 1)} to {percent(high, 1)}"
    return f"{fixed(low, 3)} to {fixed(high, 3)}"
