"""The command line ``twofold``; the Makefile calls it.

Belongs here: options, exit codes, messages. Does not: any work. Heavy modules load in the commands.
"""

import sys
from collections.abc import Callable
from functools import wraps

import click

from orchestration.settings import GateError, InputError, LockedError, Settings

EXIT_CODES = {InputError: 2, GateError: 3, LockedError: 4}
HEADLINES = {
    InputError: "refused because of the input",
    GateError: "a gate failed, nothing was published",
    LockedError: "busy",
}


def _shared_options(command: Callable) -> Callable:
    """The options that every command knows; each falls back to the environment."""
    options = [
        click.option("--landing", help="Folder of raw files (LANDING)."),
        click.option("--warehouse", help="Folder for everything built (WAREHOUSE)."),
        click.option("--policies", help="Folder of own policy files (POLICIES)."),
        click.option("--target", help="Engine: duckdb or spark (TARGET)."),
        click.option("--as-of", "as_of", help="Day the build pretends it is (AS_OF)."),
    ]

    @wraps(command)
    def wrapped(landing, warehouse, policies, target, as_of, **own):
        try:
            settings = Settings.from_environment(
                landing=landing, warehouse=warehouse, policies=policies, target=target, as_of=as_of
            )
            command(settings, **own)
        except tuple(EXIT_CODES) as error:
            kind = type(error)
            click.echo(f"\n{HEADLINES[kind]} (exit {EXIT_CODES[kind]})", err=True)
            for line in str(error).splitlines():
                click.echo(f"  {line}", err=True)
            sys.exit(EXIT_CODES[kind])

    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Twofold: both halves of customer value, from one set of books."""


@main.command()
@click.option(
    "--full", is_flag=True, envvar="FULL", help="Publish again even where nothing is new (FULL=1)."
)
@_shared_options
def nightly(settings: Settings, full: bool) -> None:
    """Build what changed and all that follows from it, gate it and publish."""
    from orchestration import nightly as night

    try:
        night.run(settings, say=click.echo, full=full)
    except night.dbt_run.BuildError as error:
        click.echo(f"\nthe build failed (exit 1)\n{error}", err=True)
        sys.exit(1)


@main.command()
@_shared_options
def check(settings: Settings) -> None:
    """The landing gate alone: is the input fit to build from?"""
    from orchestration import nightly as night
    from orchestration.lock import only_writer

    with only_writer(settings):
        this = night.begin(settings, click.echo)
        night.land(this)
        night.check_landing(this)
    click.echo("the input is fit to build from")


@main.command()
@click.option("--to", "run_id", help="Publication to return to; default: the one before.")
@_shared_options
def rollback(settings: Settings, run_id: str | None) -> None:
    """Make an earlier publication the current one."""
    from orchestration.lock import only_writer
    from orchestration.publish import rollback as roll_back

    with only_writer(settings):
        click.echo(f"current is {roll_back(settings, run_id).name}")


if __name__ == "__main__":
    main()
