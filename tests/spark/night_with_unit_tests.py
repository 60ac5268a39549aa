"""A night that runs the models' unit tests in its own session, once its tables stand.

Belongs here: that one step between two of the night's. Does not: what either of them does.
Another session for them would start Java again, and Spark is slow until Java has compiled it.
The words of the command line are those of `twofold`; results are in the folder unit_tests below the
warehouse's build folder.
"""

from orchestration import cli, dbt_run, nightly
from orchestration.nightly import Night
from orchestration.settings import Settings


def results_folder(settings: Settings):
    """Where dbt leaves what became of each unit test."""
    return settings.build / "unit_tests"


def unit_tests(night: Night) -> None:
    """Run them all; none stops the night, since the results say which failed."""
    dbt_run.invoke(
        night.settings,
        "test",
        *("--select", "test_type:unit"),
        *("--target-path", str(results_folder(night.settings))),
    )


if __name__ == "__main__":
    after = nightly.STEPS.index(nightly.build) + 1
    nightly.STEPS = (*nightly.STEPS[:after], unit_tests, *nightly.STEPS[after:])
    cli.main()
