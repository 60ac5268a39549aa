"""The two gates as blocking asset checks: one check per raw table, one per mart of the candidate.

Belongs here: telling Dagster what a gate found. Does not: expectations (``expectations`` has them)
or exact truth (dbt's tests; those of marts come with the dbt assets).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from expectations.outcome import GateOutcome
from orchestration import nightly
from orchestration.assets import CANDIDATE, is_mart, raw_tables
from orchestration.resources import NightResource, refusals


def build_landing_gate() -> dg.AssetChecksDefinition:
    """Great Expectations over the raw tables: critical faults keep every model from being built."""
    specs = {
        f"{key.path[0]}.{key.path[1]}": dg.AssetCheckSpec(
            "gx", asset=key, blocking=True, description=f"Landing gate over {place}."
        )
        for key, place in raw_tables().items()
    }

    @dg.multi_asset_check(name="landing_gate", specs=list(specs.values()))
    def landing_gate(night: NightResource) -> Iterator[dg.AssetCheckResult]:
        """Judge the raw tables."""
        yield from _gate(night, "landing gate", "landing", nightly.check_landing, specs)

    return landing_gate


def build_published_gate(manifest: Path) -> dg.AssetChecksDefinition:
    """Great Expectations over the candidate: critical faults keep it from being published.

    Args:
        manifest: dbt's manifest, which names the marts.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    specs = {
        name: dg.AssetCheckSpec(
            f"gx__{name}",
            asset=CANDIDATE,
            blocking=True,
            description=f"Published gate over {name}.",
        )
        for name in sorted(node["name"] for node in nodes if is_mart(node))
    }

    @dg.multi_asset_check(name="published_gate", specs=list(specs.values()))
    def published_gate(night: NightResource) -> Iterator[dg.AssetCheckResult]:
        """Judge the candidate."""
        yield from _gate(night, "published gate", "published", nightly.check_candidate, specs)

    return published_gate


def _gate(night, step, gate, run, specs) -> Iterator[dg.AssetCheckResult]:
    """Run one gate, report every table, and fail the run where the gate blocks."""
    refused = None
    this = None
    try:
        with refusals():
            this = night.at(step)
            run(this)
    except dg.Failure as failure:
        refused = failure
    outcome = this.outcomes.get(gate) if this else None
    if outcome is not None:
        yield from results_of(outcome, specs)
    if refused:
        raise refused


def results_of(
    outcome: GateOutcome, specs: Mapping[str, dg.AssetCheckSpec]
) -> Iterator[dg.AssetCheckResult]:
    """A gate's findings, table by table.

    Args:
        outcome: what the gate found.
        specs: the check of each relation.
    """
    for relation, spec in specs.items():
        failures = [str(f) for f in outcome.failures if f.table == relation]
        warnings = [str(f) for f in outcome.warnings if f.table == relation]
        metadata = {"critical": len(failures), "warnings": len(warnings)}
        if relation in outcome.rows:
            metadata["rows"] = outcome.rows[relation]
        yield dg.AssetCheckResult(
            passed=not failures and not warnings,
            asset_key=spec.asset_key,
            check_name=spec.name,
            severity=dg.AssetCheckSeverity.ERROR if failures else dg.AssetCheckSeverity.WARN,
            metadata=metadata,
            description="\n".join(failures + warnings) or None,
        )
