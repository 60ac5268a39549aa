"""The jobs: which assets are made together.

Belongs here: selections and how a run executes. Does not: when it runs (schedules, sensors).
"""

from typing import Any

import dagster as dg

NIGHTLY = "nightly"

# One process for all steps: it holds the run lock, imports dbt and Great Expectations once, and
# takes the lock with it when it is killed.
EXECUTOR = dg.in_process_executor


def build_nightly_job() -> Any:
    """Everything, from the raw files to the site: the same steps as ``twofold nightly``."""
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        executor_def=EXECUTOR,
        description="Landing, gates, build, candidate, publication, site.",
    )
