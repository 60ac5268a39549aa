"""Data Docs: one static page for each suite, and an index, that open from the file system.

Belongs here: turning results into pages. Does not: judging them.

Great Expectations' own pages load styles and scripts from the network and carry the time of the
run. Here its renderers write the content, and the frame around it (templates/) is our own.
"""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

from expectations.outcome import GateOutcome

TEMPLATES = Path(__file__).with_name("templates")
# page columns beside Great Expectations' own, and where each stands in an expectation's meta
COLUMNS = {"Severity": "severity", "Expected": "says", "Reason": "why", "What to do": "do"}


class OfflineView(DefaultJinjaPageView):
    """Great Expectations' view with our templates in front of its own."""

    def __init__(self) -> None:
        super().__init__()
        own = FileSystemLoader(str(TEMPLATES))
        self.env.loader = ChoiceLoader([own, self.env.loader])
        numbers: Iterator[int] = count(1)
        # element ids are random otherwise, and the same run would give other bytes
        self.env.filters["generate_html_element_uuid"] = lambda prefix=None: (
            f"{prefix}{next(numbers)}"
        )


def write_pages(
    folder: Path,
    outcome: GateOutcome,
    results: list[tuple[str, ExpectationSuiteValidationResult]],
) -> None:
    """Replace the pages of one gate below ``folder`` and renew the index of both gates."""
    pages = folder / outcome.gate
    pages.mkdir(parents=True, exist_ok=True)
    for stale in pages.glob("*.html"):
        stale.unlink()
    context = SimpleNamespace(suites=SimpleNamespace(get=_suite_with_columns))
    renderer = ValidationResultsPageRenderer(data_context=context)
    summaries = []
    for relation, result in results:
        result.meta.pop("batch_markers", None)
        result.meta.pop("batch_spec", None)
        result.meta.pop("active_batch_definition", None)
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
        document = renderer.render(result)
        # the first block links to pages that this site does not have
        document.sections[0].content_blocks = []
        html = OfflineView().render(
            document, gate=outcome.gate, summary=summary, faults=faults, home="../index.html"
        )
        (pages / f"{result.suite_name}.html").write_text(html, encoding="utf-8")
    record = {
        "gate": outcome.gate,
        "summary": outcome.summary(),
        "passed": outcome.passed,
        "suites": summaries,
        "failures": [str(f) for f in outcome.failures],
        "warnings": [str(f) for f in outcome.warnings],
        "skipped": dict(sorted(outcome.skipped.items())),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / f"{outcome.gate}.json").write_text(text + "\n", encoding="utf-8")
    records = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))]
    index = OfflineView().env.get_template("index.j2").render(gates=records)
    (folder / "index.html").write_text(index, encoding="utf-8")


def _suite_with_columns(name: str) -> SimpleNamespace:
    """What the renderer asks of a suite: the extra columns of its table."""
    return SimpleNamespace(meta={"notes": {"format": "meta_properties", "content": COLUMNS}})
