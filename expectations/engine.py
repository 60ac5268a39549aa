"""Run suites against one DuckDB file and write their pages.

Belongs here: Great Expectations' machinery. Does not: any expectation, and any decision on when a
gate runs. Importing this module imports Great Expectations (seconds): `gates` does so late.
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import TestConnectionError

from expectations.data_docs import write_pages
from expectations.dialect import register_dialect
from expectations.outcome import Fault, GateOutcome
from expectations.wording import broken, observed

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
    for talkative in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(talkative).setLevel(logging.ERROR)
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
    # naming the schema asset by asset is deprecated in favour of one data source per schema
    warnings.filterwarnings("ignore", "`schema_name` is deprecated", DeprecationWarning)
    context = quiet_context()
    source = context.data_sources.add_sql(
        name=gate,
        connection_string=f"{register_dialect()}:///{database}?access_mode=read_only",
        create_temp_table=False,
    )
    results = []
    try:
        for target in targets:
            try:
                asset = source.add_table_asset(
                    name=target.relation, table_name=target.table, schema_name=target.schema
                )
            except TestConnectionError:
                outcome.failures.append(_absent(target))
                continue
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


def _absent(target: Target) -> Fault:
    return Fault(
        suite=target.suite.name,
        table=target.relation,
        column=None,
        severity="critical",
        expectation="the relation to be there",
        observed="no such relation",
        reason="",
        action="Find the step that should have made it.",
    )


def _fault(target: Target, single: ExpectationValidationResult) -> Fault:
    config = single.expectation_config
    told = config.meta or {}
    cannot = broken(single)
    return Fault(
        suite=target.suite.name,
        table=target.relation,
        column=config.kwargs.get("column"),
        # an expectation that cannot be evaluated has not been met, whatever its severity
        severity="critical" if cannot else str(config.severity.value),
        expectation=told.get("says", config.type),
        observed=cannot or observed(single),
        reason=config.notes or "",
        action=told.get("do", ""),
    )
