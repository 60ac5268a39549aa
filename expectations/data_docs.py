"""Data Docs: one static page for each suite, and an index, that open from the file system.

Belongs here: turning results into pages. Does not: judging them.

Great Expectations' own pages load styles and scripts from the network, carry the time of the run,
and show neither severity nor reason. Here its renderers word each expectation and what was
observed, and the page around them (templates/) is our own.
"""

import json
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.render.renderer.content_block import (
    ValidationResultsTableContentBlockRenderer,
)
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from expectations.outcome import GateOutcome
from expectations.wording import broken, observed

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    """Great Expectations' templates and filters, with our templates in front.

    Ours end in .html, which turns escaping on; theirs escape in the filters.
    """
    environment = DefaultJinjaPageView().env
    environment.loader = ChoiceLoader([FileSystemLoader(str(TEMPLATES)), environment.loader])
    # element ids are random otherwise, and the same run would give other bytes
    numbers = count(1)
    environment.filters["generate_html_element_uuid"] = lambda prefix="": f"{prefix}{next(numbers)}"
    return environment


def write_pages(
    folder: Path,
    outcome: GateOutcome,
    results: list[tuple[str, ExpectationSuiteValidationResult]],
) -> None:
    """Replace the pages of one gate below ``folder`` and renew the index of both gates."""
    _environment.cache_clear()
    pages = folder / outcome.gate
    pages.mkdir(parents=True, exist_ok=True)
    for stale in pages.glob("*.html"):
        stale.unlink()
    summaries = []
    for relation, result in results:
        faults = [f for f in (*outcome.failures, *outcome.warnings) if f.suite == result.suite_name]
        critical = sum(f.severity == "critical" for f in faults)
        summary = {
            "suite": result.suite_name,
            "relation": relation,
            "rows": outcome.rows.get(relation),
            "expectations": len(result.results),
            "critical": critical,
            "warnings": len(faults) - critical,
        }
        summaries.append(summary)
        html = (
            _environment()
            .get_template("suite.html")
            .render(
                gate=outcome.gate,
                summary=summary,
                faults=faults,
                rows=sorted((_row(single) for single in result.results), key=_place),
            )
        )
        (pages / f"{result.suite_name}.html").write_text(html, encoding="utf-8")
    record = {
        "gate": outcome.gate,
        "summary": outcome.headline(),
        "passed": outcome.passed,
        "suites": summaries,
        "failures": [str(f) for f in outcome.failures],
        "warnings": [str(f) for f in outcome.warnings],
        "skipped": dict(sorted(outcome.skipped.items())),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / f"{outcome.gate}.json").write_text(text + "\n", encoding="utf-8")
    records = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))]
    index = _environment().get_template("index.html").render(gates=records)
    (folder / "index.html").write_text(index, encoding="utf-8")


def _row(single: ExpectationValidationResult) -> dict[str, Any]:
    """One expectation: in our plain words and in Great Expectations' wording."""
    config = single.expectation_config
    block = ValidationResultsTableContentBlockRenderer.render([single]).to_json_dict()
    wording = block["table"][0][1]
    return {
        "holds": single.success,
        "severity": config.severity.value,
        "why": config.notes,
        "column": config.kwargs.get("column"),
        "told": config.meta or {},
        # where it failed, examples from the data follow the wording: ours are shown instead
        "wording": wording[0] if isinstance(wording, list) else wording,
        "observed": broken(single) or observed(single),
    }


def _place(row: dict[str, Any]) -> tuple[bool, bool, str, bool, str]:
    """Failures first, then the table as a whole, then its columns."""
    column = row["column"]
    return (
        row["holds"],
        column is not None,
        column or "",
        row["severity"] != "critical",
        row["told"].get("says", ""),
    )
