"""Random customers through the SQL of the whale curve and of the measures of concentration.

One customer, all of them losing, nobody ranked, ties and nothing but zeros among them; what comes
out is held against the definitions in exact fractions, by double sums where the SQL uses ranks.
"""

import re
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# what ``--empty`` puts round a relation
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")
GIVEN = {
    "int_customer_profit_by_period": "entity_id, customer_id, profit_amount, period, profit_level,"
    " currency, periods_count, signable",
    "int_customers": "entity_id, customer_id, is_unknown, is_intercompany",
}
MODELS = ("int_customer_profit_ranks", "rpt_whale_curve", "rpt_profit_concentration")
# half of a unit of the ninth decimal
ROUNDING = Fraction(1, 2 * 10**9)

gains = st.one_of(st.just(0), st.integers(1, 3), st.integers(1, 10**9))
profits = st.one_of(
    st.lists(gains.map(lambda units: -units), min_size=1, max_size=8),
    st.lists(st.one_of(gains, gains.map(lambda units: -units)), min_size=1, max_size=12),
)
companies = st.tuples(profits, st.lists(st.integers(-(10**6), 10**6), max_size=2))


@pytest.fixture(scope="module")
def curve(empty_build, compiled_manifest, tmp_path_factory):
    """Runs the models over companies: profits of ranked customers, profits of others."""
    path = tmp_path_factory.mktemp("curve") / "twofold.duckdb"
    path.write_bytes(empty_build.settings.build_db.read_bytes())
    connection = duckdb.connect(str(path))
    nodes = {n["name"]: n for n in compiled_manifest["nodes"].values()}

    def run(batch: list[tuple[list[int], list[int]]]) -> duckdb.DuckDBPyConnection:
        for relation, columns in GIVEN.items():
            connection.execute(f"delete from intermediate.{relation}")
            rows = []
            for number, (ranked, others) in enumerate(batch):
                for place, units in enumerate([*ranked, *others]):
                    key = (f"e{number}", f"c{place:02d}")
                    is_other = place >= len(ranked)
                    rows.append(
                        (*key, is_other and place % 2 == 0, is_other and place % 2 == 1)
                        if relation == "int_customers"
                        else (*key, Decimal(units) / 10000, "all", "profit", "EUR", 1, True)
                    )
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(
                f"insert into intermediate.{relation} ({columns}) values ({marks})", rows
            )
        for model in MODELS:
            sql = EMPTIED.sub(r"\1", nodes[model]["compiled_code"])
            connection.execute(f"create or replace table {nodes[model]['schema']}.{model} as {sql}")
        return connection

    return run


def near(found: Decimal | None, exact: Fraction | None) -> bool:
    """Whether a share is the exact one at nine decimals, or empty where there is none."""
    if exact is None or found is None:
        return exact is None and found is None
    return abs(Fraction(found) - exact) <= ROUNDING


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(companies, min_size=40, max_size=80))
def test_curve_and_measures_are_their_definitions(curve, batch):
    connection = curve([*batch, ([-5], []), ([0, 0], []), ([7], [-7]), ([3, -1], [])])
    batch = [*batch, ([-5], []), ([0, 0], []), ([7], [-7]), ([3, -1], [])]
    for number, (ranked, others) in enumerate(batch):
        n, total, own = len(ranked), sum(ranked) + sum(others), sum(ranked)
        order = sorted(range(n), key=lambda place: (-ranked[place], place))
        found = connection.execute(
            "select customer_id, customer_rank, cumulative_profit_amount, cumulative_profit_share"
            f" from marts.rpt_whale_curve where entity_id = 'e{number}' order by customer_rank"
        ).fetchall()
        assert len(found) == n + len(others)
        running = 0
        for rank, place in enumerate(order, start=1):
            running += ranked[place]
            customer, found_rank, cumulative, share = found[rank - 1]
            assert (customer, found_rank) == (f"c{place:02d}", rank)
            assert cumulative * 10000 == running
            assert near(share, Fraction(running, total) if total > 0 else None)
        assert all(row[1:] == (None, None, None) for row in found[n:])
        apart = sum(abs(a - b) for a in ranked for b in ranked)
        money = sum(abs(x) for x in ranked)
        lost = sum(-x for x in ranked if x < 0)
        gained = sum(x for x in ranked if x > 0)
        measures = connection.execute(
            "select customers_count, loss_making_count, total_profit_amount * 10000,"
            " hidden_profit_amount * 10000, peak_share, erosion_share, gini_coefficient,"
            " gini_rsv_coefficient from marts.rpt_profit_concentration"
            f" where entity_id = 'e{number}'"
        ).fetchall()
        assert len(measures) == 1
        assert measures[0][:4] == (n, sum(x < 0 for x in ranked), total, lost)
        peak, erosion, gini, variability = measures[0][4:]
        assert near(peak, Fraction(gained, total) if total > 0 else None)
        assert near(erosion, Fraction(lost, total) if total > 0 else None)
        assert near(gini, Fraction(apart, 2 * n * own) if own > 0 else None)
        exact = Fraction(apart, 2 * (n - 1) * money) if n > 1 and money else None
        assert near(variability, exact)
        assert exact is None or 0 <= exact <= 1
