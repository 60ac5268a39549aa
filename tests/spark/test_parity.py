"""DuckDB and Spark agree on every cell of every mart: money exactly, scores to 10^-9.

One worker process is killed in the middle of the build, so parity is also the proof that a lost
worker changes nothing.
"""


def test_every_cell_agrees(first_night):
    assert first_night.disagreements() == {}


def test_real_data_is_compared(first_night):
    totals = first_night.spark.manifest["control_totals"]
    accepted = {}
    for t in totals:
        accepted[t["source"]] = accepted.get(t["source"], 0) + t["accepted_rows"]
    assert accepted["online_retail"] > 15_000
    assert accepted["olist"] > 3_000


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
