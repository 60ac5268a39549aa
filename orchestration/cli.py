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
            pages = settings.data_docs / "index.html" if kind is GateError else None
            if pages and pages.exists():
                click.echo(f"  what the gates saw: {pages}", err=True)
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


def _period_options(command: Callable) -> Callable:
    """Which period, and when the act counts from."""
    options = [
        click.option("--entity", required=True, envvar="ENTITY", help="Entity (ENTITY)."),
        click.option(
            "--month",
            required=True,
            envvar="MONTH",
            type=click.DateTime(["%Y-%m-%d"]),
            help="First day of its fiscal period (MONTH).",
        ),
        click.option(
            "--at",
            type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]),
            envvar="AT",
            help="When it counts from, UTC; default: now (AT).",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_KIND = click.option(
    "--kind",
    type=click.Choice(["profit", "perceived_value"]),
    default="profit",
    envvar="KIND",
    help="Which figures close (KIND).",
)


@main.command()
@_period_options
@click.option("--by", required=True, envvar="BY", help="Who closes (BY).")
@click.option("--reason", envvar="REASON", help="Needed where the period is not signable (REASON).")
@_KIND
@click.option("--soft", is_flag=True, envvar="SOFT", help="Announce it; nothing is frozen.")
@_shared_options
def close(settings: Settings, entity, month, at, by, reason, kind, soft) -> None:
    """Close a period: its published rows stay as they are from now on."""
    from orchestration import books
    from orchestration.lock import only_writer

    with only_writer(settings):
        done = books.close(settings, entity, month.date(), by, reason, kind, soft, at)
    if soft:
        click.echo(f"{entity} {done.month_start_date} is soft-closed by {by}")
        return
    rows = sum(mart["rows"] for mart in done.marts.values())
    click.echo(
        f"{entity} {done.month_start_date} is closed by {by}: version {done.version}, {rows:,} "
        f"rows of {len(done.marts)} marts frozen; the next night serves them"
    )


@main.command()
@_period_options
@click.option("--by", required=True, envvar="BY", help="Who asks for it (BY).")
@click.option("--approved-by", required=True, envvar="APPROVED_BY", help="Who approves it.")
@click.option("--reason", required=True, envvar="REASON", help="Why (REASON).")
@_KIND
@_shared_options
def reopen(settings: Settings, entity, month, at, by, approved_by, reason, kind) -> None:
    """Open a closed period again; what it reported is kept."""
    from orchestration import books
    from orchestration.lock import only_writer

    with only_writer(settings):
        done = books.reopen(settings, entity, month.date(), by, approved_by, reason, kind, at)
    click.echo(f"{entity} {done.month_start_date} is open again; close it when it is right")


@main.command()
@_period_options
@_KIND
@click.option(
    "--difference", required=True, envvar="DIFFERENCE", help="As the night that stopped named it."
)
@click.option("--prepared-by", required=True, envvar="PREPARED_BY", help="Who prepared it.")
@click.option("--approved-by", required=True, envvar="APPROVED_BY", help="Who approved it.")
@click.option("--reason", required=True, envvar="REASON", help="Why (REASON).")
@_shared_options
def restate(
    settings: Settings, entity, month, at, kind, difference, prepared_by, approved_by, reason
) -> None:
    """Approve that a closed period is published anew, with just the difference a night named."""
    from orchestration import books
    from orchestration.lock import only_writer

    with only_writer(settings):
        done = books.restate(
            settings, entity, month.date(), difference, prepared_by, approved_by, reason, at, kind
        )
    click.echo(
        f"restatement of {entity} {done.month_start_date} is approved by {approved_by}; "
        "the next night publishes and freezes it"
    )


if __name__ == "__main__":
    main()
