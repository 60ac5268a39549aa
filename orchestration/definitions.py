"""What Dagster loads: assets, checks, jobs, schedules, sensors and resources, put together.

Belongs here: assembly. Does not: any of the parts. Nothing happens at import; ``defs`` is called by
Dagster when it loads the project. That parses the dbt project where it has changed, and opens
neither a database nor a landing file.
"""

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.assets import build_dbt_assets, build_landing_assets, build_publishing_assets
from orchestration.checks import build_landing_gate, build_published_gate
from orchestration.dbt_run import prepare_manifest
from orchestration.jobs import EXECUTOR, build_nightly_job
from orchestration.resources import build_resources
from orchestration.schedules import build_nightly_schedule
from orchestration.sensors import build_landing_sensor


def build_definitions(manifest: Path | None = None, **options: Any) -> dg.Definitions:
    """The whole project.

    Args:
        manifest: dbt's manifest, if it has been parsed already.
        options: as on the command line (landing, warehouse, …); the environment has the rest.
    """
    resources = build_resources(**options)
    manifest = manifest or prepare_manifest(resources["options"].settings)
    return dg.Definitions(
        assets=[
            build_landing_assets(),
            build_dbt_assets(manifest),
            *build_publishing_assets(manifest),
        ],
        asset_checks=[build_landing_gate(), build_published_gate(manifest)],
        jobs=[build_nightly_job()],
        schedules=[build_nightly_schedule()],
        sensors=[build_landing_sensor()],
        resources=resources,
        # runs started by hand from the asset graph, too, hold the lock in one process
        executor=EXECUTOR,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The project with the options of the environment."""
    return build_definitions()
