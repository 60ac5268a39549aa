"""What starts a night because something happened.

Belongs here: sensors and their cursors. Does not: reading files; names, sizes and times are enough.
"""

import json

import dagster as dg

from orchestration.jobs import NIGHTLY
from orchestration.landing import fingerprint
from orchestration.nightly import last_night
from orchestration.resources import OptionsResource

INTERVAL = 60


def build_landing_sensor() -> dg.SensorDefinition:
    """New, changed or removed landing files start the night; off by default.

    Files arrive over minutes, so a change is acted on only once two looks in a row found the same.
    What the last night landed and published already is not run again.
    """

    @dg.sensor(
        name="landing_files_changed",
        job_name=NIGHTLY,
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Starts the night when landing files are new, changed or gone, and settled.",
    )
    def landing_files_changed(
        context: dg.SensorEvaluationContext, options: OptionsResource
    ) -> dg.SensorResult | dg.SkipReason:
        settings = options.settings
        found = fingerprint(settings.landing)
        if found is None:
            return dg.SkipReason(f"{settings.landing} holds no data")
        known = json.loads(context.cursor) if context.cursor else {}
        if known.get("acted_on") == found:
            return dg.SkipReason("nothing has changed")
        note = last_night(settings)
        if note.get("publication") and note["basis"].get("files") == found:
            cursor = {"acted_on": found}
            return dg.SensorResult(
                skip_reason="the last night published these files", cursor=json.dumps(cursor)
            )
        if known.get("seen") != found:
            return dg.SensorResult(
                skip_reason="files have changed; waiting for them to settle",
                cursor=json.dumps(known | {"seen": found}),
            )
        return dg.SensorResult(
            run_requests=[dg.RunRequest(tags={"twofold/landing": found[:12]})],
            cursor=json.dumps({"acted_on": found}),
        )

    return landing_files_changed
