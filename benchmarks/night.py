"""The project's own night as a measured command: whole, dbt alone, or only the P&L's models.

Belongs here: calling the steps that orchestration has, each measured. Does not: steps of its own.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Cost, stretch
from orchestration import dbt_run, nightly
from orchestration.lock import only_writer
from orchestration.settings import Settings

PNL = "+fct_customer_profitability_monthly"
NO_TESTS = ("--resource-type", "model", "--resource-type", "seed")


def run(what: str, settings: Settings) -> dict[str, Cost]:
    """Run one kind of night and give the cost of each step."""
    costs: dict[str, Cost] = {}
    announced = nightly.Night.step

    @contextmanager
    def measured(night: nightly.Night, name: str) -> Iterator[None]:
        with stretch(costs, name), announced(night, name):
            yield

    nightly.Night.step = measured
    if what == "nightly":
        nightly.run(settings)
        return costs
    with only_writer(settings):
        nightly.land(nightly.begin(settings))
        with stretch(costs, "dbt"):
            if what == "dbt":
                dbt_run.build(settings)
            else:
                done = dbt_run.invoke(settings, "build", "--select", PNL, *NO_TESTS)
                if not done.success:
                    raise RuntimeError(f"dbt failed: {done.exception or 'see its log'}")
    return costs


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
    parser.add_argument("what", choices=("nightly", "dbt", "profitability"))
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path, help="warehouse; steps.json goes there")
    given = parser.parse_args()
    settings = Settings.from_environment(landing=given.landing, warehouse=given.out)
    costs = run(given.what, settings)
    steps = {name: asdict(cost) for name, cost in costs.items()}
    (given.out / "steps.json").write_text(json.dumps(steps, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
