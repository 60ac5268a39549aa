"""Can anybody work out of the published tables what was not said under a name, or mix roles?

Two attacks. Who adds and subtracts: the attacker has every number of every night. Who stands behind
a number is found without asking the SQL: each entity is the same company on one night, with one
response told otherwise (more of what one gets, less of what one gives, the other answer to an
outcome); the numbers that differ from those of the untouched company hold that response. So it does
not matter how a table is computed, and a new table joins the attack by its name.

Who reasons: he knows how many people there are, what each said under a name, on which side most of
the others are (the neighbours tell), and the SQL. Every company that could be is published, one an
entity; those he cannot tell apart are those whose published rows are equal. What is the same in all
of these he has recovered.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.settings import PROJECT

# what ``--empty`` puts round a relation
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")
# tables, and the columns that any change of a response behind them must change
PUBLISHED = {
    "rpt_value_map": (
        *("value_index", "value_low", "value_high"),
        *("relative_quality", "relative_price", "relative_hassle"),
    ),
    "rpt_competitor_value": ("value_against_competitor", "relative_quality", "relative_price"),
    "rpt_recommendation_score": ("recommendation_score", "promoters_share", "detractors_share"),
    "rpt_value_terms": ("measured_value", "score_of_100"),
    "rpt_value_weights": ("elicited_weight",),
    "rpt_value_drivers": (
        *("importance_share", "effect", "stated_importance_share", "value_gain_share"),
    ),
    "rpt_value_scale_sensitivity": ("rank_correlation",),
    "rpt_lateness_effect": ("late_mean_score", "other_mean_score"),
    "rpt_consideration": ("exclusive_share", "outdone_share"),
    "rpt_agreement_gap": (
        *("customer_agree_share", "management_agree_share", "staff_agree_share"),
        *("agreement_gap", "effect_size", "z_score"),
    ),
    "rpt_comment_terms": (
        *("respondents_share", "respondents_count", "comments_count"),
        *("classified_respondents_share", "classified_comments_share"),
    ),
    "fct_customer_perceived_value_monthly": (
        *("perceived_value_index", "product_quality_score", "relative_value_ratio"),
    ),
}
# where in the key (without the entity) a table says what was asked or spoken of
SUBJECTS = {"rpt_agreement_gap": 1, "rpt_comment_terms": 3}
SEEDS = (
    "policy_value_parameters",
    "policy_value_attributes",
    "policy_hassle_rates",
    "policy_minute_values",
    "policy_reporting",
    "policy_staff_statements",
    "policy_lever_costs",
    "lookup_comment_words",
)
# last period shown, whether it is over, and the day: rows recorded later are not there yet
NIGHTS = (
    (6, True, date(2024, 7, 2)),
    (7, False, date(2024, 7, 24)),
    (12, False, date(2024, 12, 12)),
    (12, True, date(2025, 1, 2)),
    (18, True, date(2025, 7, 2)),
)
MINIMUM, LOW = 5, 6
SEGMENTS = ("loyal",) * 20 + ("new",) * 10 + ("rare",) * 4 + ("rarest",) * 2
CUSTOMERS = len(SEGMENTS)
# question: what may be answered, and what a turned response says instead of s
UP, DOWN = "s + 1", "s - 1"
GETS = dict.fromkeys(("pq_reliability", "pq_range", "sq_expertise", "sq_delivery"), UP)
GIVES = dict.fromkeys(("ha_problems", "ha_resolution"), DOWN) | {"pr_level": "s - 2"}
# agrees with what staff are asked about, or does not
AGREES = dict.fromkeys(
    ("pq_performance", "sq_responsiveness", "pr_fairness", "ha_ordering"), "11 - s"
)
IMPORTANCE = {
    "importance_product_quality": "s",
    "importance_service_quality": "s",
    "importance_price": "s + 1",
    "importance_hassle": "s",
}
RELATIONSHIP = (
    GETS
    | GIVES
    | AGREES
    | IMPORTANCE
    # satisfied or not, promoter or detractor
    | {"overall_value": "11 - s", "recommend": "15 - s", "stay_intent": UP}
)
PANEL = {
    **{"pq_performance": UP, "sq_expertise": UP, "pr_level": DOWN, "ha_ordering": DOWN},
    # the rival has 6: thought of no one else, or outdone
    **{"overall_value": "12 - s", "recommend": "12 - s"},
}
ONLY = dict.fromkeys(AGREES, (5, 6)) | {
    "pr_level": range(4, 10),
    "overall_value": (5, 6),
    "recommend": (6, 9),
}
# who of staff answers which statement: fewer than ten of a group show nothing
STATEMENTS = {
    "customers_satisfied": {"manager": 12, "staff": 14},
    "service_is_responsive": {"manager": 10, "staff": 30},
    "ordering_is_easy": {"manager": 30, "staff": 9},
    "prices_are_fair": {"manager": 11, "staff": 11},
    "quality_is_high": {"manager": 2, "staff": 3},
}
# what a comment speaks of, in words of the list
TOPICS = ("quality", "service", "expensive", "late")
# the last few customers write otherwise: too few to be shown
FEW_WRITE = ("qualidade", "equipe", "caro", "demora")
MONTH = "cast(date '2024-01-01' + to_months(cast(period_index - 1 as integer)) as date)"
GIVEN = {
    "intermediate.int_entities": "select entity_id, 'EUR' as currency from nights",
    "intermediate.int_entity_months": f"""
        select entity_id, period_index, {MONTH} as month_start_date,
            last_day({MONTH}) as month_end_date, year({MONTH}) as fiscal_year
        from nights cross join (select i as period_index from range(1, 99) as r (i))
        where period_index <= last_period""",
    "intermediate.int_entity_days": """
        select entity_id, period_index, month_start_date, date_day
        from intermediate.int_entity_months
        cross join (select cast(date '2024-01-01' + cast(i as integer) as date) as date_day
            from range(0, 600) as r (i))
        where date_day between month_start_date and month_end_date""",
    "intermediate.int_released_periods": """
        select entity_id, period_index, month_start_date, fiscal_year,
            last_period > 12 * (fiscal_year - 2023)
            or (is_over and last_period = 12 * (fiscal_year - 2023)) as is_year_over
        from intermediate.int_entity_months inner join nights using (entity_id)
        where is_over or period_index < last_period""",
    "intermediate.int_customers": "select entity_id, customer_id, segment from nights, customers",
    "intermediate.int_active_customer_months": """
        select entity_id, customer_id, period_index, month_start_date
        from intermediate.int_entity_months, customers""",
    "intermediate.int_operational_events": f"""
        select entity_id, 'test' as record_source, document_id as source_id,
            'delivery_received' as event_type, customer_id, delivered_on as event_date,
            1 as quantity, period_index, {MONTH} as month_start_date
        from nights, deliveries where delivered_on <= known_on and period_index <= last_period""",
    "intermediate.int_customer_prices_monthly": None,
    "intermediate.int_customer_revenue_monthly": None,
    "input.input_deliveries": """
        select entity_id, document_id, promised_on, delivered_on
        from nights, deliveries where delivered_on <= known_on""",
    "input.input_employee_survey_responses": """
        select entity_id, 'test' as record_source, 's' || response || question_id as source_id,
            respondent_id, substr(respondent_id, 1, length(respondent_id) - 2) as grade,
            case when response = turned then other else score end = 1 as agrees,
            question_id as statement_id, cast(answered_on as timestamp) as asked_at,
            cast(recorded_on as timestamp) as recorded_at
        from nights, answers where recorded_on <= known_on and role = 'employee'""",
    "input.input_service_cases": None,
    "input.input_survey_responses": """
        select entity_id, 'test' as record_source,
            response || '/' || question_id || coalesce(competitor_id, '') as source_id,
            'r' || response as response_id, respondent_id, customer_id, role, document_id,
            answered_on as asked_at, answered_on as answered_at, recorded_on as recorded_at,
            survey_id, question_id, competitor_id, confidentiality, 1 as weight,
            low as scale_min, 10 as scale_max,
            case when response = turned then other else score end as score,
            case when response = turned then other_comment else comment end as comment_text
        from nights, answers where recorded_on <= known_on and role <> 'employee'""",
}


@dataclass(frozen=True)
class Response:
    """Who gave a response, when, and whether under a name.

    ``scores`` has by question and competitor what was answered, and what the turned response says;
    ``comment`` likewise. Of staff the questions are statements, and 1 agrees.
    """

    number: int
    respondent: str
    customer: str | None
    role: str
    survey: str
    confidentiality: str
    answered: date
    recorded: date
    document: str | None
    scores: dict[tuple[str, str | None], tuple[int, int]]
    comment: tuple[str | None, str | None] = (None, None)


def day(period: int, number: int) -> date:
    """A day of a period, counted from January 2024."""
    return date(2024 + (period - 1) // 12, (period - 1) % 12 + 1, number)


def make_responses() -> tuple[list[Response], list[tuple]]:
    """Eighteen months of one company's surveys, and its deliveries."""
    draw, talk = np.random.default_rng(5), np.random.default_rng(7)
    made, deliveries = [], []

    def scores(questions, rated=(None,)):
        made = {}
        for question, turn in questions.items():
            # all of one mind would be closed
            may_be = ONLY.get(question, range(2, 10)) if rated == (None,) else range(2, 10)
            for competitor in rated:
                s = int(draw.choice(list(may_be)))
                if len(rated) > 1 and question in ("overall_value", "recommend"):
                    s = int(draw.choice([3, 9])) if competitor is None else 6
                # a rival gets worse where we get better, so that no comparison stays as it was
                other = eval(turn, {"s": s})
                made[question, competitor] = (s, other if competitor is None else 2 * s - other)
        return made

    def comments(customer):
        is_few = customer in [f"c{i}" for i in range(CUSTOMERS - 4, CUSTOMERS)]
        marker, topics = ("nao", FEW_WRITE) if is_few else ("the", TOPICS)
        spoken = [topic for topic in topics if talk.random() < 0.35]
        if talk.random() < 0.3:
            return None, None
        # who speaks of anything speaks of nothing when turned, else of everything
        other = "" if spoken else " ".join(topics)
        return f"{marker} {' '.join(spoken)}", f"{marker} {other}"

    def respond(respondent, customer, role, survey, how, period, answers, document=None, late=0.3):
        answered = day(period, int(draw.integers(8, 28)))
        recorded = answered
        if how != "named" and draw.random() < late:
            recorded = day(period + int(draw.integers(1, 3)), int(draw.integers(1, 28)))
        made.append(
            Response(
                *(len(made), respondent, customer, role, survey, how, answered, recorded),
                *(
                    document,
                    answers,
                    comments(customer)
                    if survey in ("relationship", "market_panel")
                    else (None, None),
                ),
            )
        )

    for i in range(CUSTOMERS):
        for period in draw.choice(np.arange(1, 19), 2, replace=False):
            how = str(draw.choice(["named", "confidential", "anonymous"], p=[0.5, 0.4, 0.1]))
            answers = scores(RELATIONSHIP)
            # a few skip a question: what is told of one outcome less what is told of another
            if i % 8 == 6:
                del answers["stay_intent", None]
            respond(f"p{i}", f"c{i}", "payer", "relationship", how, period, answers)
        if i % 5 == 0:
            respond(f"u{i}", f"c{i}", "user", "relationship", "named", 2, scores(RELATIONSHIP))
        document = f"d{i}"
        period = 1 + i % 11
        promised = day(period, 3)
        # a third came late: known to all who answer about it
        deliveries.append((document, f"c{i}", period, promised, day(period, 6 if i % 3 else 2)))
        respond(
            *(f"p{i}", f"c{i}", "payer", "after_delivery", "confidential", period),
            *(scores({"sq_delivery": UP, "ha_resolution": DOWN}), document),
        )
    for i in range(26):
        # of the first panel one rated the rival alone: the rival's raters less the other's
        rated = (None, "rival") if i == 0 or i % 4 == 3 else (None, "rival", "other")
        respond(
            *(f"n{i}", None, "payer", "market_panel", "anonymous", 3 + 6 * (i % 2)),
            *(scores(PANEL, rated), None, 0.2),
        )
    # colleagues: ten people of four customers, who are no more than four however many they are
    for i in range(10):
        customer = 30 + i % 4
        respond(
            *(f"k{i}", f"c{customer}", "payer", "relationship", "confidential", 10),
            *(scores(RELATIONSHIP), None, 0),
        )
    for grade in ("manager", "staff"):
        for i in range(30):
            asked = [statement for statement, groups in STATEMENTS.items() if i < groups[grade]]
            agreed = {(statement, None): int(draw.random() < 0.5) for statement in asked}
            for period in (6, 17) if i % 2 else (6,):
                respond(
                    *(f"{grade}{i:02}", None, "employee", "staff", "confidential", period),
                    {statement: (agrees, 1 - agrees) for statement, agrees in agreed.items()},
                )
    return made, deliveries


class Publications:
    """What every night publishes of every company, by table, key and column."""

    def __init__(self, manifest: dict, database: bytes, path, tables=tuple(PUBLISHED)) -> None:
        path.write_bytes(database)
        self.connection = duckdb.connect(str(path))
        name = self.connection.execute("select current_database()").fetchall()[0][0]
        nodes = {u: n for u, n in manifest["nodes"].items() if n["resource_type"] == "model"}
        self.nodes = {n["name"]: n for n in nodes.values()}
        self.sql: dict[str, str] = {}

        def add(node):
            relation = f"{node['schema']}.{node['name']}"
            if relation in self.sql or relation in GIVEN:
                return
            if node["schema"] not in ("intermediate", "marts"):
                return
            for parent in node["depends_on"]["nodes"]:
                if parent in nodes:
                    add(nodes[parent])
            sql = EMPTIED.sub(r"\1", node["compiled_code"])
            self.sql[relation] = sql.replace('"twofold".', f'"{name}".')

        for table in tables:
            add(self.nodes[table])

    def make(self, relation: str, sql: str) -> None:
        """Make a table of a query, also in place of a view of what is not here."""
        place = "where schema_name || '.' || view_name = ?"
        if self.connection.execute(f"select 1 from duckdb_views() {place}", [relation]).fetchall():
            self.connection.execute(f"drop view {relation}")
        self.connection.execute(f"create or replace table {relation} as {sql}")

    def fill_policies(self) -> None:
        """Take the project's own policies."""
        execute = self.connection.execute
        for seed in SEEDS:
            execute(f"delete from policies.{seed}")
            folder = "lookups" if seed.startswith("lookup_") else "policies"
            execute(
                f"insert into policies.{seed} by name select * from read_csv("
                f"'{PROJECT}/seeds/{folder}/{seed}.csv', header=true, all_varchar=true)"
            )

    def give(self, relation: str, sql: str | None) -> None:
        """Fill a table of its own shape with the rows of a query, or with none."""
        execute = self.connection.execute
        execute(f"create or replace temp table shape as select * from {relation} limit 0")
        self.make(relation, "select * from shape")
        if sql:
            execute(f"insert into {relation} by name {sql}")

    def publish(self, responses, deliveries, nights=NIGHTS, told=None) -> None:
        """Fill the input and run the models; ``told`` replaces given tables."""
        execute = self.connection.execute
        self.fill_policies()
        # a small company: else little would be shown, and nothing could be attacked
        execute(
            "update policies.policy_reporting set value = '20'"
            " where parameter = 'driver_minimum_customers'"
        )
        execute(
            f"update policies.policy_value_parameters set value = '{LOW}' where parameter in"
            " ('par_minimum_customers', 'aggregate_low_customers')"
        )
        versions = [
            (f"n{night}/{turned}", last, over, known, turned)
            for night, (last, over, known) in enumerate(nights)
            for turned in [-1, *(r.number for r in responses if r.recorded <= known)]
        ]
        self.entities = [(entity, turned) for entity, *_, turned in versions]
        frames = {
            "nights": (versions, "entity_id last_period is_over known_on turned"),
            "customers": (
                [(f"c{i}", segment) for i, segment in enumerate(SEGMENTS)],
                "customer_id segment",
            ),
            "deliveries": (
                deliveries,
                "document_id customer_id period_index promised_on delivered_on",
            ),
            "answers": (
                [
                    (
                        *(r.number, r.respondent, r.customer, r.role, r.survey),
                        *(r.confidentiality, r.answered, r.recorded, r.document),
                        *(question, competitor, *score),
                        *(0 if question == "recommend" else 1, *r.comment),
                    )
                    for r in responses
                    for (question, competitor), score in r.scores.items()
                ],
                "response respondent_id customer_id role survey_id confidentiality answered_on"
                " recorded_on document_id question_id competitor_id score other low comment"
                " other_comment",
            ),
        }
        for name, (rows, columns) in frames.items():
            made = dict(zip(columns.split(), map(list, zip(*rows, strict=True)), strict=True))
            self.connection.register(name, pa.table(made))
        for relation, sql in (GIVEN | (told or {})).items():
            self.give(relation, sql)
        for relation, sql in self.sql.items():
            self.make(relation, sql)

    def behind(self, table: str) -> dict[tuple, set[int]]:
        """The responses behind each published number, by column, night and key."""
        grain = [g for g in self.nodes[table]["config"]["meta"]["grain"] if g != "entity_id"]
        result = self.connection.execute(f"select * from marts.{table}")
        columns = [d[0] for d in result.description]
        keys = [columns.index(g) for g in grain]
        found: dict[str, dict] = defaultdict(dict)
        for row in result.fetchall():
            entity = row[columns.index("entity_id")]
            found[entity][tuple(row[k] for k in keys)] = row
        members: dict[tuple, set[int]] = {}
        for entity, turned in self.entities:
            night = entity.split("/")[0]
            untouched = found[f"{night}/-1"]
            if turned < 0:
                for key, row in untouched.items():
                    for column, value in zip(columns, row, strict=True):
                        if value is not None and column not in grain and column != "entity_id":
                            members.setdefault((column, night, key), set())
                continue
            assert found[entity].keys() == untouched.keys(), "which rows there are tells of a score"
            for key, row in untouched.items():
                for column, value, other in zip(columns, row, found[entity][key], strict=True):
                    # what is closed is no number
                    if value is not None and value != other and column != "entity_id":
                        members.setdefault((column, night, key), set()).add(turned)
        return members


@pytest.fixture(scope="module")
def company() -> tuple[list[Response], list[tuple]]:
    return make_responses()


@pytest.fixture(scope="module")
def publications(empty_build, compiled_manifest, company, tmp_path_factory) -> Iterator:
    path = tmp_path_factory.mktemp("disclosure") / "twofold.duckdb"
    database = empty_build.settings.build_db.read_bytes()
    made = Publications(compiled_manifest, database, path)
    made.publish(*company)
    yield made
    made.connection.close()


@pytest.fixture(scope="module")
def members(publications) -> dict[str, dict[tuple, set[int]]]:
    return {table: publications.behind(table) for table in PUBLISHED}


def isolated(shown: list[np.ndarray], secrets: list[np.ndarray]) -> list[int]:
    """Which secrets follow by adding and subtracting what is shown; all are sets, as flags."""
    left, sizes, _ = np.linalg.svd(np.array(shown, float).T, full_matrices=False)
    basis = left[:, sizes > 1e-9]
    rest = [secret - basis @ (basis.T @ secret) for secret in np.array(secrets, float)]
    return [place for place, residue in enumerate(rest) if np.abs(residue).max() < 1e-6]


def attack(
    members: dict[tuple, set[int]],
    columns: tuple[str, ...],
    responses: list[Response],
    subject: int | None = None,
) -> list[str]:
    """What follows from the numbers of one table about fewer than the minimum of customers.

    Who is no customer stands for himself: people of one customer know what was said there.
    Everything said under a name is taken as known to the attacker. Numbers of different subjects,
    a place in the key, do not add up: whoever agrees with one statement need not with another.
    """
    hidden = [r.number for r in responses if r.confidentiality != "named"]
    place = {number: i for i, number in enumerate(hidden)}
    people = {r.number: r.customer or r.respondent for r in responses}
    found = []
    by_column: dict[tuple, set[tuple]] = defaultdict(set)
    for (column, night, key), who in members.items():
        if column not in columns:
            continue
        inside = tuple(sorted(place[n] for n in who if n in place))
        if 0 < len({people[hidden[i]] for i in inside}) < MINIMUM:
            found.append(f"{column} of {night} {key} holds {inside}")
        if inside:
            by_column[column, subject is not None and key[subject]].add(inside)
    # one answer, or what few customers of one segment said in one month or half-year
    cells: dict[tuple, set[int]] = defaultdict(set)
    for r in responses:
        if r.number in place:
            segment = SEGMENTS[int(r.customer[1:])] if r.customer else ""
            month = (r.recorded.year - 2024) * 12 + r.recorded.month - 1
            cells["one", r.number].add(r.number)
            cells[r.survey, segment, month].add(r.number)
            cells[r.survey, segment, "half", month // 6].add(r.number)
    secrets = [c for c in cells.values() if 0 < len({people[n] for n in c}) < MINIMUM]
    flags = [np.isin(hidden, sorted(secret)) for secret in secrets]
    for (column, _), rows in by_column.items():
        shown = [np.isin(np.arange(len(hidden)), row) for row in sorted(rows)]
        found += [f"{column} gives {sorted(secrets[s])}" for s in isolated(shown, flags)]
        # whoever they are: the few who are behind one number and not behind another
        for some, more in itertools.permutations(map(frozenset, rows), 2):
            few = sorted(more - some)
            if some < more and len({people[hidden[i]] for i in few}) < MINIMUM:
                found.append(f"{column} differs by {few}")
    return found


@pytest.mark.parametrize("table", PUBLISHED)
def test_nothing_follows_about_a_few_who_did_not_say_it_under_a_name(table, members, company):
    subject = SUBJECTS.get(table)
    assert attack(members[table], PUBLISHED[table], company[0], subject) == []
    if table != "rpt_value_scale_sensitivity":
        hidden = {r.number for r in company[0] if r.confidentiality != "named"}
        assert any(who & hidden for who in members[table].values()), "nothing could be attacked"


@pytest.mark.parametrize("table", PUBLISHED)
def test_no_mart_mixes_roles(table, members, company):
    """Policy reads payers: what users say moves no number."""
    users = {r.number for r in company[0] if r.role == "user"}
    assert users and members[table]
    assert [at for at, who in members[table].items() if who & users] == []


def test_a_fit_rests_on_no_few_who_are_not_named(members, company):
    """Effects and standardised ones tell sums of squares to nine digits, which few answers make."""
    people = {r.number: r.customer for r in company[0] if r.confidentiality != "named"}
    behind = [
        {people[number] for number in who if number in people}
        for (column, *_), who in members["rpt_value_drivers"].items()
        if column in ("effect", "standardised_effect", "explained_share", "importance_share")
    ]
    assert max(map(len, behind)) >= LOW
    assert all(not who or len(who) >= LOW for who in behind)


SUPPLIERS = ("rpt_value_map", "rpt_competitor_value")


def suppliers_together(members: dict[str, dict[tuple, set[int]]]) -> dict[tuple, set[int]]:
    """Every score of the map and of the comparisons as if they were one column."""
    return {
        ("either", night, (table, column, *key)): who
        for table in SUPPLIERS
        for (column, night, key), who in members[table].items()
        if column in PUBLISHED[table]
    }


def test_the_map_and_the_comparisons_together_give_nobody_away(members, company):
    pooled = suppliers_together(members)
    assert any(key[0] == "rpt_competitor_value" and who for (_, _, key), who in pooled.items())
    assert attack(pooled, ("either",), company[0]) == []


def test_the_attack_succeeds_where_pairs_are_counted_whoever_else_was_rated(
    empty_build, compiled_manifest, company, tmp_path
):
    """One rated the rival and not the other: who rated either, less the other's raters."""
    database = empty_build.settings.build_db.read_bytes()
    naive = Publications(compiled_manifest, database, tmp_path / "naive.duckdb", SUPPLIERS)
    readings = "intermediate.int_value_map_readings"
    # one alone is of one mind
    for asked, instead in (
        ("rated_alike.clusters_count >= pairs.minimum_count", "rated_alike.clusters_count >= 1"),
        (">= max(minimum_count)", ">= 1"),
        ("max(minimum_minority) = 0", "true"),
    ):
        assert asked in naive.sql[readings]
        naive.sql[readings] = naive.sql[readings].replace(asked, instead)
    naive.publish(*company, NIGHTS[3:])
    pooled = suppliers_together({table: naive.behind(table) for table in SUPPLIERS})
    assert attack(pooled, ("either",), company[0])
    naive.connection.close()


def test_the_attack_succeeds_where_running_periods_are_told(
    empty_build, compiled_manifest, company, tmp_path
):
    """As it was before: what had not ended was published too, night by night."""
    table = "rpt_value_terms"
    database = empty_build.settings.build_db.read_bytes()
    naive = Publications(compiled_manifest, database, tmp_path / "naive.duckdb", (table,))
    told = {
        "intermediate.int_released_periods": """
            select entity_id, period_index, month_start_date, fiscal_year, true as is_year_over
            from intermediate.int_entity_months"""
    }
    naive.publish(*company, NIGHTS[1:4], told)
    assert attack(naive.behind(table), PUBLISHED[table], company[0])
    naive.connection.close()


# by what is unguarded: the table, and lines of the SQL without which the attack succeeds, each with
# what stands there instead
UNGUARDED = {
    "people counted one by one in a recommendation": (
        "rpt_recommendation_score",
        [
            (
                "intermediate.int_survey_cells_released",
                *("customer_id as cluster_id", "respondent_id as cluster_id"),
            ),
        ],
    ),
    "people counted one by one in what is important": (
        "rpt_value_drivers",
        [
            (
                "intermediate.int_survey_cells_released",
                *("customer_id as cluster_id", "respondent_id as cluster_id"),
            ),
            (
                "intermediate.int_value_importance",
                *("count(distinct customer_id)", "count(customer_id)"),
            ),
            (
                "intermediate.int_value_importance",
                *("count(distinct case when", "count(case when"),
            ),
        ],
    ),
    "outcomes of a few more people than another": (
        "rpt_value_drivers",
        [
            (
                "intermediate.int_value_driver_answers",
                *("count(*) >= max(minimum_count)", "count(*) >= 1"),
            ),
        ],
    ),
    "comments of few": (
        "rpt_comment_terms",
        [
            (
                "marts.rpt_comment_terms",
                "last_parameters.aggregate_minimum_customers as minimum_count",
                "1 as minimum_count",
            ),
            (
                "marts.rpt_comment_terms",
                *(">= last_parameters.aggregate_minimum_customers as is_not", ">= 1 as is_not"),
            ),
            (
                "marts.rpt_comment_terms",
                *("voices.otherwise_count < gates.minimum_count", "false"),
            ),
        ],
    ),
    "staff of few": (
        "rpt_agreement_gap",
        [
            ("marts.rpt_agreement_gap", ">= rules.minimum_people", ">= 1"),
            ("marts.rpt_agreement_gap", "max(years.minimum_minority) as", "0 as"),
        ],
    ),
}


@pytest.mark.parametrize("unguarded", UNGUARDED)
def test_the_attack_succeeds_where_a_guard_is_missing(
    unguarded, empty_build, compiled_manifest, company, tmp_path
):
    table, lines = UNGUARDED[unguarded]
    database = empty_build.settings.build_db.read_bytes()
    naive = Publications(compiled_manifest, database, tmp_path / "naive.duckdb", (table,))
    for relation, asked, instead in lines:
        assert asked in naive.sql[relation]
        naive.sql[relation] = naive.sql[relation].replace(asked, instead)
    naive.publish(*company, NIGHTS[3:])
    subject = SUBJECTS.get(table)
    assert attack(naive.behind(table), PUBLISHED[table], company[0], subject)
    naive.connection.close()


@dataclass(frozen=True)
class World:
    """A company that could be: its people, what its attacker knows, and what he is after.

    ``secrets`` has by name how many of how many who are not named said something; a name is what
    the attacker knows of it. Whoever reads means only has no use for intervals: he does not know
    what else each of these people said.
    """

    rows: tuple[tuple, ...]
    known: tuple
    secrets: tuple[tuple[tuple, int, int], ...]
    is_of_means: bool = False


def secret(name, count: int, people: int) -> tuple[tuple, int, int]:
    """How many said so, where everybody knows whether they are more than half."""
    return (name, 2 * count > people), count, people


def staff_worlds() -> Iterator[World]:
    """Rows: respondent, has a key, grade, agrees, day of May."""
    for is_known, people, waves in itertools.product((True, False), (4, 9, 10, 11, 13, 14), (1, 3)):
        for agreeing in range(people + 1):
            yield World(
                tuple(
                    (f"{grade}{i}", is_known, grade, i < agrees, 8 + wave)
                    for grade, count, agrees in (
                        ("manager", people, agreeing),
                        ("staff", 20, 10),
                    )
                    for wave in range(waves)
                    for i in range(count)
                ),
                (is_known, people, waves),
                (secret("agree", agreeing, people),),
            )


def customer_worlds() -> Iterator[World]:
    """Rows: respondent, is named, agrees."""
    for named, hidden in itertools.product((0, 6), (5, 6, 10, 13)):
        for agreeing in range(hidden + 1):
            yield World(
                tuple((f"n{i}", True, i < 3) for i in range(named))
                + tuple((f"h{i}", False, i < agreeing) for i in range(hidden)),
                (named, hidden),
                (secret("agree", agreeing, hidden),),
            )


def consideration_worlds() -> Iterator[World]:
    """Rows: respondent, is named, rated, considered, preferred suppliers."""
    for named, hidden, rated in itertools.product((0, 3), (5, 6, 8, 11), (1, 2)):
        for exclusive in range(hidden + 1):
            for outdone in range(hidden + 1 - exclusive):
                answers = [(0, 0)] * exclusive + [(1, 1)] * outdone
                answers += [(1, 0)] * (hidden - exclusive - outdone)
                yield World(
                    tuple((f"n{i}", True, 1, i % 2, i % 2) for i in range(named))
                    # one rated another supplier besides, and would not think of him
                    + tuple(
                        (f"h{i}", False, rated if i == 0 else 1, *answer)
                        for i, answer in enumerate(answers)
                    ),
                    (named, hidden, rated),
                    (
                        secret("exclusive", exclusive, hidden),
                        secret("outdone", outdone, hidden),
                        secret("neither", hidden - exclusive - outdone, hidden),
                    ),
                )


def comment_worlds() -> Iterator[World]:
    """Rows: respondent, is named, term."""
    terms = ("product_quality", "service_quality", "price")
    for hidden, count in ((6, 3), (7, 2), (8, 2), (11, 2)):
        kinds = [
            [term for bit, term in enumerate(terms[:count]) if kind >> bit & 1] or ["(none)"]
            for kind in range(2**count)
        ]
        for people in itertools.combinations_with_replacement(kinds, hidden):
            yield World(
                tuple((f"h{i}", False, term) for i, spoken in enumerate(people) for term in spoken),
                (hidden, count),
                # that nobody speaks of a term, of any or of none is told: silence is no answer
                tuple(
                    # nobody knows whether most speak of several
                    (name, said, hidden) if name == "several" else secret(name, said, hidden)
                    for name, said in (
                        *((term, sum(term in spoken for spoken in people)) for term in terms),
                        ("any term", (hidden - people.count(["(none)"])) % hidden),
                        ("several", sum(len(spoken) > 1 for spoken in people)),
                    )
                    if said > 0
                ),
            )
    # who is named hides nothing but that few spoke of something
    kinds = [
        [term for bit, term in enumerate(terms) if kind >> bit & 1] or ["(none)"]
        for kind in range(2 ** len(terms))
    ]
    for people in itertools.combinations_with_replacement(kinds, 5):
        yield World(
            tuple((f"n{i}", True, term) for i, spoken in enumerate(people) for term in spoken),
            ("named",),
            # that nobody does is no secret, and may be what else it could be
            tuple(
                (term, sum(term in spoken for spoken in people) or len(people), 2 * len(people))
                for term in (*terms, "(none)")
            ),
        )


def recommendation_worlds() -> Iterator[World]:
    """Rows: segment, respondent, customer, is named, period of the block's end, score."""

    def world(is_side_known, *groups):
        rows, secrets = [], []
        for segment, period, named, *hidden in groups:
            said = [10] * hidden[0] + [2] * hidden[1] + [8] * hidden[2]
            people = [(f"{segment}{period}n{i}", True, 10) for i in range(named)]
            people += [(f"{segment}{period}h{i}", False, score) for i, score in enumerate(said)]
            rows += [
                (segment, who, who, is_named, period, score * 1_000_000_000)
                for who, is_named, score in people
            ]
            # of three groups the largest is no minority, however many are in it
            if hidden:
                of = sum(hidden)
                secrets.append((("otherwise", segment, period), of - max(hidden), 2 * of))
        known = tuple(
            (segment, period, named, sum(hidden), hidden.index(max(hidden)) if is_side_known else 0)
            for segment, period, named, *hidden in groups
        )
        return World(tuple(rows), known, tuple(secrets))

    def said_by(people):
        for promoters, detractors in itertools.product(range(people + 1), repeat=2):
            if promoters + detractors <= people:
                yield promoters, detractors, people - promoters - detractors

    # of two closed together nobody knows on which side either is: else the total tells (DECISIONS)
    for many in said_by(6):
        for named, hidden in itertools.product((0, 4), (6, 7)):
            for said in said_by(hidden):
                yield world(False, ("few", 6, named, *said), ("many", 6, 0, *many))
    # the first window is the first block, the second both: their difference is the second
    for said in said_by(6):
        yield world(True, ("few", 6, 0, 2, 2, 2), ("few", 12, 0, *said))
        for many in said_by(6):
            yield world(
                *(False, ("few", 6, 0, 2, 2, 2), ("many", 6, 0, 2, 2, 2)),
                *(("few", 12, 0, *said), ("many", 12, 0, *many)),
            )


def people_of(group, count, high, **given) -> list[tuple]:
    """Rows of a group: ``high`` of them give us the price 6, the others 4; else nobody is alike.

    ``given``: segment, the suppliers rated besides, whether they are named, the block, and how
    many found the first rival's hassle high.
    """
    found = []
    named, period = given.get("named", False), given.get("period", 1)
    for i in range(count):
        who = (f"{group}{period}{i}", given.get("segment"), named, period)
        own = (3 + i, 5 + i % 2 + i / 10, 6 if i < high else 4, 2 + i)
        found.append((*who, "(own)", *own))
        for place, rival in enumerate(given.get("rated", ())):
            hassle = (8 if i < given["hassle"] else 7) if "hassle" in given else 4 + i
            found.append(
                (*who, rival, 2 + i + place, 4 + i, 3 + i / 2, 5 - i / 4 if place else hassle)
            )
    return found


def map_worlds() -> Iterator[World]:
    """Rows: respondent, segment, is named, block, rated, product, service, price, hassle."""

    def world(known, *groups):
        rows, secrets = [], []
        for group, count, high, given in groups:
            rows += people_of(group, count, high, **given)
            if not given.get("named"):
                name = group, given.get("period", 1)
                secrets.append((("price", *name), high, count))
                if "hassle" in given:
                    secrets.append((("hassle", *name), given["hassle"], count))
        return World(tuple(rows), known, tuple(secrets))

    rival, other, both = {"rated": ("rival",)}, {"rated": ("other",)}, {"rated": ("rival", "other")}
    later = other | {"period": 2}
    for named, high, low, hassle in itertools.product((0, 2), range(5), range(5), range(5)):
        yield world(
            ("two rivals", named),
            ("a", 4, high, rival | {"hassle": hassle}),
            ("b", 4, low, other),
            ("n", named, 1, rival | {"named": True}),
        )
    for first, second, third in itertools.product(range(4), repeat=3):
        yield world(
            ("some rated both",),
            ("a", 3, first, rival),
            ("b", 3, second, other),
            ("c", 3, third, both),
        )
    for first, second in itertools.product(range(4), repeat=2):
        yield world(
            ("two blocks",),
            ("a", 3, first, rival),
            ("a", 3, second, rival | {"period": 2}),
            ("b", 3, 1, other),
            ("b", 3, 1, other | {"period": 2}),
        )
    # one who rated the rival rates the other in the next block; nobody knows what else he said
    for first, second, place, next_place in itertools.product(range(6), range(6), range(5), (0, 4)):
        mixed = world(("one rates another",), ("a", 5, first, rival), ("b", 5, second, later))
        same = {f"a1{place}": "m", f"b2{next_place}": "m"}
        said = (place < first) + (next_place < second)
        yield World(
            tuple((same.get(row[0], row[0]), *row[1:]) for row in mixed.rows),
            mixed.known,
            ((("of one",), said, 2),),
            is_of_means=True,
        )
    few, many = {"segment": "few"}, {"segment": "many"}
    for named, high, low in itertools.product((0, 2), range(5), range(5)):
        yield world(
            ("two segments", named),
            ("a", 4, high, few),
            ("b", 4, low, many),
            ("n", named, 1, few | {"named": True}),
        )
    for first, second in itertools.product(range(4), repeat=2):
        yield world(
            ("segments in two blocks",),
            ("a", 3, first, few),
            ("a", 3, second, few | {"period": 2}),
            ("b", 3, 1, many),
        )


ONE_YEAR = {
    "intermediate.int_entity_months": """
        select distinct entity_id, 1 as period_index, date '2024-05-01' as month_start_date,
            date '2024-05-31' as month_end_date, 2024 as fiscal_year from people""",
    "intermediate.int_entity_days": """
        select distinct entity_id, 1 as period_index, date '2024-05-01' as month_start_date,
            cast(date '2024-05-01' + cast(i as integer) as date) as date_day
        from people cross join range(0, 31) as r (i)""",
    "intermediate.int_released_periods": """
        select distinct entity_id, 1 as period_index, date '2024-05-01' as month_start_date,
            2024 as fiscal_year, true as is_year_over from people""",
}
ANSWERS = "intermediate.int_answers_by_year"
STAFF = "input.input_employee_survey_responses"
# a minority of staff beside the customers' agreement, else it had no row
OF_STAFF = """
    select distinct entity_id, 'customers_satisfied' as statement_id, 'staff' as grade,
        'x' as source_id, true as agrees, timestamp '2024-05-08 09:00:00' as asked_at from people"""
# by what is attacked: the mart, the worlds, their columns, what is made of them, and what is run
REASONED = {
    "staff": (
        "rpt_agreement_gap",
        staff_worlds,
        "respondent_id is_known grade agrees day",
        {
            STAFF: """
                select entity_id, 'customers_satisfied' as statement_id, grade, agrees,
                    respondent_id || '/' || day as source_id,
                    case when is_known then respondent_id end as respondent_id,
                    make_timestamp(2024, 5, day, 9, 0, 0) as asked_at from people""",
            ANSWERS: None,
        },
        ("int_staff_agreement", "int_statement_customers"),
    ),
    "customers of staff statements": (
        "rpt_agreement_gap",
        customer_worlds,
        "respondent_id is_named agrees",
        {
            STAFF: OF_STAFF,
            ANSWERS: """
                select entity_id, 1 as period_index, respondent_id as response_id, respondent_id,
                    respondent_id as customer_id, '(own)' as rated_id, is_named,
                    'overall_value' as attribute_id,
                    case when agrees then 9000000000 else 2000000000 end as score_units
                from people""",
        },
        ("int_staff_agreement", "int_statement_customers"),
    ),
    "consideration": (
        "rpt_consideration",
        consideration_worlds,
        "respondent_id is_named rated_count considered_count preferred_count",
        {
            "intermediate.int_considered_suppliers": """
                select *, 2024 as fiscal_year, 'overall_value' as outcome, true as is_customer,
                    respondent_id as cluster_id
                from people"""
        },
        (),
    ),
    "comments": (
        "rpt_comment_terms",
        comment_worlds,
        "respondent_id is_named term",
        {
            "intermediate.int_comment_terms": """
                select *, 'test' as record_source, respondent_id as source_id, 2024 as fiscal_year,
                    'survey' as comment_source, respondent_id as cluster_id, 'en' as language
                from people"""
        },
        (),
    ),
    "recommendation": (
        "rpt_recommendation_score",
        recommendation_worlds,
        "segment respondent_id customer_id is_named block score_units",
        {
            "intermediate.int_entity_months": f"""
                select distinct entity_id, period_index, {MONTH} as month_start_date,
                    last_day({MONTH}) as month_end_date, 2024 as fiscal_year
                from people cross join (values (6), (12), (18)) as periods (period_index)""",
            "intermediate.int_value_windows": """
                select distinct entity_id, 'block' as window_kind,
                    period_index as window_period_index, period_index
                from intermediate.int_entity_months""",
            "intermediate.int_single_question_answers": """
                select * exclude (segment, block), segment as cell_id, 'recommend' as attribute_id,
                    block as block_period_index, block as period_index, 'recommendation' as family
                from people""",
            "intermediate.int_value_map_readings": None,
            "intermediate.int_recommendation_links": None,
            "intermediate.int_segment_response_rates": None,
        },
        ("int_survey_cells_released", "int_recommendation_counts"),
    ),
    "value map": (
        "rpt_value_map rpt_competitor_value rpt_value_terms",
        map_worlds,
        "respondent_id segment is_named block rated_id product service price hassle",
        {
            "intermediate.int_entity_months": f"""
                select distinct entity_id, period_index, {MONTH} as month_start_date,
                    last_day({MONTH}) as month_end_date, 2024 as fiscal_year
                from people cross join (values (1), (2)) as periods (period_index)""",
            "intermediate.int_value_windows": """
                select distinct entity_id, 'block' as window_kind, block as window_period_index,
                    block as period_index
                from people""",
            "intermediate.int_value_base_windows": """
                select distinct entity_id, 'four_terms' as value_method from people""",
            "intermediate.int_value_par": """
                select distinct entity_id, 5000000000 as get_par_units,
                    5000000000 as price_par_units, 5000000000 as hassle_par_units,
                    5000000000 as give_par_units
                from people""",
            "intermediate.int_customers": """
                select distinct entity_id, respondent_id as customer_id, segment from people
                where segment is not null""",
            "intermediate.int_respondent_value_terms": """
                select entity_id, 'block' as window_kind, block as window_period_index, rated_id,
                    respondent_id, case when segment is not null then respondent_id end
                        as customer_id,
                    'payer' as role, is_named,
                    cast(product * 1000000000 as bigint) as product_quality_units,
                    cast(service * 1000000000 as bigint) as service_quality_units,
                    cast(price * 1000000000 as bigint) as price_units,
                    cast(hassle * 1000000000 as bigint) as hassle_units
                from people""",
            "intermediate.int_single_question_answers": None,
            "intermediate.int_customer_value_terms": None,
            "intermediate.int_term_evidence": None,
            "intermediate.int_nonresponse_weights": None,
            "intermediate.int_segment_response_rates": None,
            "intermediate.int_value_importance": None,
            "intermediate.int_value_variances": None,
        },
        (
            *("int_value_map_readings", "int_survey_cells_released", "int_value_map_points"),
            *("int_value_map_scored", "int_value_map_shrunk", "int_supplier_comparisons"),
            "int_supplier_preferences",
        ),
    ),
}
# of how many a minority must not be told, where it is not the policy's; a mean tells of one who
# differs, but not who it is
MINORITY = {"value map": 1}


def published(
    publications: Publications, attacked: str, worlds: list[World]
) -> Iterator[tuple[int, str, dict]]:
    """Every row of every world: which world, of which mart, and what it tells."""
    marts, _, columns, given, run = REASONED[attacked]
    frame = [(f"w{i}", *row) for i, world in enumerate(worlds) for row in world.rows]
    names = ["entity_id", *columns.split()]
    people = dict(zip(names, map(list, zip(*frame, strict=True)), strict=True))
    publications.connection.register("people", pa.table(people))
    publications.fill_policies()
    publications.connection.execute(
        "update policies.policy_value_parameters set value = '3'"
        " where parameter = 'aggregate_minimum_customers'"
    )
    for relation, sql in (ONE_YEAR | given).items():
        publications.give(relation, sql)
    for model in ("int_value_parameters", *run):
        publications.make(f"intermediate.{model}", publications.sql[f"intermediate.{model}"])
    for mart in marts.split():
        publications.make(f"marts.{mart}", publications.sql[f"marts.{mart}"])
        result = publications.connection.execute(f"select * from marts.{mart}")
        names = [d[0] for d in result.description]
        for row in result.fetchall():
            told = dict(zip(names, row, strict=True))
            yield int(told.pop("entity_id")[1:]), mart, told


def recovered(publications: Publications, attacked: str) -> list[str]:
    """What the attacker who reasons knows of how many, where they or the others are few."""
    minority = MINORITY.get(attacked, 3)
    worlds = list(REASONED[attacked][1]())
    rows: dict[int, list] = defaultdict(list)
    for i, mart, told in published(publications, attacked, worlds):
        rows[i].append(
            (
                mart,
                *(
                    str(value)
                    for name, value in told.items()
                    if not (worlds[i].is_of_means and name.endswith(("_low", "_high")))
                ),
            )
        )
    alike: dict[tuple, set[int]] = defaultdict(set)
    for i, world in enumerate(worlds):
        for name, count, people in world.secrets:
            alike[world.known, name, people, tuple(sorted(rows[i]))].add(count)
    assert len({key[-1] for key in alike}) > len({world.known for world in worlds}), "all closed"
    return [
        f"{count} of {people} {name} where {known}"
        for (known, name, people, _), counts in alike.items()
        if len(counts) == 1
        for count in counts
        if min(count, people - count) < minority
    ]


@pytest.mark.parametrize("attacked", REASONED)
def test_reasoning_recovers_no_minority(attacked, empty_build, compiled_manifest, tmp_path):
    database = empty_build.settings.build_db.read_bytes()
    marts = REASONED[attacked][0].split()
    made = Publications(compiled_manifest, database, tmp_path / "worlds.duckdb", marts)
    assert recovered(made, attacked) == []
    made.connection.close()


def scores_that_follow(publications: Publications) -> list[tuple[tuple[int, ...], list[int]]]:
    """Answers of five or six that are certain by what is told of the price they are about.

    Means near the ends of the scale tell much by themselves, and are left out.
    """
    scores = [
        found
        for people in (5, 6)
        for found in itertools.combinations_with_replacement(range(1, 11), people)
        if 3 * people <= sum(found) <= 8 * people
    ]
    worlds = [
        World(
            tuple(
                (f"p{i}", None, False, 1, supplier, *said)
                for i, given in enumerate(found)
                for supplier, said in (
                    ("rival", (2 + i, 3 + i % 3, given, 8 - i)),
                    ("(own)", (3 + i, 3 + i % 2, 4 + i % 3, 2 + i)),
                )
            ),
            (),
            (),
        )
        for found in scores
    ]
    told: dict[int, list] = defaultdict(list)
    for i, mart, row in published(publications, "value map", worlds):
        # what each of them said of us he does not know, so that a comparison is of no use to him
        if mart == "rpt_value_map":
            told[i] += [(mart, n, str(v)) for n, v in row.items() if n.startswith("relative_price")]
    alike = defaultdict(list)
    for i, found in enumerate(scores):
        alike[len(found), tuple(sorted(told[i]))].append(found)
    assert len(alike) > 20, "all closed"
    certain = (
        (found, sorted(set.intersection(*map(set, found))))
        for key, found in alike.items()
        # who are all alike are left out, and a window without them has no number
        if any(value != "None" for *_, value in key[1])
    )
    return [(found[0], answers) for found, answers in certain if answers]


def test_no_answer_follows_from_a_mean_and_its_interval(empty_build, compiled_manifest, tmp_path):
    """Nine digits of a variance are one more equation in whole numbers, and few solve both."""
    database = empty_build.settings.build_db.read_bytes()
    marts = REASONED["value map"][0].split()
    made = Publications(compiled_manifest, database, tmp_path / "told.duckdb", marts)
    assert scores_that_follow(made) == []
    made.connection.close()


def test_answers_follow_where_a_variance_of_few_is_told(empty_build, compiled_manifest, tmp_path):
    """Rounded up as of many, it leaves few sets of scores where nearly all are alike."""
    database = empty_build.settings.build_db.read_bytes()
    marts = REASONED["value map"][0].split()
    naive = Publications(compiled_manifest, database, tmp_path / "naive.duckdb", marts)
    scored = "intermediate.int_value_map_scored"
    asked = "when clusters_count < aggregate_low_customers then"
    assert asked in naive.sql[scored]
    naive.sql[scored] = naive.sql[scored].replace(asked, "when clusters_count < 1 then")
    assert scores_that_follow(naive)
    naive.connection.close()


# the line without which a minority would be recovered, and another; of the mart, where not said
UNPROTECTED = {
    "staff": ("max(years.minimum_minority) as", "1 as"),
    "customers of staff statements": ("max(years.minimum_minority) as", "1 as"),
    "consideration": ("\n        minimum_minority\n", "\n        1 as minimum_minority\n"),
    "comments": ("voices.otherwise_count < gates.minimum_count", "voices.otherwise_count = 0"),
    "recommendation": (
        *("parameters.minimum_minority,", "1 as minimum_minority,"),
        "intermediate.int_survey_cells_released",
    ),
    "value map": (*("max(minimum_minority) = 0", "true", "intermediate.int_value_map_readings"),),
}


@pytest.mark.parametrize("attacked", UNPROTECTED)
def test_reasoning_recovers_the_minority_where_only_all_alike_are_closed(
    attacked, empty_build, compiled_manifest, tmp_path
):
    database = empty_build.settings.build_db.read_bytes()
    marts = REASONED[attacked][0].split()
    naive = Publications(compiled_manifest, database, tmp_path / "naive.duckdb", marts)
    asked, instead, *where = UNPROTECTED[attacked]
    [relation] = where or [f"marts.{marts[0]}"]
    assert asked in naive.sql[relation]
    naive.sql[relation] = naive.sql[relation].replace(asked, instead)
    assert recovered(naive, attacked)
    naive.connection.close()


def test_reasoning_counts_people_of_staff_in_several_waves_once(
    empty_build, compiled_manifest, tmp_path
):
    """Where every answer counted, four managers asked three times would be twelve."""
    database = empty_build.settings.build_db.read_bytes()
    path = tmp_path / "naive.duckdb"
    naive = Publications(compiled_manifest, database, path, ("rpt_agreement_gap",))
    votes = "intermediate.int_staff_agreement"
    asked = "coalesce(responses.respondent_id, responses.source_id) as voter_id"
    assert asked in naive.sql[votes]
    naive.sql[votes] = naive.sql[votes].replace(asked, "responses.source_id as voter_id")
    assert any("(True, 4, 3)" in found for found in recovered(naive, "staff"))
    naive.connection.close()
