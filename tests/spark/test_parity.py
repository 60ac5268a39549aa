"""DuckDB and Spark agree on every cell of every mart: money exactly, scores to 10^-9.

On the synthetic company one worker process is killed in the middle of the build, so its parity is
also the proof that a lost worker changes nothing. The real set is Online Retail, undisturbed.
"""

import os
import signal
import time

import pytest

from synthetic import meridian


@pytest.fixture(scope="module")
def killed() -> list[int]:
    """The worker processes that were killed."""
    return []


@pytest.fixture(scope="module")
def on_meridian(run_both, killed, small_configuration, tmp_path_factory):
    """300 synthetic customers on both engines; on Spark a worker dies while models are built."""
    landing = tmp_path_factory.mktemp("meridian")
    meridian.generate(landing, customers=300, months=15)

    def kill_a_worker(night, running):
        night.wait_for_models(running, 8)
        victim = night.workers(running)[0]
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)
        # the master starts another in its place
        deadline = time.monotonic() + 120
        while running.poll() is None and time.monotonic() < deadline:
            if len(night.workers(running)) == 2 and victim not in night.workers(running):
                return
            time.sleep(0.5)

    return run_both(landing, small_configuration, kill_a_worker)


@pytest.fixture(scope="module")
def on_real_data(run_both, real_landing, tmp_path_factory):
    """541,909 invoice lines of a real shop on both engines."""
    landing = tmp_path_factory.mktemp("shop") / "landing"
    landing.mkdir()
    (landing / "online_retail").symlink_to((real_landing / "online_retail").resolve())
    return run_both(landing)


def disagreements(engines) -> dict[str, list[str]]:
    names = [[(m.name, list(m.columns)) for m in night.marts] for night in engines]
    assert names[0] == names[1]
    found = {mart.name: engines.differences(mart) for mart in engines.duckdb.marts}
    return {name: differences for name, differences in found.items() if differences}


def test_every_cell_agrees_on_meridian(on_meridian):
    assert disagreements(on_meridian) == {}


def test_every_cell_agrees_on_real_data(on_real_data):
    assert disagreements(on_real_data) == {}


def test_marts_hold_something_to_compare(on_meridian, on_real_data):
    rows = on_meridian.spark.manifest["rows"]
    assert [name for name, count in rows.items() if not count] == []
    assert on_real_data.spark.manifest["rows"]["fct_customer_profitability_monthly"] > 10_000


@pytest.mark.parametrize("name", ["on_meridian", "on_real_data"])
def test_the_same_tests_and_gates_passed(name, request):
    engines = request.getfixturevalue(name)
    assert engines.spark.manifest["gates"] == engines.duckdb.manifest["gates"]


@pytest.mark.parametrize("name", ["on_meridian", "on_real_data"])
def test_more_than_one_worker_process_did_the_work(name, request):
    workers = request.getfixturevalue(name).spark.manifest["workers"]
    busy = [worker for worker, tasks in workers.items() if tasks > 0]
    assert len(busy) >= 2, workers


def test_a_killed_worker_was_replaced_and_the_build_published(on_meridian, killed):
    assert len(killed) == 1
    # two to begin with, and the one that took the place of the dead
    assert len(on_meridian.spark.manifest["workers"]) == 3
