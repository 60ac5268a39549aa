"""The night, step by step: landing, gate, build, candidate, gate, publication, site.

Belongs here: the order of the steps and what each hands to the next. Does not: how a step works.
The command line runs them in a row; Dagster runs the same functions as assets.
"""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb

from orchestration import books, changes, dbt_run, policies, publish, spark
from orchestration.changes import Standing
from orchestration.landing import Landing, discover, file_hashes, fingerprint, has_data
from orchestration.lock import only_writer
from orchestration.register import register
from orchestration.settings import PROJECT, InputError, Settings

# what a publication is made by
CODE = (
    "models",
    "macros",
    "seeds",
    "tests/data",
    "docs/columns",
    "orchestration",
    "expectations",
    "identity",
    "synthetic",
    "dbt_project.yml",
    "profiles.yml",
    "requirements.lock",
    "requirements-spark.lock",
)


@dataclass
class Night:
    """One run on its way: what is known so far, and what each step took in seconds."""

    settings: Settings
    run_id: str
    say: Callable[[str], None]
    landing: Landing | None = None
    is_synthetic: bool = False
    # what the raw tables and policies were when they were registered
    basis: dict[str, str | None] = field(default_factory=dict)
    # what changed since the last build that went through
    standing: Standing = field(default_factory=lambda: Standing(None, "not compared yet"))
    # SHA-256 of every raw file, by its path below the landing folder
    inputs: dict[str, str] = field(default_factory=dict)
    gates: dict[str, dict] = field(default_factory=dict)
    # the gates' findings in full, for as long as the process lives
    outcomes: dict[str, object] = field(default_factory=dict)
    candidate: Path | None = None
    publication: Path | None = None
    # on Spark: tasks that each worker process completed
    workers: dict[str, int] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    # what the build made again, in words
    rebuilt: list[str] = field(default_factory=list)

    @property
    def dbt_manifest(self) -> Path:
        """dbt's manifest of the build."""
        return self.settings.dbt_target / "manifest.json"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce and time one step; it and what follows it count as not done until it ends."""
        self.say(f"{name} …")
        self.forget(name)
        start = time.perf_counter()
        yield
        self.took[name] = time.perf_counter() - start
        self.keep()

    def forget(self, name: str) -> None:
        """From this step on nothing is done."""
        if name in ORDER:
            for later in ORDER[ORDER.index(name) :]:
                self.took.pop(later, None)
        self.keep()

    def keep(self) -> None:
        """Note how far the night has come, so that another process can go on (see ``resume``)."""
        note = {
            "run_id": self.run_id,
            "is_synthetic": self.is_synthetic,
            "landing": str(self.landing.root) if self.landing else None,
            "basis": self.basis,
            "gates": self.gates,
            "candidate": self.candidate.name if self.candidate else None,
            "publication": self.publication.name if self.publication else None,
            "took": self.took,
        }
        path = _note(self.settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)


def begin(settings: Settings, say: Callable[[str], None] = print) -> Night:
    """A new run with an id that sorts by start; what a killed run left is cleared."""
    publish.clear_partial(settings)
    return Night(settings, _new_run_id(), say)


def _new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z"


def _note(settings: Settings) -> Path:
    return settings.build / "night.json"


def last_night(settings: Settings) -> dict:
    """What the last night noted of itself; empty where there was none."""
    path = _note(settings)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def resume(settings: Settings, say: Callable[[str], None] = print) -> Night:
    """The last night, to go on from where it stopped.

    Raises:
        InputError: there was none, or what it stands on is not the same any more.
    """
    note = last_night(settings)
    if not note.get("basis"):
        raise InputError("no night has landed here yet: run the whole night")
    night = Night(settings, note["run_id"], say, is_synthetic=note["is_synthetic"])
    policies.compose(settings)
    night.landing = discover(Path(note["landing"]))
    night.basis = _basis(night)
    changed = [name for name, value in night.basis.items() if note["basis"].get(name) != value]
    if changed:
        raise InputError(
            f"changed since the last landing: {', '.join(changed)}; run the whole night"
        )
    night.gates, night.took = note["gates"], note["took"]
    night.candidate = settings.published / note["candidate"] if note["candidate"] else None
    night.publication = settings.published / note["publication"] if note["publication"] else None
    return night


def _basis(night: Night) -> dict[str, str | None]:
    settings = night.settings
    return {
        "files": fingerprint(night.landing.root),
        "policies": policies.digest(settings),
        "books": books.digest(settings),
        "day": str(settings.as_of) if settings.as_of else None,
        "engine": settings.target,
        "code": code_version(),
    }


def require(night: Night, name: str) -> None:
    """A step may run only after all before it, in this run or in the one it resumes.

    Raises:
        InputError: a step before it is not done.
    """
    for before in ORDER[: ORDER.index(name)]:
        if before not in night.took:
            raise InputError(
                f"{name}: the step before it, {before}, is not done; run the whole night"
            )


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
        night.basis = _basis(night)
        night.inputs = register(night.landing, settings)
        with duckdb.connect(str(settings.build_db)) as connection:
            night.standing = changes.since_last_build(
                connection, _code_and_engine(settings), policies.digests(settings)
            )


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


def check_landing(night: Night, everything: bool = True) -> None:
    """The landing gate.

    Args:
        night: the run.
        everything: also where no raw file changed; else its last results stand then.

    Raises:
        GateError: critical faults in the raw tables.
    """
    with night.step("landing gate"):
        if not everything and not night.standing.has_raw_changes():
            night.gates["landing"] = night.standing.gates["landing"]
            return
        from expectations.gates import landing_gate

        outcome = landing_gate(night.settings, night.landing)
        night.outcomes["landing"] = outcome
        night.gates["landing"] = outcome.summary()
        outcome.raise_if_blocked()


def build(
    night: Night,
    only: Sequence[str] = (),
    each: Callable[[object], None] | None = None,
    everything: bool = True,
) -> None:
    """Models and their tests.

    Args:
        night: the run.
        only: models and tests by name; after such a part the build does not count as done.
        each: told every node's result, also when the build fails.
        everything: also what follows from nothing that changed; such tables are left as they are.
    """
    standing = night.standing
    part = ("--indirect-selection", "cautious", "--select", *only) if only else ()
    since = None
    if not only and not everything and standing.changed is not None:
        part = ("--select", *(dbt_run.with_all_that_follows(name) for name in standing.changed))
        since = standing
    with night.step("build"):
        if standing.changed == {} and not only and not everything:
            night.gates["dbt"] = standing.gates["dbt"]
            return
        with duckdb.connect(str(night.settings.build_db)) as connection:
            changes.forget_standing(connection)
            before = changes.last_build(connection)
        outcome = dbt_run.build(night.settings, *part, since=since, each=each)
        night.gates["dbt"] = outcome.counts
        night.rebuilt = changes.rebuilt(night.settings.build_db, before)
        if night.settings.target == "spark":
            night.rebuilt = [f"{n} tables {how}" for how, n in sorted(outcome.rebuilt.items())]
        if not only:
            with duckdb.connect(str(night.settings.build_db)) as connection:
                changes.keep_standing(
                    connection,
                    _code_and_engine(night.settings),
                    policies.digests(night.settings),
                    night.gates,
                )
    if only:
        night.forget("build")


def export(night: Night) -> None:
    """The candidate: what would be published."""
    with night.step("candidate"):
        if night.publication:
            night.run_id, night.publication = _new_run_id(), None
        if night.settings.target == "spark":
            _take_marts_from_spark(night)
        night.candidate = publish.export_candidate(
            night.settings, night.run_id, night.dbt_manifest, _unchanged(night)
        )


def _unchanged(night: Night) -> dict[str, set[str]]:
    """Files of marts that need not be written, since the publication in force has them."""
    manifest = night.settings.current / "manifest.json"
    # of what Spark's tables hold there is no log
    if not manifest.exists() or night.settings.target == "spark":
        return {}
    known = json.loads(manifest.read_text(encoding="utf-8"))
    if known.get("code_hash") != code_hash():
        return {}
    found = publish.contents(night.settings, night.dbt_manifest)
    same = {}
    for mart, periods in found.items():
        before = known.get("contents", {}).get(mart, {})
        same[mart] = {f"{p}.parquet" for p, hashed in periods.items() if before.get(p) == hashed}
        if before == periods:
            same[mart].add(f"{mart}.parquet")
    return same


def _take_marts_from_spark(night: Night) -> None:
    """From here on it is one code for both engines, so Spark is let go."""
    dbt_run.operate(night.settings, "write_marts")
    dbt_run.invoke(night.settings, "docs generate", "--no-compile")
    night.workers = spark.tasks_by_executor()
    spark.stop(night.settings)
    marts = publish.marts(night.dbt_manifest)
    spark.take_marts(night.settings, {mart.name: list(mart.columns) for mart in marts})


def check_candidate(night: Night) -> None:
    """The published gate, on the candidate.

    Raises:
        GateError: critical faults in what would be published.
    """
    with night.step("published gate"):
        from expectations.gates import published_gate

        current = night.settings.current
        books.refuse_unexplained(night.settings, night.candidate)
        outcome = published_gate(
            night.settings,
            night.candidate,
            night.dbt_manifest,
            current.resolve() if current.exists() else None,
        )
        night.outcomes["published"] = outcome
        night.gates["published"] = outcome.summary()
        outcome.raise_if_blocked()


def put_in_force(night: Night) -> None:
    """Swap the link; from here on readers see the new publication."""
    with night.step("publication"):
        manifest = _manifest(night)
        # before the swap: a run killed between the two publishes the same rows, served as frozen
        books.complete_restatements(night.settings, night.candidate, night.say)
        night.publication = publish.publish(night.settings, night.candidate, night.run_id, manifest)
    if night.settings.postgres_dsn:
        with night.step("postgres"):
            from orchestration import postgres

            postgres.load(
                night.settings.postgres_dsn, night.publication, publish.marts(night.dbt_manifest)
            )


def _manifest(night: Night) -> dict:
    return {
        "run_id": night.run_id,
        "code_version": code_version(),
        "code_hash": code_hash(),
        "as_of": str(night.settings.as_of) if night.settings.as_of else None,
        "engine": night.settings.target,
        "workers": night.workers,
        "is_synthetic": night.is_synthetic,
        "inputs": night.inputs,
        "input_hash": _input_hash(night),
        "policy_hash": policies.digest(night.settings),
        "books_hash": books.digest(night.settings),
        "books_entries": len(books.read(night.settings)),
        "contents": publish.contents(night.settings, night.dbt_manifest),
        "rows": publish.row_counts(night.candidate, night.dbt_manifest),
        "control_totals": publish.control_totals(night.candidate),
        "gates": night.gates,
    }


def _input_hash(night: Night) -> str:
    night.inputs = night.inputs or file_hashes(night.landing.root, night.landing.files)
    return hashlib.sha256(json.dumps(night.inputs, sort_keys=True).encode()).hexdigest()


def nothing_new(night: Night) -> bool:
    """Whether the publication in force is what this night would make again."""
    manifest, settings = night.settings.current / "manifest.json", night.settings
    if night.standing.changed != {} or not manifest.exists():
        return False
    known = json.loads(manifest.read_text(encoding="utf-8"))
    same = {
        "code_hash": code_hash(),
        "as_of": str(settings.as_of) if settings.as_of else None,
        "engine": settings.target,
        "is_synthetic": night.is_synthetic,
        "input_hash": _input_hash(night),
        "policy_hash": policies.digest(settings),
        "books_hash": books.digest(settings),
    }
    return (
        all(known.get(name) == value for name, value in same.items())
        and (settings.site / "index.html").exists()
        and not settings.postgres_dsn
    )


def _code_and_engine(settings: Settings) -> str:
    return f"{code_hash()} {settings.target}"


@cache
def code_hash() -> str:
    """One hash over all that a publication is made by: code, models, tests, pinned packages."""
    total = hashlib.sha256()
    for folder in CODE:
        path = PROJECT / folder
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                total.update(file.relative_to(PROJECT).as_posix().encode() + b"\0")
                total.update(file.read_bytes())
    return total.hexdigest()


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

        # columns of models that are not marts are in Spark's catalog, not in the build database
        catalog = spark.catalog(night.settings) if night.settings.target == "spark" else None
        build_site(night.settings, night.publication, night.dbt_manifest, catalog)


STEPS = (land, check_landing, build, export, check_candidate, put_in_force, make_site)
ORDER = (
    "landing",
    "landing gate",
    "build",
    "candidate",
    "published gate",
    "publication",
    "site",
)


def run(settings: Settings, say: Callable[[str], None] = print, full: bool = False) -> Night:
    """The whole night under the run lock.

    Args:
        settings: the run's options.
        say: told how it goes.
        full: publish again also where nothing is new, and ask dbt about every table.

    Raises:
        InputError, GateError, LockedError, BuildError: as the steps say.
    """
    with only_writer(settings):
        night = begin(settings, say)
        started, cpu = time.perf_counter(), _cpu_seconds()
        try:
            land(night)
            if not full and nothing_new(night):
                night.publication = settings.current.resolve()
                say(f"nothing new: the publication {night.publication.name} stands")
            else:
                check_landing(night, everything=full)
                build(night, everything=full)
                for step in STEPS[3:]:
                    step(night)
        finally:
            if settings.target == "spark":
                spark.stop(settings)
        summarise(night, time.perf_counter() - started, _cpu_seconds() - cpu)
        return night


def _because(standing: Standing) -> str:
    if standing.changed is None:
        return standing.reason
    return "; ".join(
        " ".join(filter(None, (name.split(".", 2)[2], where and f"({where})")))
        for name, where in standing.changed.items()
    )


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def summarise(night: Night, wall: float, cpu: float) -> None:
    """Say what was published, how the gates went, where to look and what it took."""
    manifest = json.loads((night.publication / "manifest.json").read_text(encoding="utf-8"))
    say, settings = night.say, night.settings
    say("")
    label = " (SYNTHETIC data: the company meridian)" if night.is_synthetic else ""
    stands = "stands" if not night.candidate else "published"
    say(f"{stands} {night.publication.name}{label}")
    raw = sum(t["raw_rows"] for t in manifest["control_totals"])
    quarantined = sum(t["quarantined_rows"] for t in manifest["control_totals"])
    say(f"  rows      {raw:,} raw = {raw - quarantined:,} accepted + {quarantined:,} quarantined")
    facts = {n: r for n, r in manifest["rows"].items() if n.startswith("fct_")}
    say("  marts     " + ", ".join(f"{n} {r:,}" for n, r in facts.items()))
    if night.rebuilt:
        say(f"  rebuilt   {'; '.join(night.rebuilt)}")
        say(f"  because   {_because(night.standing)}")
    for gate, result in night.gates.items():
        say(
            f"  {gate:<10}" + ", ".join(f"{k} {v}" for k, v in result.items() if isinstance(v, int))
        )
    if night.workers:
        shares = ", ".join(f"{n:,} by worker {w}" for w, n in sorted(night.workers.items()))
        say(f"  spark     tasks: {shares}")
    say(f"  marts in  {settings.current / 'twofold.duckdb'}")
    say(f"  site      {settings.site / 'index.html'}")
    steps = ", ".join(f"{n} {s:.1f}" for n, s in night.took.items())
    say(f"  took      {wall:.1f} s wall, {cpu:.1f} s CPU ({steps})")
