"""dbt, in process.

Belongs here: arguments, environment, and what a failed node means for the run. Does not: models.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from orchestration import spark
from orchestration.changes import Standing
from orchestration.settings import PROJECT, GateError, InputError, Settings

# what a parse reads
PARSED = ("models", "macros", "seeds", "tests/data", "docs/columns")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml")
MESSAGE_LINES = 8
SHOWN_ROWS = 5
# what macros/rebuild/grain.sql says: a failed test like any other
DOUBLED = "more than one row per grain"
# what macros/rebuild/spark_table.sql says of a table
HOW = ("as a whole", "in part", "unchanged")


class BuildError(Exception):
    """A model failed to build. Exit code 1."""


@dataclass(frozen=True)
class BuildOutcome:
    """What dbt did.

    Attributes:
        counts: nodes by status.
        rebuilt: tables by how they were made again, on Spark; DuckDB's log has it else.
    """

    counts: dict[str, int]
    rebuilt: dict[str, int]


def environment(settings: Settings) -> dict[str, str]:
    """What the dbt project reads from the environment; usage statistics stay off."""
    engine = spark.environment(settings) if settings.target == "spark" else {}
    return engine | {
        "TWOFOLD_BUILD_DB": str(settings.build_db),
        "TWOFOLD_TARGET": settings.target,
        "DBT_TARGET_PATH": str(settings.dbt_target),
        "DBT_LOG_PATH": str(settings.build / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def arguments(command: str, *options: str) -> list[str]:
    """A dbt command line for this project; unit tests belong to CI, not to the night."""
    base = [
        *command.split(),
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--log-level",
        "warn",
        "--log-level-file",
        "info",
    ]
    if command == "build":
        base += ["--exclude-resource-type", "unit_test"]
    return base + list(options)


def invoke(settings: Settings, command: str, *options: str):
    """Run one dbt command and let go of the build database.

    Returns:
        dbt's own result object.
    """
    from dbt.cli.main import dbtRunner

    _hear_what_is_logged()
    if settings.target == "spark":
        spark.let_the_configuration_stand()
    try:
        parsed = _parse(settings)
        if not parsed.success:
            return parsed
        for node in parsed.result.nodes.values():
            if node.resource_type == "seed":
                # dbt looks for this path below the project first, where no such folder is
                node.root_path = str(settings.seeds.parent)
                node.original_file_path = f"{settings.seeds.name}/{node.path}"
        os.environ.update(environment(settings))
        return dbtRunner(manifest=parsed.result).invoke(arguments(command, *options))
    finally:
        release_database()


def _parse(settings: Settings):
    """dbt's parse of the project, its manifest being the result; no database is opened.

    Parsing all costs more than most builds of a part. dbt parses only files that changed, but all
    of them where an environment variable of the profile did; so the parse knows no warehouse, and
    one is kept for all.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(environment(settings) | _of_no_warehouse(settings))
    with _kept_parse(settings) as folder:
        place = ("--target-path", str(folder), "--no-write-json")
        return dbtRunner().invoke(arguments("parse", *place))


def _of_no_warehouse(settings: Settings) -> dict[str, str]:
    """The database by its name alone, which is what SQL calls it."""
    return {"TWOFOLD_BUILD_DB": settings.build_db.name}


@contextmanager
def _kept_parse(settings: Settings) -> Iterator[Path]:
    """The folder of the kept parse, held by one process at a time."""
    folder = settings.of_the_code / "parse" / settings.target
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder / ".lock")):
        yield folder


def _hear_what_is_logged() -> None:
    """Let dbt make no message below the level of its log: most are, and each is costly to make."""
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    unheard = (EventLevel.DEBUG, EventLevel.TEST)

    class Heard(EventManager):
        def fire_event(self, e, level=None, node=None, force_warn_or_error_handling=False):
            if force_warn_or_error_handling or (level or e.level_tag()) not in unheard:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    ctx_set_event_manager(Heard())


def release_database() -> None:
    """Close what dbt-duckdb keeps open, so that the file can be read with other settings."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def with_all_that_follows(unique_id: str) -> str:
    """dbt's selector for a raw relation or a policy and everything made from it."""
    kind, _, name = unique_id.split(".", 2)
    return f"source:{name}+" if kind == "source" else f"{name}+"


def build(
    settings: Settings,
    *options: str,
    since: Standing | None = None,
    each: Callable[[Any], None] | None = None,
) -> BuildOutcome:
    """Build and test everything.

    Args:
        settings: the run's folders.
        options: further options of ``dbt build``.
        since: what changed since all tables were up to date, for Spark, which makes all of them
            again without it; DuckDB's build database knows for itself.
        each: told every node's result, also when the build fails.

    Raises:
        BuildError: a model failed.
        InputError: a test failed that the input is to blame for.
        GateError: any other test failed.
    """
    if settings.target == "spark":
        spark.begin(settings)
        columns = spark.raw_columns(settings)
        operate(settings, "create_raw_tables", columns=columns, anew=since is None)
        if since is None:
            options = (*options, "--full-refresh")
        else:
            spark.write_changes(settings, since)
    result = invoke(settings, "build", *options)
    if result.exception:
        raise BuildError(str(result.exception))
    counts: dict[str, int] = {}
    rebuilt: dict[str, int] = {}
    models, inputs, tests = [], [], []
    for item in result.result.results:
        status = str(item.status)
        counts[status] = counts.get(status, 0) + 1
        if item.message in HOW:
            rebuilt[item.message] = rebuilt.get(item.message, 0) + 1
        if each:
            each(item)
        if status == "error" and DOUBLED in str(item.message):
            tests.append(f"{item.node.name}: {_in_short(item.message)}")
        elif status == "error":
            models.append(f"{item.node.name}: {_in_short(item.message)}")
        elif status == "fail":
            where = inputs if item.node.config.meta.get("to_blame") == "input" else tests
            told = f"{item.node.name}: {item.message}. {item.node.description}".strip()
            where.append("\n".join([told, *_failing_rows(settings, item.node)]))
    if models:
        raise BuildError("\n".join(models))
    if inputs:
        raise InputError("\n".join(inputs))
    if tests:
        raise GateError("\n".join(tests))
    return BuildOutcome(counts, rebuilt)


def _failing_rows(settings: Settings, test: Any) -> list[str]:
    """The first rows a failed test found, one a line, with the names of their columns.

    Asked again, since dbt counts them only. Spark's tables are gone from reach by then.
    """
    if settings.target != "duckdb":
        return []
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        found = connection.execute(f"from ({test.compiled_code}\n) limit {SHOWN_ROWS}")
        columns = [name for name, *_ in found.description]
        return [
            "  " + ", ".join(f"{c}: {v}" for c, v in zip(columns, row, strict=True))
            for row in found.fetchall()
        ]


def operate(settings: Settings, macro: str, **words: object) -> None:
    """Run one macro of the project by itself, with arguments by name.

    Raises:
        BuildError: it failed.
    """
    result = invoke(settings, "run-operation", macro, "--args", json.dumps(words))
    if not result.success:
        raise BuildError(f"{macro}: {_in_short(str(result.exception))}")


def _in_short(message: str) -> str:
    """An engine's message without the query plan that Spark adds."""
    lines = message.splitlines()
    return "\n".join(lines[:MESSAGE_LINES] + ["…"] * (len(lines) > MESSAGE_LINES))


def prepare_manifest(settings: Settings) -> Path:
    """The project's manifest without a build: parsed anew only where the project has changed.

    It stands apart from the build's own manifest and is made in a process of its own, so a run in
    progress and this process's environment are left alone. No database is opened.

    Returns:
        The path of manifest.json.

    Raises:
        BuildError: the project does not parse.
    """
    folder = settings.build / "definitions" / settings.target
    folder.mkdir(parents=True, exist_ok=True)
    manifest, parsed_from = folder / "manifest.json", folder / "parsed_from"
    with _kept_parse(settings) as kept:
        state = _project_state()
        known = parsed_from.read_text() if parsed_from.exists() and manifest.exists() else None
        if known != state:
            parsed_from.unlink(missing_ok=True)
            own = {"DBT_LOG_PATH": str(folder / "logs")} | _of_no_warehouse(settings)
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "dbt.cli.main"),
                    *arguments("parse", "--target-path", str(kept)),
                ],
                env=os.environ | environment(settings) | own,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise BuildError(f"the dbt project does not parse\n{done.stdout}{done.stderr}")
            shutil.copyfile(kept / "manifest.json", manifest)
            parsed_from.write_text(state)
    return manifest


def _project_state() -> str:
    """A hash over names, sizes and times of what a parse reads, and dbt's version."""
    total = hashlib.sha256(version("dbt-core").encode())
    paths = [p for folder in PARSED for p in (PROJECT / folder).rglob("*") if p.is_file()]
    for path in sorted([*paths, *(PROJECT / name for name in PROJECT_FILES)]):
        about = path.stat()
        name = path.relative_to(PROJECT).as_posix()
        total.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
    return total.hexdigest()
