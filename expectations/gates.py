"""The two gates of a run: over the raw files before dbt, and over the marts before publishing.

Belongs here: what each gate looks at. Does not: expectations (landing, published) or how they run
(engine). Great Expectations takes seconds to import, so nothing here imports it until a gate runs.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from expectations.outcome import GateOutcome
from orchestration.contract import RawTable, contract_tables, source_tables
from orchestration.landing import Landing, column_types
from orchestration.settings import Settings


def landing_gate(
    settings: Settings, landing: Landing, judged_on: date | None = None
) -> GateOutcome:
    """Judge the raw relations of the build database, as `register` left them.

    Args:
        settings: the run's folders; the last publication, if any, is compared with.
        landing: the files found.
        judged_on: the scheduler's day, for freshness; default is `AS_OF`, and no day, no judgement.
    """
    from expectations.engine import Target, run_gate
    from expectations.landing import landing_suite, suite_name

    before = _rows_of_last_run(settings.current / "manifest.json", "landing")
    targets, skipped = [], {}
    for table in _raw_tables():
        groups = landing.groups.get(table, [])
        if not groups:
            skipped[suite_name(table)] = "no file was delivered"
            continue
        suite = landing_suite(
            table,
            folders=_folders(table, landing),
            previous_rows=before.get(f"{table.source}.{table.name}"),
            as_of=judged_on or settings.as_of,
        )
        targets.append(Target(table.source, table.name, suite))
    return run_gate("landing", settings.build_db, targets, settings.data_docs, skipped)


def published_gate(
    settings: Settings, candidate: Path, manifest: Path, previous: Path | None = None
) -> GateOutcome:
    """Judge the exported candidate, whichever engine built it.

    Args:
        settings: the run's folders.
        candidate: the candidate's folder or DuckDB file, with one table for each mart.
        manifest: dbt's manifest.json, which names the marts and their columns.
        previous: the last publication (its folder or DuckDB file), for drift.
    """
    from expectations.engine import Target, run_gate
    from expectations.published import marts_of, measure, published_suite

    last = _database(previous) if previous is not None else None
    before = measure(last) if last is not None and last.exists() else None
    marts = marts_of(json.loads(manifest.read_text(encoding="utf-8")))
    targets = [Target("main", mart.name, published_suite(mart, before)) for mart in marts]
    return run_gate("published", _database(candidate), targets, settings.data_docs)


def _database(publication: Path) -> Path:
    """The DuckDB file of a publication, given by itself or by its folder."""
    return publication / "twofold.duckdb" if publication.is_dir() else publication


def _raw_tables() -> list[RawTable]:
    own = [t for tables in source_tables().values() for t in tables.values()]
    return [*contract_tables().values(), *own]


def _folders(table: RawTable, landing: Landing) -> list[str]:
    """Entities that must turn up in a required table: one delivered empty is easily overlooked.

    Only folders whose files have no entity_id of their own count (the first file tells); with a
    single folder the row count says as much.
    """
    groups = landing.groups[table]
    if not table.required or len({group.entity for group in groups}) < 2:
        return []
    return sorted(
        {
            group.entity
            for group in groups
            if group.entity is not None
            and "entity_id" not in column_types(replace(group, files=group.files[:1]))
        }
    )


def _rows_of_last_run(manifest: Path, gate: str) -> dict[str, int]:
    """Rows by relation as the last publication's manifest has them; empty where it has none."""
    if not manifest.exists():
        return {}
    published: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    gates = published.get("gates")
    found = gates.get(gate) if isinstance(gates, dict) else None
    return found.get("rows", {}) if isinstance(found, dict) else {}
