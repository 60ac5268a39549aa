"""Suites for the raw tables, one for each table of the contract and of every known source.

Belongs here: what a sound delivery looks like. Does not: rows that staging quarantines one by one,
unless there are so many that the delivery itself must be wrong; keys and sums (dbt tests).
"""

from datetime import date, timedelta

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations import Expectation

from expectations.rules import critical, warning
from orchestration.contract import Column, RawTable

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
# beyond one row in twenty it is the date format that is wrong, not the row
BROKEN_SHARE = 0.05
# where most rows hold a cell that cannot be read, the delivery is wrong; below it staging
# quarantines row by row, with the reason, and the published gate warns of the share
UNREADABLE_SHARE = 0.5
# less than one row of any table that fits on a disk; of an empty table nothing is asked
ANY_ROW = 1e-15
# a share of empty cells in a required column that is worth a look
EMPTY_SHARE = 0.5
# rows lost since the last publication; history does not shrink by itself
DROP_SHARE = 0.2
# a daily or weekly delivery that is older than this was probably forgotten
STALE_DAYS = 45
# dates that are not events: versions run from 1900 to 9999, people are born before 1990
NOT_EVENTS = ("valid_from", "valid_to", "birth", "service_period")
# by source, table and column: the values its documentation names
KNOWN_VALUES = {
    ("landing", "customers", "party_type"): ["person", "organisation"],
    ("landing", "customers", "lock_in_level"): ["none", "low", "medium", "high"],
    ("landing", "revenue_lines", "document_type"): [
        "invoice",
        "credit_note",
        "return",
        "rebate_settlement",
    ],
    ("landing", "cost_entries", "scenario"): ["actual", "budget", "forecast"],
    ("landing", "activities", "activity_class"): ["protect", "serve", "build"],
    ("landing", "employees", "grade"): ["executive", "manager", "staff"],
    ("landing", "employee_survey_responses", "grade"): ["executive", "manager", "staff"],
    ("landing", "party_relations", "relation"): [
        "payer_of",
        "user_of",
        "affected_by",
        "household",
        "parent",
    ],
    ("landing", "survey_responses", "confidentiality"): ["named", "confidential", "anonymous"],
    ("landing", "survey_responses", "role"): ["payer", "customer", "user", "affected_party"],
    ("adventureworks", "dim_scenario", "ScenarioName"): ["Actual", "Budget", "Forecast"],
    ("olist", "orders", "order_status"): [
        "created",
        "approved",
        "invoiced",
        "processing",
        "shipped",
        "delivered",
        "unavailable",
        "canceled",
    ],
}
# by source, table and column: smallest and largest plausible value, the share of rows that must lie
# between, and why it only warns
RANGES = {
    ("landing", "activities", "minutes"): (0, 1440, 0.99, "longer than a day is rare, not wrong"),
    ("landing", "capacity", "practical_minutes"): (0, None, 1, "staging decides row by row"),
    ("landing", "deliveries", "attempts"): (0, 10, 0.99, "more than ten are rare, not wrong"),
    ("landing", "service_cases", "wait_minutes"): (0, 100_000, 0.99, "a long wait is not wrong"),
    ("landing", "survey_responses", "weight"): (0, 1_000, 1, "staging decides row by row"),
    ("landing", "fx_rates", "average_rate"): (1e-6, 1e6, 1, "staging decides row by row"),
    ("landing", "wallets", "wallet_amount"): (0, None, 0.99, "an estimate, used as such"),
    ("landing", "products", "standard_cost"): (0, None, 0.99, "a credit can stand as cost"),
    ("adventureworks", "fact_internet_sales", "OrderQuantity"): (1, 10_000, 1, "kept as booked"),
    ("adventureworks", "fact_internet_sales", "SalesAmount"): (0, 1e6, 1, "kept as booked"),
    ("adventureworks", "fact_reseller_sales", "OrderQuantity"): (1, 10_000, 1, "kept as booked"),
    ("adventureworks", "fact_reseller_sales", "SalesAmount"): (0, 1e6, 1, "kept as booked"),
    ("adventureworks", "fact_currency_rate", "AverageRate"): (1e-6, 1e6, 1, "kept as published"),
    ("olist", "order_items", "price"): (0, 100_000, 1, "kept as sold"),
    ("olist", "order_items", "freight_value"): (0, 10_000, 1, "kept as charged"),
    ("olist", "order_reviews", "review_score"): (1, 5, 1, "staging decides row by row"),
    ("online_retail", "invoice_lines", "Quantity"): (-1e5, 1e5, 1, "kept as booked"),
    # write-offs of bad debt have negative prices, fees have prices in the thousands
    ("online_retail", "invoice_lines", "UnitPrice"): (0, 1_000, 0.99, "fees are told apart later"),
}
# by source, table and column: share of rows that must have a value
FILLED = {
    ("online_retail", "invoice_lines", "CustomerID"): 0.5,
    ("olist", "orders", "order_delivered_customer_date"): 0.8,
    ("adventureworks", "dim_product", "StandardCost"): 0.5,
}


def landing_suite(
    table: RawTable,
    folders: list[str] | None = None,
    previous_rows: int | None = None,
    as_of: date | None = None,
) -> ExpectationSuite:
    """What one raw table must satisfy.

    Args:
        table: the table, as the contract or its source states it.
        folders: entities that must be found in `entity_id`, where the folder gives it.
        previous_rows: rows at the last publication, for drift.
        as_of: the day the delivery is judged on, for freshness.
    """
    name = suite_name(table)
    rules = _table_rules(table, previous_rows)
    for column in table.columns:
        rules += _column_rules(table, column)
    rules.append(_readable_cells(table))
    if table.source == "landing":
        rules += _contract_rules(table, folders or [])
    event = _event_column(table)
    if as_of and event:
        rules.append(_freshness(event, as_of))
    return ExpectationSuite(name=name, expectations=rules)


def suite_name(table: RawTable) -> str:
    """`landing__<table>`; a source in its own shape is named as well, to stay unique."""
    own = "" if table.source == "landing" else f"{table.source}__"
    return f"landing__{own}{table.name}"


def _table_rules(table: RawTable, previous_rows: int | None) -> list[Expectation]:
    says, do = "at least one row", "Deliver the file again: it holds a header and no rows."
    if table.required:
        rules = [critical(gxe.ExpectTableRowCountToBeBetween, says, do, min_value=1)]
    else:
        why = "the table is optional: what it feeds is reported as not measured"
        rules = [warning(gxe.ExpectTableRowCountToBeBetween, says, do, why, min_value=1)]
    if previous_rows:
        least = int(previous_rows * (1 - DROP_SHARE))
        rules.append(
            warning(
                gxe.ExpectTableRowCountToBeBetween,
                f"at least {least} rows, after {previous_rows} at the last publication",
                "Check that the extract is whole.",
                "a removed file removes its rows on purpose",
                min_value=least,
            )
        )
    return rules


def _column_rules(table: RawTable, column: Column) -> list[Expectation]:
    rules: list[Expectation] = []
    place = (table.source, table.name, column.name)
    if column.required:
        rules.append(
            critical(
                gxe.ExpectColumnValuesToNotBeNull,
                "a value in at least one row",
                f"Deliver {table.stem} with {column.name} filled.",
                column=column.name,
                mostly=ANY_ROW,
            )
        )
    if column.data_type in ("date", "timestamp") and not any(
        part in column.name.lower() for part in NOT_EVENTS
    ):
        rules.append(_plausible_date(table, column))
    if column.name == "currency" or column.name.endswith("_currency"):
        rules.append(
            warning(
                gxe.ExpectColumnValueLengthsToEqual,
                "an ISO 4217 code of three letters",
                "Deliver the currency as its three-letter code.",
                "rows in an unknown currency are quarantined one by one",
                column=column.name,
                value=3,
            )
        )
    filled = FILLED.get(place)
    if filled is None and column.required and table.required and table.source == "landing":
        filled = 1 - EMPTY_SHARE
    if filled is not None:
        rules.append(
            warning(
                gxe.ExpectColumnValuesToNotBeNull,
                f"a value in at least {filled:.0%} of the rows",
                "Ask the source why the column is so often empty.",
                "rows without it are quarantined or go to the unknown customer, and counted",
                column=column.name,
                mostly=filled,
            )
        )
    if place in KNOWN_VALUES:
        rules.append(_known_values(column.name, KNOWN_VALUES[place]))
    if place in RANGES:
        rules.append(_range(column.name, *RANGES[place]))
    return rules


def _known_values(column: str, values: list[str]) -> Expectation:
    return warning(
        gxe.ExpectColumnValuesToBeInSet,
        f"one of {', '.join(values)}",
        f"Map the source's values of {column} to these.",
        "staging decides row by row what an unknown value means",
        column=column,
        value_set=values,
    )


def _range(
    column: str, low: float | None, high: float | None, share: float, why: str
) -> Expectation:
    least = "" if low is None else f"at least {low:g}"
    most = "" if high is None else f"at most {high:g}"
    return warning(
        gxe.ExpectColumnValuesToBeBetween,
        f"{' and '.join(part for part in (least, most) if part)} in {share:.0%} of the rows",
        f"Check the unit of {column}.",
        why,
        column=column,
        min_value=low,
        max_value=high,
        mostly=share,
    )


def _plausible_date(table: RawTable, column: Column) -> Expectation:
    bounds = {"column": column.name, "min_value": EARLIEST, "max_value": LATEST}
    share = f"{1 - BROKEN_SHARE:.0%}"
    says = f"a day between {EARLIEST} and {LATEST} in at least {share} of the rows"
    do = f"Check the date format of {column.name} in {table.stem}."
    if column.required:
        return critical(
            gxe.ExpectColumnValuesToBeBetween, says, do, mostly=1 - BROKEN_SHARE, **bounds
        )
    why = "the column is optional, and no period depends on it"
    return warning(
        gxe.ExpectColumnValuesToBeBetween, says, do, why, mostly=1 - BROKEN_SHARE, **bounds
    )


def _readable_cells(table: RawTable) -> Expectation:
    """Rows with a cell that does not parse are quarantined, or must not come at all."""
    share = 1 - UNREADABLE_SHARE if table.quarantines_cells else 1.0
    return critical(
        gxe.ExpectColumnValuesToBeNull,
        f"cells that can be read in at least {share:.0%} of the rows",
        "Check number and date formats of the file; the cells named do not parse.",
        column="unparsable_cells",
        mostly=share,
    )


def _contract_rules(table: RawTable, folders: list[str]) -> list[Expectation]:
    rules = []
    if folders:
        rules.append(
            critical(
                gxe.ExpectColumnDistinctValuesToContainSet,
                f"rows of every entity that delivered it ({', '.join(folders)})",
                "Deliver the files of the missing entity again: they hold no rows.",
                column="entity_id",
                value_set=folders,
            )
        )
    if table.name == "survey_responses":
        rules.append(_scores_on_their_scale())
    return rules


def _scores_on_their_scale() -> Expectation:
    return warning(
        gxe.UnexpectedRowsExpectation,
        "scores within the scale that their question states",
        "Check scale_min and scale_max of the questions named.",
        "answers off their scale are quarantined one by one",
        unexpected_rows_query=(
            "select question_id, count(*) as answers from {batch} "
            "where score < scale_min or score > scale_max group by question_id order by question_id"
        ),
    )


def _event_column(table: RawTable) -> str | None:
    """The first required date or time: when the thing happened."""
    for column in table.columns:
        if column.required and column.data_type in ("date", "timestamp"):
            return column.name
    return None


def _freshness(column: str, as_of: date) -> Expectation:
    oldest = as_of - timedelta(days=STALE_DAYS)
    return warning(
        gxe.ExpectColumnMaxToBeBetween,
        f"an event on or after {oldest}, {STALE_DAYS} days before {as_of}",
        "Check that the latest delivery arrived.",
        "a backfill or a quiet source is legitimate",
        column=column,
        min_value=oldest,
    )
