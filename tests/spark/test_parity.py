"""DuckDB and Spark agree on every cell of every mart: money exactly, scores to 10^-9.

One worker process is killed in the middle of the build, so parity is also the proof that a lost
worker changes nothing.
"""


def test_every_cell_agrees(first_night):
    assert first_night.disagreements() == {}


def test_marts_hold_something_to_compare(first_night):
    rows = first_night.spark.manifest["rows"]
    assert [name for name, count in rows.items() if not count] == []
    totals = first_night.spark.manifest["control_totals"]
    real = [t for t in totals if t["source"] == "online_retail"]
    assert sum(t["accepted_rows"] for t in real) > 30_000


def test_the_same_tests_and_gates_passed(first_night):
    assert first_night.spark.manifest["gates"] == first_night.duckdb.manifest["gates"]


def test_more_than_one_worker_process_did_the_work(first_night):
    workers = first_night.spark.manifest["workers"]
    busy = [worker for worker, tasks in workers.items() if tasks > 0]
    assert len(busy) >= 2, workers


def test_a_killed_worker_was_replaced_and_the_build_published(first_night, killed):
    assert len(killed) == 1
    # two to begin with, and the one that took the place of the dead
    assert len(first_night.spark.manifest["workers"]) == 3
