"""The night, step by step: landing, gate, build, candidate, gate, publication, site.

Belongs here: the order of the steps and what each hands to the next. Does not: how a step works.
The command line runs them in a row; Dagster runs the same functions as assets.
"""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration import dbt_run, policies, publish
from orchestration.landing import Landing, discover, has_data
from orchestration.lock import only_writer
from orchestration.register import register
from orchestration.settings import PROJECT, Settings


@dataclass
class Night:
    """One run on its way: what is known so far, and what each step took in seconds."""

    settings: Settings
    run_id: str
    say: Callable[[str], None]
    landing: Landing | None = None
    is_synthetic: bool = False
    gates: dict[str, dict] = field(default_factory=dict)
    candidate: Path | None = None
    publication: Path | None = None
    took: dict[str, float] = field(default_factory=dict)

    @property
    def dbt_manifest(self) -> Path:
        """dbt's manifest of the build."""
        return self.settings.dbt_target / "manifest.json"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce and time one step."""
        self.say(f"{name} …")
        start = time.perf_counter()
        yield
        self.took[name] = time.perf_counter() - start


def begin(settings: Settings, say: Callable[[str], None] = print) -> Night:
    """A new run with an id that sorts by start; what a killed run left is cleared."""
    publish.clear_partial(settings)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z"
    return Night(settings, run_id, say)


def land(night: Night) -> None:
    """Find the raw files, or make the synthetic company where there are none; register them."""
    settings = night.settings
    with night.step("landing"):
        root = settings.landing
        if not has_data(root):
            night.is_synthetic = True
            root = settings.synthetic_landing
            night.say(
                f"{settings.landing} holds no data: the SYNTHETIC company meridian is used instead"
            )
            _generate(root, settings)
        policies.compose(settings)
        night.landing = discover(root)
        for note in night.landing.notes:
            night.say(f"note: {note}")
        _usable_build_database(settings)
        register(night.landing, settings)


def _generate(root: Path, settings: Settings) -> None:
    from synthetic import meridian

    done = root / "_generated"
    state = f"{meridian.__name__} {settings.demo_customers} {_source_digest()}"
    if not done.exists() or done.read_text() != state:
        meridian.generate(root, customers=settings.demo_customers)
        done.write_text(state)


def _source_digest() -> str:
    """Hash of the generator itself: a new generator makes new data."""
    total = hashlib.sha256()
    for path in sorted((PROJECT / "synthetic").rglob("*")):
        if path.suffix in (".py", ".sql"):
            total.update(path.read_bytes())
    return total.hexdigest()


def _usable_build_database(settings: Settings) -> None:
    """A build database that a kill left unreadable is made anew: all in it can be rebuilt."""
    if settings.build_db.exists():
        try:
            duckdb.connect(str(settings.build_db)).close()
        except duckdb.IOException:
            raise
        except duckdb.Error:
            settings.build_db.unlink()
            settings.build_db.with_name(settings.build_db.name + ".wal").unlink(missing_ok=True)


def check_landing(night: Night) -> None:
    """The landing gate.

    Raises:
        GateError: critical faults in the raw tables.
    """
    with night.step("landing gate"):
        from expectations.gates import landing_gate

        outcome = landing_gate(night.settings, night.landing)
        night.gates["landing"] = outcome.summary()
        outcome.raise_if_blocked()


def build(night: Night) -> None:
    """All models and their tests."""
    with night.step("build"):
        outcome = dbt_run.build(night.settings)
        night.gates["dbt"] = outcome.counts


def export(night: Night) -> None:
    """The candidate: what would be published."""
    with night.step("candidate"):
        night.candidate = publish.export_candidate(
            night.settings, night.run_id, night.dbt_manifest
        )


def check_candidate(night: Night) -> None:
    """The published gate, on the candidate.

    Raises:
        GateError: critical faults in what would be published.
    """
    with night.step("published gate"):
        from expectations.gates import published_gate

        current = night.settings.current
        outcome = published_gate(
            night.settings,
            night.candidate,
            night.dbt_manifest,
            current.resolve() if current.exists() else None,
        )
        night.gates["published"] = outcome.summary()
        outcome.raise_if_blocked()


def put_in_force(night: Night) -> None:
    """Swap the link; from here on readers see the new publication."""
    with night.step("publication"):
        manifest = _manifest(night)
        night.publication = publish.publish(
            night.settings, night.candidate, night.run_id, manifest
        )
    if night.settings.postgres_dsn:
        with night.step("postgres"):
            from orchestration import postgres

            postgres.load(
                night.settings.postgres_dsn, night.publication, publish.marts(night.dbt_manifest)
            )


def _manifest(night: Night) -> dict:
    inputs = publish.file_hashes(night.landing.root, night.landing.files)
    everything = json.dumps(inputs, sort_keys=True).encode()
    return {
        "run_id": night.run_id,
        "code_version": code_version(),
        "as_of": str(night.settings.as_of) if night.settings.as_of else None,
        "engine": night.settings.target,
        "is_synthetic": night.is_synthetic,
        "inputs": inputs,
        "input_hash": hashlib.sha256(everything).hexdigest(),
        "policy_hash": policies.digest(night.settings),
        "rows": publish.row_counts(night.candidate, night.dbt_manifest),
        "control_totals": publish.control_totals(night.candidate),
        "gates": night.gates,
    }


def code_version() -> str:
    """The commit the code stands at, with a mark where files differ from it."""
    try:
        described = subprocess.run(
            ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def make_site(night: Night) -> None:
    """The static site, from the publication."""
    with night.step("site"):
        from orchestration.site.build import build_site

        build_site(night.settings, night.publication, night.dbt_manifest)


STEPS = (land, check_landing, build, export, check_candidate, put_in_force, make_site)


def run(settings: Settings, say: Callable[[str], None] = print) -> Night:
    """The whole night under the run lock.

    Raises:
        InputError, GateError, LockedError, BuildError: as the steps say.
    """
    with only_writer(settings):
        night = begin(settings, say)
        started, cpu = time.perf_counter(), _cpu_seconds()
        for step in STEPS:
            step(night)
        summarise(night, time.perf_counter() - started, _cpu_seconds() - cpu)
        return night


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def summarise(night: Night, wall: float, cpu: float) -> None:
    """Say what was published, how the gates went, where to look and what it took."""
    manifest = json.loads((night.publication / "manifest.json").read_text(encoding="utf-8"))
    say, settings = night.say, night.settings
    say("")
    label = " (SYNTHETIC data: the company meridian)" if night.is_synthetic else ""
    say(f"published {night.run_id}{label}")
    raw = sum(t["raw_rows"] for t in manifest["control_totals"])
    quarantined = sum(t["quarantined_rows"] for t in manifest["control_totals"])
    say(f"  rows      {raw:,} raw = {raw - quarantined:,} accepted + {quarantined:,} quarantined")
    facts = {n: r for n, r in manifest["rows"].items() if n.startswith("fct_")}
    say("  marts     " + ", ".join(f"{n} {r:,}" for n, r in facts.items()))
    for gate, result in night.gates.items():
        say(f"  {gate:<10}" + ", ".join(f"{k} {v}" for k, v in result.items() if isinstance(v, int)))
    say(f"  marts in  {settings.current / 'twofold.duckdb'}")
    say(f"  site      {settings.site / 'index.html'}")
    steps = ", ".join(f"{n} {s:.1f}" for n, s in night.took.items())
    say(f"  took      {wall:.1f} s wall, {cpu:.1f} s CPU ({steps})")
