"""A night on Spark makes again what changes reach, and comes out as DuckDB's does."""

import re


def test_every_cell_agrees_after_changes(second_night):
    assert second_night.disagreements() == {}


def test_every_mart_holds_something_to_compare(second_night):
    rows = second_night.spark.manifest["rows"]
    assert [name for name, count in rows.items() if not count] == []


def test_only_what_changes_reach_is_made_again(second_night):
    rebuilt = re.search(r"rebuilt +(.*)", second_night.spark.said)[1]
    counts = {how: int(n) for n, how in re.findall(r"(\d+) tables ([a-z ]+)", rebuilt)}
    assert counts["in part"] > 20
    assert counts["unchanged"] > 20
    assert counts["as a whole"] > 0
