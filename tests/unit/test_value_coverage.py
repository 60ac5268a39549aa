"""Do the intervals of perceived value hold the truth as often as they say?

200 small worlds, each an entity, go through the compiled SQL in one run. A world's truth is not
made by the model's formula or weights: worth is a product of powers of two benefits and two burdens
with unequal exponents, hassle has a kink in mishaps, people see things through a bias of their own,
answer on rounded scales, and fall silent more often where things went wrong. The model divides
plain sums.

Truth of a customer: worth of what he gets over what he gives, against the ratio of means of the
customers who set par (rules R23, R35).
Truth of the recommendation score: promoters less detractors among all who would answer of all the
customers a world could have drawn. Colleagues share what their company lives through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.settings import PROJECT

WORLDS, CUSTOMERS, PERIODS = 200, 120, 12
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")
SEEDS = (
    "policy_value_parameters",
    "policy_value_attributes",
    "policy_hassle_rates",
    "policy_minute_values",
)
GIVEN = (
    "intermediate.int_entities",
    "intermediate.int_entity_months",
    "intermediate.int_entity_days",
    "intermediate.int_released_periods",
    "intermediate.int_customers",
    "intermediate.int_active_customer_months",
    "intermediate.int_operational_events",
    "intermediate.int_customer_prices_monthly",
    "input.input_survey_responses",
)
# in the order in which each reads what went before
MODELS = [
    "int_value_parameters",
    "int_value_windows",
    "int_value_questions",
    "int_survey_answers_scored",
    "int_surveyed_entities",
    "int_respondent_value_terms",
    "int_customer_value_answers",
    "int_value_base_windows",
    "int_hassle_rates",
    "int_customer_operations_monthly",
    "int_customer_operations_trailing",
    "int_customer_operations_all_periods",
    "int_operational_par",
    "int_customer_operational_ratios",
    "int_customer_value_terms",
    "int_value_par",
    "int_customer_value_logs",
    "int_customer_value_priors",
    "int_operational_calibration",
    "int_value_variances",
    "int_survey_invitations",
    "int_customer_response_rates",
    "int_segment_response_rates",
    "int_value_map_readings",
    "int_single_question_answers",
    "int_survey_cells_released",
    "int_nonresponse_weights",
    "int_value_map_points",
    "int_value_importance",
    "int_value_map_scored",
    "int_competitor_value",
    "int_customer_perceived_value",
    "int_customer_perceived_value_computed_monthly",
    "fct_customer_perceived_value_monthly",
    "int_value_map_shrunk",
    "rpt_value_map",
    "int_recommendation_counts",
    "int_recommendation_links",
    "rpt_recommendation_score",
]
ITEMS = {
    "product": ("pq_performance", "pq_reliability", "pq_range"),
    "service": ("sq_expertise", "sq_responsiveness", "sq_delivery"),
    "price": ("pr_level", "pr_fairness"),
    "hassle": ("ha_ordering", "ha_problems", "ha_resolution"),
}
REVERSED = {"pr_fairness"}
SEGMENTS = ("loyal", "new", "rare", "rarest")
MINIMUM = 5


MONTH = "cast(date '2025-01-01' + to_months(cast(period_index - 1 as integer)) as date)"
WORLD_ROWS = {
    "intermediate.int_entities": "select entity_id, 'EUR' as currency from entities",
    "intermediate.int_entity_months": f"""
        select entity_id, period_index, {MONTH} as month_start_date,
            last_day({MONTH}) as month_end_date
        from entities cross join (select i as period_index from range(1, 100) as r (i))
        where period_index <= periods""",
    "intermediate.int_entity_days": """
        select entity_id, period_index, month_start_date, month_start_date + 9 as date_day
        from intermediate.int_entity_months""",
    "intermediate.int_released_periods": """
        select entity_id, period_index, month_start_date from intermediate.int_entity_months""",
    "intermediate.int_customers": "select entity_id, customer_id, segment from customers",
    "intermediate.int_active_customer_months": f"""
        select entity_id, customer_id, period_index, {MONTH} as month_start_date from customers""",
    "intermediate.int_operational_events": f"""
        select entity_id, 'test' as record_source, customer_id || event_type as source_id,
            event_type, customer_id, {MONTH} + 9 as event_date, quantity, period_index,
            {MONTH} as month_start_date
        from events""",
    "input.input_survey_responses": f"""
        select entity_id, 'test' as record_source,
            customer_id || '/' || person || '/' || question_id as source_id,
            customer_id || '/' || person as response_id,
            customer_id || '/' || person as respondent_id,
            customer_id, 'payer' as role, {MONTH} + 9 as asked_at,
            case when score is not null then {MONTH} + 9 end as answered_at,
            'relationship' as survey_id, question_id, score,
            case when question_id = 'recommend' then 0 else 1 end as scale_min, 10 as scale_max,
            1 as weight, confidentiality
        from answers""",
}


@dataclass(frozen=True)
class World:
    """One world: true benefit and burden of each customer, and the rows that its entity delivers.

    ``benefit`` and ``burden`` are arrays over customers, without unit; ``segment`` is a whole
    number; ``mishap`` is the chance that a delivery goes wrong. Events lie in the last of
    ``periods``.
    """

    benefit: np.ndarray
    burden: np.ndarray
    segment: np.ndarray
    mishap: np.ndarray
    events: list[tuple]
    answers: list[tuple]
    periods: int = PERIODS


def states(
    draw: np.random.Generator, segment: np.ndarray, mishap: np.ndarray, differs: float
) -> tuple[np.ndarray, ...]:
    """Levels of product, service, price and hassle of customers, 1 being ordinary."""
    n = len(segment)
    # heavy tails: a few customers are very unlike the others
    product = np.exp(differs * 0.09 * draw.standard_t(5, n) + differs * 0.06 * segment)
    service = np.exp(differs * 0.08 * draw.standard_t(5, n)) * (1 - 0.5 * mishap)
    price = np.exp(differs * 0.12 * draw.standard_normal(n) + differs * 0.05 * segment)
    hassle = np.exp(differs * 0.12 * draw.standard_normal(n)) * (
        0.9 + 1.2 * np.maximum(mishap - 0.08, 0)
    )
    return product, service, price, hassle


def worth(product, service, price, hassle) -> tuple[np.ndarray, np.ndarray]:
    """What customers get and give, as they and nobody else weigh it."""
    return product**0.56 * service**0.44, price**0.58 * hassle**0.42


def recommends(draw: np.random.Generator, value: np.ndarray, lived: np.ndarray) -> np.ndarray:
    """What people answer from 0 to 10: by worth, what their company has lived, and themselves."""
    own = draw.standard_normal(len(value))
    return np.clip(np.rint(7.5 + 4 * np.log(value) + 1.6 * lived + 1.2 * own), 0, 10)


def make_world(entity: str, seed: int, only_failures: bool = False) -> World:
    """One world from one seed; with ``only_failures`` nothing but mishaps tells customers apart."""
    draw = np.random.default_rng(seed)
    n = CUSTOMERS
    differs = 0.0 if only_failures else 1.0
    segment = (draw.random(n) < 0.4).astype(int)
    # most have few mishaps, some many; in the world of failures half have none and half many
    mishap = draw.beta(1, 6, n)
    if only_failures:
        mishap = np.where(np.arange(n) % 2 == 0, 0.0, 0.6)
    deliveries = 3 + draw.poisson(8, n)
    product, service, price, hassle = states(draw, segment, mishap, differs)
    gone_wrong = draw.binomial(deliveries, mishap)
    events = []
    for i in range(n):
        if only_failures:
            gone_wrong[i] = deliveries[i] // 2 if mishap[i] else 0
        for kind, quantity in (
            ("delivery_received", deliveries[i]),
            ("delivery_late", gone_wrong[i]),
            ("case_opened", max(1, gone_wrong[i])),
            ("case_contact", 2 * gone_wrong[i]),
            ("case_reopened", gone_wrong[i] // 2),
        ):
            if quantity:
                events.append((entity, f"c{i}", kind, int(quantity)))
    answers, recommenders = [], []
    for i in range(n):
        if only_failures and i % 3:
            continue
        name = ("confidential", "named")[int(draw.random() < 0.85)]
        people = int(draw.choice([1, 2, 4], p=[0.3, 0.4, 0.3]))
        for person in range(people):
            answers_at_all = draw.random() < (0.75 if mishap[i] < 0.12 else 0.5)
            if not answers_at_all and not only_failures:
                answers.append((entity, f"c{i}", person, name, PERIODS, "pq_performance", None))
                continue
            recommenders.append((i, person, name))
            # who likes us sees more in what he gets and less in what he gives
            liking = 0.07 * draw.standard_normal()
            for term, level in (
                ("product", 6.0 * product[i] * np.exp(liking)),
                ("service", 6.0 * service[i] * np.exp(liking)),
                ("price", 5.0 * price[i] * np.exp(-liking)),
                ("hassle", 5.0 * hassle[i] * np.exp(-liking)),
            ):
                for item in ITEMS[term]:
                    seen = level * np.exp(0.12 * draw.standard_normal())
                    score = float(np.clip(np.rint(seen), 1, 10))
                    answers.append(
                        (
                            entity,
                            f"c{i}",
                            person,
                            name,
                            PERIODS,
                            item,
                            11 - score if item in REVERSED else score,
                        )
                    )
    benefit, burden = worth(product, service, price, hassle)
    # of its own, so that the other answers do not hang on it
    draw = np.random.default_rng(10_000 + seed)
    who = np.array([i for i, _, _ in recommenders])
    told = recommends(draw, (benefit / burden)[who], draw.standard_normal(n)[who])
    for (i, person, name), score in zip(recommenders, told, strict=True):
        answers.append((entity, f"c{i}", person, name, PERIODS, "recommend", float(score)))
    return World(
        benefit=benefit,
        burden=burden,
        segment=segment,
        mishap=mishap,
        events=events,
        answers=answers,
    )


def make_secretive_world(entity: str, seed: int) -> World:
    """Three years with few answers in some segments; each customer answers once."""
    draw = np.random.default_rng(seed)
    periods = 36
    segment, answers = [], []
    for period in range(1, periods + 1):
        for place, often in enumerate((4.0, 1.3, 0.5, 0.12)):
            for _ in range(draw.poisson(often)):
                customer = f"c{len(segment)}"
                segment.append(place)
                name = ("confidential", "named")[int(draw.random() < 0.7)]
                for items in ITEMS.values():
                    for item in items:
                        score = float(draw.integers(1, 11))
                        answers.append((entity, customer, 0, name, period, item, score))
    ones = np.ones(len(segment))
    events = [(entity, "c0", "delivery_received", 1)]
    return World(ones, ones, np.array(segment), 0 * ones, events, answers, periods)


def everybody() -> float:
    """True worth in the second segment, of all the customers a world could have drawn.

    What an interval of a segment is about: customers are drawn from many, so those who were not
    drawn count as much as those who were.
    """
    draw = np.random.default_rng(WORLDS + 1)
    n = 1_000_000
    mishap = draw.beta(1, 6, n)
    benefit, burden = worth(*states(draw, np.ones(n), mishap, 1.0))
    return benefit.mean() / burden.mean()


def everybody_recommends() -> dict[str, float]:
    """True score in points, of all and in the second segment, of all who would ever answer."""
    draw = np.random.default_rng(WORLDS + 3)
    n = 1_000_000
    segment = (draw.random(n) < 0.4).astype(int)
    mishap = draw.beta(1, 6, n)
    benefit, burden = worth(*states(draw, segment, mishap, 1.0))
    people = draw.binomial(
        draw.choice([1, 2, 4], p=[0.3, 0.4, 0.3], size=n), np.where(mishap < 0.12, 0.75, 0.5)
    )
    who = np.repeat(np.arange(n), people)
    told = recommends(draw, (benefit / burden)[who], draw.standard_normal(n)[who])
    vote = (told >= 9).astype(int) - (told <= 6)
    return {"(all)": 100 * vote.mean(), "new": 100 * vote[segment[who] == 1].mean()}


def table(rows: list[tuple], names: str) -> pa.Table:
    """Rows as an Arrow table with the named columns."""
    return pa.table(
        {n: list(c) for n, c in zip(names.split(), zip(*rows, strict=True), strict=True)}
    )


class Warehouse:
    """The models' SQL on a database that holds nothing but the worlds at hand."""

    def __init__(self, manifest: dict, path: str) -> None:
        self.connection = duckdb.connect(path)
        name = self.connection.execute("select current_database()").fetchone()[0]
        nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
        self.sql: dict[str, str] = {}
        for model in MODELS:
            sql = EMPTIED.sub(r"\1", nodes[model]["compiled_code"])
            relation = f"{nodes[model]['schema']}.{model}"
            kind = "view" if nodes[model]["config"]["materialized"] == "view" else "table"
            sql = sql.replace('"twofold".', f'"{name}".')
            self.sql[relation] = f"create or replace {kind} {relation} as {sql}"

    def fill(self, worlds: dict[str, World]) -> None:
        """Put the worlds in place of whatever the database held."""
        execute = self.connection.execute
        for seed in SEEDS:
            path = PROJECT / f"seeds/policies/{seed}.csv"
            execute(f"delete from policies.{seed}")
            execute(
                f"insert into policies.{seed} by name select * from read_csv('{path}', header=true,"
                " all_varchar=true)"
            )
        for relation in GIVEN:
            execute(f"delete from {relation}")
        entities = table(  # noqa: F841 tables are read by name below
            [(entity, world.periods) for entity, world in worlds.items()], "entity_id periods"
        )
        customers = table(  # noqa: F841
            [
                (entity, f"c{i}", SEGMENTS[segment], world.periods)
                for entity, world in worlds.items()
                for i, segment in enumerate(world.segment)
            ],
            "entity_id customer_id segment period_index",
        )
        events = table(  # noqa: F841
            [(*row, world.periods) for world in worlds.values() for row in world.events],
            "entity_id customer_id event_type quantity period_index",
        )
        answers = table(  # noqa: F841
            [row for world in worlds.values() for row in world.answers],
            "entity_id customer_id person confidentiality period_index question_id score",
        )
        # worlds of intervals have no secrets: a score closed for what was said would bias the count
        execute(
            "insert into policies.policy_value_parameters by name"
            " select policy.* replace (world as entity_id, '0' as value)"
            " from policies.policy_value_parameters as policy"
            " cross join (select entity_id as world from entities where entity_id like 'w%')"
            " where parameter = 'minimum_minority'"
        )
        for relation, sql in WORLD_ROWS.items():
            execute(f"insert into {relation} by name {sql}")
        for statement in self.sql.values():
            execute(statement)

    def rows(self, sql: str) -> list[tuple]:
        """What a query gives."""
        return self.connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    made = {f"w{seed:03}": make_world(f"w{seed:03}", seed) for seed in range(WORLDS)}
    made["failures"] = make_world("failures", WORLDS, only_failures=True)
    made["secretive"] = make_secretive_world("secretive", WORLDS + 2)
    return made


@pytest.fixture(scope="module")
def warehouse(empty_build, compiled_manifest, worlds, tmp_path_factory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("worlds") / "twofold.duckdb"
    path.write_bytes(empty_build.settings.build_db.read_bytes())
    made = Warehouse(compiled_manifest, str(path))
    made.fill(worlds)
    yield made
    made.connection.close()


def par_of(warehouse: Warehouse, worlds: dict[str, World]) -> dict[str, float]:
    """True worth of what the customers who set par get over what they give, as a ratio of means."""
    setters: dict[str, list[int]] = {}
    for entity, customer in warehouse.rows(
        "select terms.entity_id, terms.customer_id"
        " from intermediate.int_customer_value_terms as terms"
        " inner join intermediate.int_value_par as par"
        " using (entity_id, window_kind, window_period_index) where terms.is_complete"
    ):
        setters.setdefault(entity, []).append(int(customer[1:]))
    return {
        entity: worlds[entity].benefit[who].mean() / worlds[entity].burden[who].mean()
        for entity, who in setters.items()
    }


def test_intervals_of_customers_hold_the_truth_in_nine_worlds_of_ten(warehouse, worlds):
    par = par_of(warehouse, worlds)
    hits, widths = 0, {}
    found = {
        (entity, customer): (status, float(low), float(high))
        for entity, customer, status, low, high in warehouse.rows(
            "select entity_id, customer_id, measurement_status, perceived_value_low,"
            " perceived_value_high from marts.fct_customer_perceived_value_monthly"
            " where perceived_value_index is not null and entity_id like 'w%'"
        )
    }
    for number in range(WORLDS):
        entity = f"w{number:03}"
        world = worlds[entity]
        truth = world.benefit / world.burden / par[entity]
        # one customer a world, who is picked by the world's number and by nothing else
        i = number * 7 % CUSTOMERS
        status, low, high = found[entity, f"c{i}"]
        widths.setdefault(status, []).append(high / low)
        hits += low <= truth[i] <= high
    assert 170 <= hits <= 190, hits
    # the widest interval would always hit
    assert np.median(widths["low_n"]) < 1.4
    assert np.median(widths["modelled"]) < 1.7
    # and of all customers of all worlds, not only of those picked
    of_all = [
        low <= worlds[entity].benefit[i] / worlds[entity].burden[i] / par[entity] <= high
        for (entity, customer), (_, low, high) in found.items()
        for i in [int(customer[1:])]
    ]
    assert 0.85 < np.mean(of_all) < 0.95
    pooled = "select count(*) from intermediate.int_value_variances where variance_basis = 'pooled'"
    assert warehouse.rows(pooled)[0][0] > 190


def test_intervals_of_segments_hold_the_truth_in_nine_worlds_of_ten(warehouse, worlds):
    par, of_all = par_of(warehouse, worlds), everybody()
    hits, widths = 0, []
    for entity, low, high in warehouse.rows(
        "select entity_id, value_low, value_high from marts.rpt_value_map"
        " where map_level = 'segment' and rated_id = 'new' and entity_id like 'w%'"
    ):
        truth = of_all / par[entity]
        hits += float(low) <= truth <= float(high)
        widths.append(float(high) / float(low))
    assert len(widths) == WORLDS
    assert 170 <= hits <= 190, hits
    assert np.median(widths) < 1.25


@pytest.mark.parametrize(("rated", "width"), [("(all)", 40), ("new", 62)])
def test_recommendation_scores_hold_the_truth_in_nineteen_worlds_of_twenty(warehouse, rated, width):
    truth = everybody_recommends()[rated]
    found = np.array(
        warehouse.rows(
            "select recommendation_score, recommendation_low, recommendation_high, answers_count,"
            " effective_respondents, promoters_share + detractors_share"
            f" from marts.rpt_recommendation_score where rated_id = '{rated}'"
            " and entity_id like 'w%' and recommendation_score is not null"
        ),
        dtype=float,
    )
    score, low, high, n, effective, either = found.T
    assert len(found) == WORLDS
    hits = np.sum((low <= truth) & (truth <= high))
    # the binomial band of 95 % of 200
    assert 182 <= hits <= 197, hits
    assert np.median(high - low) < width
    assert np.all(effective <= n)
    # as if colleagues did not know each other, it would be wrong three times as often as it says
    alone = 1.96 * np.sqrt((100**2 * either - score**2) / n)
    assert np.sum(np.abs(score - truth) <= alone) < 182


def test_failure_demand_is_not_read_as_luxury(warehouse, worlds):
    """Who only calls, waits and reopens more has less value, whoever was asked and whoever not."""
    failing = worlds["failures"].mishap > 0
    low, high = [], []
    for customer, index, status in warehouse.rows(
        "select customer_id, perceived_value_index, measurement_status"
        " from marts.fct_customer_perceived_value_monthly where entity_id = 'failures'"
    ):
        assert status != "not_measured"
        (low if failing[int(customer[1:])] else high).append(float(index))
    assert len(low) == len(high) == CUSTOMERS // 2
    assert max(low) < 1 < np.median(high)
    assert max(low) < min(high)


def cells_of(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each customer of a world in which each answers once: segment, period, whether named."""
    period, named = np.zeros(len(world.segment), int), np.zeros(len(world.segment), bool)
    for _, customer, _, name, when, *_ in world.answers:
        period[int(customer[1:])], named[int(customer[1:])] = when, name == "named"
    return np.array(world.segment), period, named


def isolated(shown: list[np.ndarray], secrets: list[np.ndarray]) -> list[int]:
    """Which secrets (sets of customers) follow by adding and subtracting what is shown.

    ``shown`` has for each published number an array over customers, true where one is in it.
    """
    known = np.array(shown, float)
    rank = np.linalg.matrix_rank(known)
    return [
        place
        for place, secret in enumerate(secrets)
        if np.linalg.matrix_rank(np.vstack([known, secret.astype(float)])) == rank
    ]


def test_no_suppressed_cell_follows_from_the_published_ones(warehouse, worlds):
    """Overlapping windows, totals and segments are set off against each other.

    A secret is a closed point, or the customers of a segment in one period or block who are too few
    to be shown, all of them or those whose answers are not named.
    """
    segment, period, named = cells_of(worlds["secretive"])
    # the attacker is told which answers that are not named were left out
    counted = named.copy()
    for cell, last in warehouse.rows(
        "select cell_id, block_period_index from intermediate.int_survey_cells_released"
        " where entity_id = 'secretive' and family = 'segment' and is_not_named_shown"
    ):
        counted |= (segment == SEGMENTS.index(cell)) & (period <= last) & (period > last - 6)

    def members(level, rated, last):
        inside = counted & (period <= last) & (period > last - 12)
        return inside if level == "entity" else inside & (segment == SEGMENTS.index(rated))

    points = warehouse.rows(
        "select map_level, rated_id, (year(month_start_date) - 2025) * 12"
        " + month(month_start_date), value_index is not null, customers_count"
        " from marts.rpt_value_map where entity_id = 'secretive'"
    )
    closed = [members(*point[:3]) for point in points if not point[3]]
    shown = [members(*point[:3]) for point in points if point[3]]
    assert closed and len(shown) > 10, "the world shows both"
    parts = [
        counted & (segment == place) & (period > last - length) & (period <= last)
        for place in range(len(SEGMENTS))
        for length in (1, 6)
        for last in range(length, 37, length)
    ]
    parts += [part & ~named for part in parts]
    secrets = closed + [part for part in parts if 0 < part.sum() < MINIMUM]
    assert isolated(shown, secrets) == []

    # the same attack succeeds where every window with enough customers is shown
    naive = [
        members(level, rated, last)
        for last in range(1, 37)
        for level, rated in [("entity", ""), *(("segment", name) for name in SEGMENTS)]
    ]
    naive = [row for row in naive if row.sum() >= MINIMUM]
    assert isolated(naive, secrets) != []
