"""When the night runs by the clock.

Belongs here: cron lines. Does not: what reacts to files (sensors).
"""

import dagster as dg

from orchestration.jobs import NIGHTLY

CRON = "0 3 * * *"


def build_nightly_schedule() -> dg.ScheduleDefinition:
    """Every night at 03:00 UTC; on by default, for as long as the daemon of ``make ui`` runs.

    A switch set in the interface stays in force over this default until it is reset there.
    """
    return dg.ScheduleDefinition(
        name="nightly_at_three",
        job_name=NIGHTLY,
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 03:00 UTC.",
    )
