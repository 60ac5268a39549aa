"""dbt, in process.

Belongs here: arguments, environment, and what a failed node means for the run. Does not: models.
"""

import os
from dataclasses import dataclass

from orchestration.settings import PROJECT, GateError, InputError, Settings


class BuildError(Exception):
    """A model failed to build. Exit code 1."""


@dataclass(frozen=True)
class BuildOutcome:
    """What dbt did: nodes by status."""

    counts: dict[str, int]


def environment(settings: Settings) -> dict[str, str]:
    """What the dbt project reads from the environment; usage statistics stay off."""
    return {
        "TWOFOLD_BUILD_DB": str(settings.build_db),
        "TWOFOLD_SEEDS": str(settings.seeds),
        "TWOFOLD_TARGET": settings.target,
        "DBT_TARGET_PATH": str(settings.dbt_target),
        "DBT_LOG_PATH": str(settings.build / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def arguments(command: str, *options: str) -> list[str]:
    """A dbt command line for this project; unit tests belong to CI, not to the night."""
    base = [
        command,
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
    os.environ.update(environment(settings))
    from dbt.cli.main import dbtRunner

    try:
        return dbtRunner().invoke(arguments(command, *options))
    finally:
        release_database()


def release_database() -> None:
    """Close what dbt-duckdb keeps open, so that the file can be read with other settings."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def build(settings: Settings, *options: str) -> BuildOutcome:
    """Build and test everything.

    Raises:
        BuildError: a model failed.
        InputError: a test failed that the input is to blame for.
        GateError: any other test failed.
    """
    result = invoke(settings, "build", *options)
    if result.exception:
        raise BuildError(str(result.exception))
    counts: dict[str, int] = {}
    models, inputs, tests = [], [], []
    for item in result.result.results:
        status = str(item.status)
        counts[status] = counts.get(status, 0) + 1
        if status == "error":
            models.append(f"{item.node.name}: {item.message}")
        elif status == "fail":
            where = inputs if item.node.config.meta.get("to_blame") == "input" else tests
            where.append(f"{item.node.name}: {item.message}. {item.node.description}".strip())
    if models:
        raise BuildError("\n".join(models))
    if inputs:
        raise InputError("\n".join(inputs))
    if tests:
        raise GateError("\n".join(tests))
    return BuildOutcome(counts)
