"""Suites for the published marts, run on the exported candidate.

Belongs here: whether the figures are plausible to someone who knows the business. Does not: keys,
sums and closure, which dbt tests prove exactly, and single rows. A mart that dbt's manifest names
gets the generic part by itself; judgement beyond that is added in `JUDGEMENT`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations import Expectation

from expectations.rules import critical, warning

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
# these stand whatever was delivered: customers and revenue are required input
NEVER_EMPTY = {
    "dim_customers",
    "dim_entities",
    "dim_months",
    "fct_customer_profitability_monthly",
    "fct_customer_perceived_value_monthly",
    "fct_customer_value_monthly",
    "rpt_source_control_totals",
}
# grain columns without which a reader cannot place a row, unless the contract says that the row may
# lack them (meta may_be_empty), as cost that reached no customer does
KEYS = ("entity_id", "customer_id", "month_start_date", "currency")
# rows or revenue lost since the last publication
DROP_SHARE = 0.2
# perceived value relative to par: beyond twenty times par an input is in the wrong unit
INDEX_LIMIT = 20
# gross margin over pocket revenue of an entity, all periods: outside, cost or revenue is misread
MARGIN_LOW, MARGIN_HIGH = -0.5, 0.98
UNKNOWN_SHARE = 0.3
NOT_MEASURED_SHARE = 0.5
QUARANTINE_SHARE = 0.05
# a required table of which most is in quarantine carries no report; a handful of rows is judged by
# eye, and only blocks when none is left
QUARANTINE_LIMIT, QUARANTINE_LIMIT_ROWS = 0.5, 100
REQUIRED_TABLES = ("customers", "revenue_lines", "cost_entries")
UNASSIGNED_SHARE = 0.2
# the mean index of an entity; par is 1, and customers scatter around it
MEAN_INDEX_LOW, MEAN_INDEX_HIGH = 0.5, 2
LOSS_MAKING_SHARE = 0.6
# of enough customer months to speak of a distribution
ONE_QUADRANT_SHARE, PLACED_ROWS = 0.95, 30
REBUILD = "Do not publish; find the model that made it in the lineage, and fix it."


@dataclass(frozen=True)
class Mart:
    """One published mart, as dbt's manifest states it."""

    name: str
    columns: tuple[str, ...]
    grain: tuple[str, ...]
    types: dict[str, str] = field(default_factory=dict)
    # columns that a row may lack by design, such as the customer on a pool's own row
    may_be_empty: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Measure:
    """What drift is measured against: the last publication."""

    rows: dict[str, int]
    # invoiced amount by entity
    revenue: dict[str, float]


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return node.get("config", {}).get("meta") or node.get("meta") or {}


def marts_of(manifest: dict[str, Any]) -> list[Mart]:
    """The marts a manifest names, by name."""
    marts = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or "marts" not in node["fqn"][1:-1]:
            continue
        meta = _meta(node)
        columns = node["columns"]
        marts.append(
            Mart(
                node.get("alias") or node["name"],
                tuple(columns),
                tuple(meta.get("grain", ())),
                {name: (c.get("data_type") or "").lower() for name, c in columns.items()},
                frozenset(n for n, c in columns.items() if _meta(c).get("may_be_empty")),
            )
        )
    return sorted(marts, key=lambda mart: mart.name)


def measure(database: Path) -> Measure:
    """Rows by mart and revenue by entity of a publication."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'main'"
        ).fetchall()
        rows = {name: int(size) for name, size in tables}
        revenue: dict[str, float] = {}
        if "fct_customer_profitability_monthly" in rows:
            found = connection.execute(
                "select entity_id, sum(invoice_amount) from fct_customer_profitability_monthly"
                " group by entity_id order by entity_id"
            ).fetchall()
            revenue = {entity: float(amount) for entity, amount in found if amount is not None}
    return Measure(rows, revenue)


def published_suite(mart: Mart, before: Measure | None = None) -> ExpectationSuite:
    """What one published mart must satisfy."""
    rules = _generic_rules(mart, before)
    if mart.name in JUDGEMENT:
        rules += JUDGEMENT[mart.name](mart, before)
    return ExpectationSuite(name=f"published__{mart.name}", expectations=rules)


def _generic_rules(mart: Mart, before: Measure | None) -> list[Expectation]:
    rules = [_not_empty(mart)]
    if mart.columns:
        rules.append(
            critical(
                gxe.ExpectTableColumnsToMatchSet,
                "exactly the columns of the contract",
                "Export the mart as the contract states it.",
                column_set=sorted(mart.columns),
                exact_match=True,
            )
        )
    if before and before.rows.get(mart.name):
        least = int(before.rows[mart.name] * (1 - DROP_SHARE))
        rules.append(
            warning(
                gxe.ExpectTableRowCountToBeBetween,
                f"at least {least} rows, after {before.rows[mart.name]} in the last publication",
                "Compare with the last publication; roll back if the rows are missing.",
                "a withdrawn source removes its rows on purpose",
                min_value=least,
            )
        )
    rules += [
        _never_null(column)
        for column in mart.grain
        if column in KEYS and column not in mart.may_be_empty
    ]
    if "month_start_date" in mart.columns:
        rules.append(
            critical(
                gxe.ExpectColumnValuesToBeBetween,
                f"a month between {EARLIEST} and {LATEST}",
                REBUILD,
                column="month_start_date",
                min_value=EARLIEST,
                max_value=LATEST,
            )
        )
    for column in mart.columns:
        if column.endswith("_probability") or column == "own_answer_share":
            rules.append(_between(column, 0, 1, "a share between 0 and 1"))
        elif column.endswith("_count") and mart.types.get(column) in ("bigint", "integer", ""):
            rules.append(_between(column, 0, None, "a count of at least 0"))
    return rules


def _not_empty(mart: Mart) -> Expectation:
    if mart.name in NEVER_EMPTY:
        return critical(
            gxe.ExpectTableRowCountToBeBetween, "at least one row", REBUILD, min_value=1
        )
    return warning(
        gxe.ExpectTableRowCountToBeBetween,
        "at least one row",
        "Deliver the optional tables that feed it, if it is wanted.",
        "what was not delivered is not measured",
        min_value=1,
    )


def _never_null(column: str) -> Expectation:
    return critical(
        gxe.ExpectColumnValuesToNotBeNull, "a value in every row", REBUILD, column=column
    )


def _between(column: str, low: float | None, high: float | None, says: str) -> Expectation:
    return critical(
        gxe.ExpectColumnValuesToBeBetween,
        says,
        REBUILD,
        column=column,
        min_value=low,
        max_value=high,
    )


def _in_set(column: str, values: list[str]) -> Expectation:
    return critical(
        gxe.ExpectColumnValuesToBeInSet,
        f"one of {', '.join(values)}",
        REBUILD,
        column=column,
        value_set=values,
    )


def _no_rows(says: str, do: str, why: str, query: str) -> Expectation:
    return warning(gxe.UnexpectedRowsExpectation, says, do, why, unexpected_rows_query=query)


def _profitability(mart: Mart, before: Measure | None) -> list[Expectation]:
    rules = [
        _no_rows(
            f"a gross margin between {MARGIN_LOW:.0%} and {MARGIN_HIGH:.0%} of revenue per entity",
            "Check the unit of cost and the account mapping of the entity.",
            "a start-up or an agent can lie outside honestly",
            "select entity_id, sum(gross_margin_amount) as gross_margin_amount, "
            "sum(pocket_amount) as pocket_amount from {batch} "
            "where gross_margin_amount is not null group by entity_id "
            "having sum(pocket_amount) > 0 "
            f"and (sum(gross_margin_amount) < {MARGIN_LOW} * sum(pocket_amount) "
            f"or sum(gross_margin_amount) > {MARGIN_HIGH} * sum(pocket_amount)) order by entity_id",
        ),
        _no_rows(
            f"at most {UNKNOWN_SHARE:.0%} of an entity's revenue without a customer",
            "Ask the source for the customers of these lines.",
            "the lines stay in the totals under the unknown customer",
            "select entity_id, sum(invoice_amount) filter (where customer_id = '(unknown)') "
            "as without_customer_amount, sum(invoice_amount) as invoice_amount from {batch} "
            "group by entity_id having sum(invoice_amount) filter (where customer_id = '(unknown)')"
            f" > {UNKNOWN_SHARE} * sum(invoice_amount) order by entity_id",
        ),
    ]
    rules += _revenue_drift(before)
    return rules


def _revenue_drift(before: Measure | None) -> list[Expectation]:
    if not before or not before.revenue:
        return []
    known = ", ".join(
        f"({_literal(entity)}, {amount:.4f})" for entity, amount in sorted(before.revenue.items())
    )
    return [
        _no_rows(
            f"no entity's revenue below {1 - DROP_SHARE:.0%} of the last publication",
            "Compare the control totals with the last publication.",
            "a withdrawn or corrected delivery lowers revenue on purpose",
            "select previous.entity_id, previous.amount as previous_amount, "
            "coalesce(sum(mart.invoice_amount), 0) as amount "
            f"from (values {known}) as previous (entity_id, amount) "
            "left join {batch} as mart on mart.entity_id = previous.entity_id "
            "group by previous.entity_id, previous.amount "
            f"having coalesce(sum(mart.invoice_amount), 0) < {1 - DROP_SHARE} * previous.amount "
            "order by previous.entity_id",
        )
    ]


def _literal(text: str) -> str:
    """A text as an SQL literal inside a query in which braces are placeholders."""
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def _perceived_value(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        critical(
            gxe.ExpectColumnValuesToBeBetween,
            f"an index above 0 and below {INDEX_LIMIT} (par is 1)",
            "Check the scales of the survey and the units of the hassle rates.",
            column="perceived_value_index",
            min_value=0,
            max_value=INDEX_LIMIT,
            strict_min=True,
            strict_max=True,
        ),
        _in_set("measurement_status", ["measured", "low_n", "modelled", "not_measured"]),
        _no_rows(
            f"at most {NOT_MEASURED_SHARE:.0%} of an entity's customer months not measured",
            "Deliver survey answers or operational events for the entity.",
            "what was not measured is said to be so, never guessed",
            "select entity_id, count(*) filter (where measurement_status = 'not_measured') "
            "as not_measured_rows, count(*) as all_rows from {batch} group by entity_id "
            "having count(*) filter (where measurement_status = 'not_measured') > "
            f"{NOT_MEASURED_SHARE} * count(*) order by entity_id",
        ),
        _no_rows(
            f"a mean index between {MEAN_INDEX_LOW} and {MEAN_INDEX_HIGH} per entity (par is 1)",
            "Check the base window of par and the directions of the questions.",
            "an entity can move far from its base over years",
            "select entity_id, avg(perceived_value_index) as mean_index from {batch} "
            "group by entity_id having avg(perceived_value_index) not between "
            f"{MEAN_INDEX_LOW} and {MEAN_INDEX_HIGH} order by entity_id",
        ),
    ]


def _customer_value(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        _no_rows(
            f"no quadrant with more than {ONE_QUADRANT_SHARE:.0%} of an entity's placed customers",
            "Check the band of perceived value and the cost that reaches customers.",
            "a very homogeneous business is possible",
            "select entity_id, quadrant, count(*) as customer_months, max(placed) as placed "
            "from (select entity_id, quadrant, count(*) over (partition by entity_id) as placed "
            "from {batch} where quadrant like 'profitable%' or quadrant like 'unprofitable%') "
            f"group by entity_id, quadrant having max(placed) >= {PLACED_ROWS} "
            f"and count(*) > {ONE_QUADRANT_SHARE} * max(placed) order by entity_id",
        )
    ]


def _value_map(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        critical(
            gxe.ExpectColumnValuesToBeBetween,
            f"a ratio above 0 and below {INDEX_LIMIT} (the reference is 1)",
            "Check the scales of the survey and who was compared with whom.",
            column=column,
            min_value=0,
            max_value=INDEX_LIMIT,
            strict_min=True,
            strict_max=True,
        )
        for column in ("value_index", "relative_quality", "relative_price")
    ]


def _coverage(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [_between("customers_share", 0, 1, "a share between 0 and 1")]


def _concentration(mart: Mart, before: Measure | None) -> list[Expectation]:
    share = "a measure between 0 and 1"
    return [
        _between("gini_rsv_coefficient", 0, 1, share),
        _between("stobachoff_index_bounded", 0, 1, share),
        _between("peak_at_customers_share", 0, 1, share),
        _no_rows(
            f"at most {LOSS_MAKING_SHARE:.0%} of the customers losing money",
            "Check drivers and rates of the pools that make them lose.",
            "a business in its first years can lose on most",
            "select entity_id, period, profit_level, loss_making_count, customers_count "
            f"from {{batch}} where loss_making_count > {LOSS_MAKING_SHARE} * customers_count "
            "order by entity_id, period, profit_level",
        ),
    ]


def _whale_curve(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [_between("customer_rank", 1, None, "a rank of at least 1")]


def _reconciliation(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        _in_set("tie_out", ["T1", "T2", "T3"]),
        _no_rows(
            f"at most {UNASSIGNED_SHARE:.0%} of the cost that has a driver unassigned",
            "Deliver what drives the pools, or give them another driver in policy_cost_pools.",
            "unassigned cost is shown, not spread without a cause",
            "select entity_id, sum(abs(unassigned_amount)) as unassigned_amount, "
            "sum(abs(ledger_amount)) as ledger_amount from {batch} "
            "where tie_out = 'T2' and pnl_line is distinct from 'unallocated' "
            "group by entity_id having sum(abs(unassigned_amount)) > "
            f"{UNASSIGNED_SHARE} * sum(abs(ledger_amount)) order by entity_id",
        ),
    ]


def _unassigned(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        _no_rows(
            "no cost on accounts that policy_account_mapping does not map",
            "Map the account; until then its cost reaches no customer.",
            "a new account must not stop a night; unmapped_accounts in policy_reporting can",
            "select entity_id, pool_id, count(*) as periods, sum(ledger_amount) as ledger_amount "
            "from {batch} where pnl_line = 'unmapped' group by entity_id, pool_id "
            "order by entity_id, pool_id",
        ),
    ]


def _adjustments(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        _no_rows(
            "no manual adjustment that is not booked",
            "Have somebody else than the preparer approve it, or correct what its reason names.",
            "an adjustment that waits or is refused is in no figure",
            "select entity_id, document_id, adjustment_status, status_reason, prepared_by, "
            "count(*) as lines_count from {batch} where adjustment_status <> 'booked' "
            "group by all order by entity_id, document_id",
        ),
    ]


def _plans(mart: Mart, before: Measure | None) -> list[Expectation]:
    return [
        _no_rows(
            "no period whose sales budget and ledger budget differ above materiality",
            "Have the owners of budgets and of the ledger's scenario budget agree on one plan.",
            "two plans of one period are shown as they are; bridge and comparison start from each",
            "select entity_id, plan_line, count(*) as periods, sum(difference_amount) as "
            "difference_amount from {batch} where plan_status = 'difference' "
            "group by entity_id, plan_line order by entity_id, plan_line",
        ),
    ]


def _control_totals(mart: Mart, before: Measure | None) -> list[Expectation]:
    sums = "sum(quarantined_rows) as quarantined_rows, sum(raw_rows) as raw_rows"
    by_table = "entity_id, source, input_table"
    required = ", ".join(_literal(name) for name in REQUIRED_TABLES)
    do = "Read the reasons in the quarantine of the table and have the source corrected."
    return [
        critical(
            gxe.UnexpectedRowsExpectation,
            f"at most {QUARANTINE_LIMIT:.0%} of a required table in quarantine, and never all",
            do,
            unexpected_rows_query=(
                f"select {by_table}, {sums} from {{batch}} where input_table in ({required}) "
                f"group by {by_table} having sum(quarantined_rows) = sum(raw_rows) or "
                f"(sum(raw_rows) >= {QUARANTINE_LIMIT_ROWS} and "
                f"sum(quarantined_rows) > {QUARANTINE_LIMIT} * sum(raw_rows)) order by {by_table}"
            ),
        ),
        _no_rows(
            f"at most {QUARANTINE_SHARE:.0%} of a table in quarantine",
            do,
            "quarantined rows are counted and shown, not lost",
            f"select {by_table}, {sums} from {{batch}} group by {by_table} "
            f"having sum(quarantined_rows) > {QUARANTINE_SHARE} * sum(raw_rows) "
            f"order by {by_table}",
        ),
    ]


JUDGEMENT: dict[str, Callable[[Mart, Measure | None], list[Expectation]]] = {
    "fct_customer_profitability_monthly": _profitability,
    "fct_customer_perceived_value_monthly": _perceived_value,
    "fct_customer_value_monthly": _customer_value,
    "rpt_measurement_coverage": _coverage,
    "rpt_profit_concentration": _concentration,
    "rpt_value_map": _value_map,
    "rpt_whale_curve": _whale_curve,
    "rpt_adjustments": _adjustments,
    "rpt_ledger_reconciliation": _reconciliation,
    "rpt_plan_reconciliation": _plans,
    "rpt_source_control_totals": _control_totals,
    "rpt_unassigned_rows": _unassigned,
}
