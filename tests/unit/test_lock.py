"""One writer at a time, and who it is."""

import json
import subprocess
import sys
import time

import pytest

from orchestration.lock import only_writer
from orchestration.settings import PROJECT, LockedError, Settings

HOLD = """
import sys, time
from pathlib import Path
from orchestration.lock import only_writer
from orchestration.settings import Settings
with only_writer(Settings(landing=Path(), warehouse=Path(sys.argv[1]))):
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")


@pytest.fixture
def holder(settings):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.warehouse)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdout.readline() == "holding\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_run_is_refused_naming_the_process_that_holds_the_lock(settings, holder):
    with (
        pytest.raises(LockedError, match=f"process {holder.pid}, started 20"),
        only_writer(settings),
    ):
        pass


def test_lock_of_a_killed_run_is_free(settings, holder):
    holder.kill()
    holder.wait()
    for _ in range(50):
        try:
            with only_writer(settings):
                return
        except LockedError:
            time.sleep(0.1)
    pytest.fail("the lock outlived its process")


def test_lock_names_its_holder_and_leaves_nothing_behind(settings):
    with only_writer(settings):
        assert set(json.loads((settings.warehouse / ".run.json").read_text())) == {
            "pid",
            "started_at",
        }
    assert not (settings.warehouse / ".run.json").exists()
    with only_writer(settings):
        pass


def test_lock_is_freed_when_the_run_fails(settings):
    with pytest.raises(ZeroDivisionError), only_writer(settings):
        raise ZeroDivisionError
    with only_writer(settings):
        pass
