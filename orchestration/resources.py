"""What Dagster's assets, checks and sensors are handed: a run's options, and the night itself.

Belongs here: reading options, holding the run lock for as long as a Dagster run lasts, turning the
night's errors into Dagster failures. Does not: the steps (``nightly`` has them).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from orchestration import nightly
from orchestration.dbt_run import BuildError
from orchestration.lock import only_writer
from orchestration.settings import GateError, InputError, LockedError, Settings

# What the command line ends with. A run that failed for one of these would only fail again.
EXIT_CODES = {BuildError: 1, InputError: 2, GateError: 3, LockedError: 4}


class OptionsResource(dg.ConfigurableResource):
    """A run's options; one left empty comes from the environment, as on the command line."""

    landing: str = ""
    warehouse: str = ""
    policies: str = ""
    target: str = ""
    as_of: str = ""

    @property
    def settings(self) -> Settings:
        """The options, read when a run or a tick needs them and never at import."""
        return Settings.from_environment(**self.model_dump())


class NightResource(dg.ConfigurableResource):
    """The night of one Dagster run: it holds the warehouse's run lock from first to last step.

    All steps run in one process, so the lock dies with it.
    """

    options: dg.ResourceDependency[OptionsResource]

    _night: nightly.Night | None = PrivateAttr(default=None)
    _settings: Settings | None = PrivateAttr(default=None)
    _say: Callable[[str], None] = PrivateAttr(default=print)
    _started: tuple[float, float] = PrivateAttr(default=(0.0, 0.0))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["NightResource"]:
        """Take the run lock, and give it back when the run ends."""
        with refusals():
            self._settings = self.options.settings
            writer = only_writer(self._settings)
            writer.__enter__()
        self._say = context.log.info if context.log else print
        self._started = (time.perf_counter(), time.process_time())
        try:
            yield self
        finally:
            writer.__exit__(None, None, None)

    @property
    def settings(self) -> Settings:
        """The options of this run."""
        return self._settings

    def begin(self) -> nightly.Night:
        """A new night, for the step that lands the raw files."""
        self._night = nightly.begin(self.settings, self._say)
        return self._night

    def at(self, step: str) -> nightly.Night:
        """The night for a later step: this run's, or the last one where a run starts in the middle.

        Raises:
            InputError: a step before this one is not done, or its input has changed since.
        """
        if self._night is None:
            self._night = nightly.resume(self.settings, self._say)
        nightly.require(self._night, step)
        return self._night

    def summarise(self, night: nightly.Night) -> None:
        """The command line's closing words, in the run's log."""
        wall, cpu = self._started
        nightly.summarise(night, time.perf_counter() - wall, time.process_time() - cpu)


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal fails the run at once, with the command line's message and exit code."""
    try:
        yield
    except tuple(EXIT_CODES) as error:
        code = next(c for kind, c in EXIT_CODES.items() if isinstance(error, kind))
        raise dg.Failure(
            description=str(error), metadata={"exit_code": code}, allow_retries=False
        ) from error


def environment_for_dagster() -> dict[str, str]:
    """The environment of every Dagster process: usage statistics off."""
    return os.environ | {"DAGSTER_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def build_resources(**options: Any) -> dict[str, dg.ConfigurableResource]:
    """The resources by the names that assets ask for them."""
    given = OptionsResource(**{name: str(value) for name, value in options.items() if value})
    return {"options": given, "night": NightResource(options=given)}
