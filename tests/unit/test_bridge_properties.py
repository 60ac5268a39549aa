"""Random sales and work through the SQL of the profit bridge: nothing is ever left over.

The compiled SQL of the bridge's steps runs on a database of its own; its cells are random, with
refunds, free goods, quantities without money, sides that are missing, rates of exchange that move
and customers who come and go. Many organisations at once, each an entity.
"""

import re
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

BEFORE, NOW = "2025-01-01", "2025-02-01"
# what ``--empty`` put round a relation
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")
MODELS = ("int_bridge_cells", "int_bridge_effects", "rpt_profit_bridge")
GIVEN = {
    "int_entities": "entity_id, currency",
    "int_bridge_comparisons": "entity_id, comparison, month_start_date, base_month_start_date,"
    " has_ledgers, base_scenario, is_by_customer",
    "int_bridge_customers": "entity_id, customer_id, comparison, month_start_date, profit_level,"
    " is_new, is_lost",
    "int_products_on_offer_monthly": "entity_id, product_id, month_start_date",
    "int_bridge_rates_monthly": "entity_id, scenario, month_start_date, currency, rate_units",
    "int_profit_cells_monthly": "entity_id, month_start_date, customer_id, cell_kind, item_id,"
    " activity, transaction_currency, method, quantity, effort_quantity, pocket_amount,"
    " transaction_pocket_amount, gross_pocket_amount, gross_transaction_amount,"
    " freight_charged_amount, cost_amount",
}
FACTORS = ("volume", "mix", "efficiency", "price", "exchange", "cost_rate")
OUTSIDE = (
    "capacity_effect_amount + new_customers_amount + lost_customers_amount + new_products_amount"
    " + lost_products_amount + method_change_amount + frozen_difference_amount"
)

money = st.one_of(st.just(0), st.integers(-300, 300), st.integers(-(10**8), 10**8)).map(
    lambda units: Decimal(units) / 10000
)
quantities = st.one_of(st.just(0), st.integers(-5, 50), st.integers(1, 2000)).map(Decimal)


@st.composite
def organisations(draw) -> dict[str, list[tuple]]:
    """Rows of one organisation by relation, without its name."""
    rows: dict[str, list[tuple]] = {relation: [] for relation in GIVEN}
    rows["int_entities"] = [("EUR",)]
    rows["int_bridge_comparisons"] = [("previous_period", NOW, BEFORE, True, "actual", True)]
    customers = [f"c{i}" for i in range(draw(st.integers(1, 3)))]
    for customer in customers:
        came, went = draw(st.sampled_from([(False, False)] * 3 + [(True, False), (False, True)]))
        level = draw(st.sampled_from(["operating_profit", "gross_margin", "pocket"]))
        rows["int_bridge_customers"].append((customer, "previous_period", NOW, level, came, went))
    for month in (BEFORE, NOW):
        for currency in ("USD", "GBP"):
            if draw(st.booleans()):
                rate = draw(st.integers(10**11, 10**13))
                rows["int_bridge_rates_monthly"].append(("actual", month, currency, rate))
        for product in ("P", "Q"):
            if draw(st.booleans()):
                rows["int_products_on_offer_monthly"].append((product, month))
        for customer in customers:
            for product in draw(st.lists(st.sampled_from(["P", "Q", None]), unique=True)):
                quantity, pocket = draw(quantities), draw(money)
                basis = draw(st.sampled_from(["measured", "assumed"]))
                currency = draw(st.sampled_from(["EUR", "USD", "GBP"]))
                gross = abs(pocket)
                amounts = (quantity, pocket, draw(money), gross, gross, draw(money), draw(money))
                rows["int_profit_cells_monthly"].append(
                    (month, customer, "sale", product, None, currency, basis, quantity, *amounts)
                )
            for kind in draw(
                st.lists(st.sampled_from(["work", "dedicated", "traced"]), unique=True)
            ):
                method = draw(st.sampled_from(["one", "other"]))
                work = (draw(quantities), draw(quantities), 0, 0, 0, 0, 0, draw(money))
                rows["int_profit_cells_monthly"].append(
                    (month, customer, kind, kind, "call", None, method, *work)
                )
        if draw(st.booleans()):
            rows["int_profit_cells_monthly"].append(
                (month, None, "unused", "work", None, None, "one", 0, 0, 0, 0, 0, 0, 0, draw(money))
            )
    return rows


class Bridge:
    """The bridge's SQL on a database that holds nothing but the organisations at hand."""

    def __init__(self, manifest: dict, path: str) -> None:
        self.connection = duckdb.connect(path)
        # as profiles.yml has it
        self.connection.execute("set disabled_optimizers = 'type_pushdown'")
        nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
        self.models = {
            f"{nodes[model]['schema']}.{model}": EMPTIED.sub(r"\1", nodes[model]["compiled_code"])
            for model in MODELS
        }

    def run(self, organisations: list[dict[str, list[tuple]]]) -> None:
        """Build the bridge of these organisations alone."""
        for relation, columns in GIVEN.items():
            self.connection.execute(f"delete from intermediate.{relation}")
            rows = [
                (f"e{number}", *row)
                for number, organisation in enumerate(organisations)
                for row in organisation[relation]
            ]
            if rows:
                marks = ", ".join("?" for _ in rows[0])
                self.connection.executemany(
                    f"insert into intermediate.{relation} ({columns}) values ({marks})", rows
                )
        for relation, sql in self.models.items():
            self.connection.execute(f"create or replace table {relation} as {sql}")

    def rows(self, sql: str) -> list[tuple]:
        """What a query gives."""
        return self.connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def bridge(empty_build, compiled_manifest, tmp_path_factory) -> Bridge:
    path = tmp_path_factory.mktemp("bridge") / "twofold.duckdb"
    path.write_bytes(empty_build.settings.build_db.read_bytes())
    return Bridge(compiled_manifest, str(path))


def profits(organisations: list[dict[str, list[tuple]]]) -> dict[tuple, Decimal]:
    """Profit by entity, customer and month at each customer's level, from the cells themselves."""
    found: dict[tuple, Decimal] = {}
    for number, organisation in enumerate(organisations):
        levels = {row[0]: row[3] for row in organisation["int_bridge_customers"]}
        for cell in organisation["int_profit_cells_monthly"]:
            month, customer, kind = cell[:3]
            pocket, freight, cost = cell[9], cell[13], cell[14]
            level = levels.get(customer, "operating_profit")
            if kind != "sale" and level != "operating_profit":
                continue
            amount = pocket if level == "pocket" else pocket + freight - cost
            key = (f"e{number}", customer, month)
            found[key] = found.get(key, Decimal(0)) + amount
    return found


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(organisations(), min_size=30, max_size=60))
def test_bridge_has_no_residual_and_its_ends_are_the_profits(bridge, batch):
    bridge.run(batch)
    for prefix in ("", "classic_"):
        factors = " + ".join(f"{prefix}{factor}_effect_amount" for factor in FACTORS)
        assert bridge.rows(
            f"select *, {factors} + {OUTSIDE} as explained from marts.rpt_profit_bridge"
            f" where profit_change_amount <> {factors} + {OUTSIDE}"
        ) == []  # fmt: skip
    expected = profits(batch)
    found = bridge.rows(
        "select entity_id, customer_id, base_profit_amount, profit_amount"
        " from marts.rpt_profit_bridge"
    )
    assert {row[:2] for row in found} == {key[:2] for key in expected}
    for entity, customer, base, now in found:
        assert base == expected.get((entity, customer, BEFORE), 0)
        assert now == expected.get((entity, customer, NOW), 0)
