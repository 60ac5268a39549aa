"""Run suites against one DuckDB file and write their pages.

Belongs here: Great Expectations' machinery. Does not: any expectation, and any decision on when a
gate runs. Importing this module imports Great Expectations (seconds): `gates` does so late.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig

from expectations.data_docs import write_pages
from expectations.dialect import register_dialect
from expectations.outcome import Fault, GateOutcome

# counts for every expectation, but no example values: those cost a scan each
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
_EXAMPLES = {"result_format": "BASIC", "partial_unexpected_count": 5}
_ROWS = {"result_format": "COMPLETE"}


@dataclass(frozen=True)
class Target:
    """One relation and the suite it must satisfy."""

    schema: str
    table: str
    suite: gx.ExpectationSuite

    @property
    def relation(self) -> str:
        """As people write it."""
        return self.table if self.schema == "main" else f"{self.schema}.{self.table}"


def quiet_context() -> EphemeralDataContext:
    """A context that lives in memory, sends nothing and draws no progress bars."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # every added asset would write the whole, growing configuration as YAML, to be dropped at exit
    context._save_project_config = lambda: None
    return context


def run_gate(
    gate: str,
    database: Path,
    targets: list[Target],
    data_docs: Path,
    skipped: dict[str, str] | None = None,
) -> GateOutcome:
    """Validate every target, read-only, and write one page for each.

    Returns:
        The outcome; a suite's own `success` ignores severity, so blocking is decided here.
    """
    outcome = GateOutcome(gate, skipped=dict(skipped or {}))
    context = quiet_context()
    source = context.data_sources.add_sql(
        name=gate,
        connection_string=f"{register_dialect()}:///{database}?access_mode=read_only",
        create_temp_table=False,
    )
    results = []
    try:
        for target in targets:
            asset = source.add_table_asset(
                name=target.relation, table_name=target.table, schema_name=target.schema
            )
            batch = asset.add_batch_definition_whole_table("whole").get_batch()
            result = batch.validate(target.suite, result_format=_COUNTS)
            _judge(batch, target, result, outcome)
            results.append((target.relation, result))
    finally:
        # both engines keep a pooled connection, and DuckDB lets nobody write while one is open
        source.get_execution_engine().close()
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()
    write_pages(data_docs, outcome, results)
    return outcome


def _judge(
    batch: Any, target: Target, result: ExpectationSuiteValidationResult, outcome: GateOutcome
) -> None:
    outcome.suites.append(target.suite.name)
    outcome.expectations += len(result.results)
    for position, single in enumerate(result.results):
        kind = single.expectation_config.type
        if kind == "expect_table_row_count_to_be_between" and "observed_value" in single.result:
            outcome.rows[target.relation] = single.result["observed_value"]
        if single.success:
            continue
        # only what failed is asked again, this time with the rows or values that did it
        query = kind == "unexpected_rows_expectation"
        if query or single.result.get("unexpected_count"):
            form = _ROWS if query else _EXAMPLES
            single = batch.validate(single.expectation_config.to_domain_obj(), result_format=form)
            result.results[position] = single
        fault = _fault(target, single)
        (outcome.failures if fault.severity == "critical" else outcome.warnings).append(fault)


def _fault(target: Target, single: ExpectationValidationResult) -> Fault:
    config = single.expectation_config
    told = config.meta or {}
    broken = _exception(single)
    return Fault(
        suite=target.suite.name,
        table=target.relation,
        column=config.kwargs.get("column"),
        # an expectation that cannot be evaluated has not been met, whatever its severity
        severity="critical" if broken else str(config.severity.value),
        expectation=told.get("says", config.type),
        observed=broken or _observed(single.result),
        reason=config.notes or "",
        action=told.get("do", ""),
    )


def _exception(single: ExpectationValidationResult) -> str | None:
    info = single.exception_info or {}
    infos = [info] if "raised_exception" in info else list(info.values())
    for one in infos:
        if one.get("raised_exception"):
            first = str(one.get("exception_message") or "").strip().splitlines()
            return f"that it cannot be evaluated: {first[0] if first else 'no reason given'}"
    return None


def _observed(result: dict[str, Any]) -> str:
    if "unexpected_count" in result:
        total = result.get("element_count") or 0
        text = f"{result['unexpected_count']} of {total} rows otherwise"
        examples = [_shown(v) for v in result.get("partial_unexpected_list") or [] if v is not None]
        return text + (f", such as {', '.join(dict.fromkeys(examples))}" if examples else "")
    value = result.get("observed_value")
    rows = (result.get("details") or {}).get("unexpected_rows")
    if rows:
        return f"{value} rows: " + "; ".join(_row(r) for r in rows[:5])
    return _shown(value)


def _row(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in row.items())


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
