"""Dagster's web interface and daemon on loopback; ``make ui`` runs this module.

Belongs here: the instance's folder, what has to be true before Dagster starts, its command line.
Does not: definitions.
"""

import os
import shutil
import sys
from pathlib import Path

import click

from orchestration.dbt_run import prepare_manifest
from orchestration.lock import only_writer
from orchestration.resources import environment_for_dagster
from orchestration.settings import PROJECT, LockedError, Settings

INSTANCE = Path(__file__).with_name("dagster.yaml")


def prepare_home(settings: Settings) -> Path:
    """The instance's folder under the warehouse, with the project's dagster.yaml in force."""
    home = settings.warehouse / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(INSTANCE, home / INSTANCE.name)
    return home


def end_dead_runs(settings: Settings, home: Path) -> list[str]:
    """Mark runs as failed that an earlier interface left behind; one such would block the queue.

    Nobody holds the run lock, so whatever is noted as running is not.

    Returns:
        The ids of those runs.
    """
    from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

    ended = []
    underway = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    try:
        with only_writer(settings), DagsterInstance.from_config(str(home)) as instance:
            for run in instance.get_runs(RunsFilter(statuses=underway)):
                instance.report_run_failed(run, "its process ended without a word")
                ended.append(run.run_id)
    except LockedError:
        pass
    return ended


def command(port: int) -> list[str]:
    """The command line of Dagster's development server: web interface, daemon, code server."""
    return [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--module-name",
        "orchestration.definitions",
    ]


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
def main(port: int) -> None:
    """Serve Dagster's web interface on loopback until interrupted."""
    settings = Settings.from_environment()
    click.echo("reading the dbt project …")
    prepare_manifest(settings)
    home = prepare_home(settings)
    for run_id in end_dead_runs(settings, home):
        click.echo(f"run {run_id} was left behind and counts as failed")
    click.echo(f"Dagster on http://127.0.0.1:{port} (Ctrl-C ends it)")
    own = {
        # `dagster dev` recommends another tool, which would have to be installed as well
        "PYTHONWARNINGS": "ignore:Function `dev_command`",
        "DAGSTER_HOME": str(home),
        "LANDING": str(settings.landing),
        "WAREHOUSE": str(settings.warehouse),
    }
    if settings.policies:
        own["POLICIES"] = str(settings.policies)
    os.chdir(PROJECT)
    os.execve(sys.executable, command(port), environment_for_dagster() | own)


if __name__ == "__main__":
    main()
