"""The log of changes: what a publication may link without writing it again."""

import duckdb
import pytest

from orchestration import changes

MART = "model.twofold.rpt_quarantined_rows"


@pytest.fixture
def log():
    with duckdb.connect() as connection:
        changes.prepare(connection)
        yield connection


def note(connection, *rows):
    for entity, bucket, fingerprint, changed_at in rows:
        connection.execute(
            "insert into build.changes values (?, ?, ?, null, ?, ?)",
            [MART, entity, bucket, fingerprint, changed_at],
        )


def held(connection):
    return changes.contents(connection, {"mart": [MART]})["mart"]


def test_what_is_gone_is_not_what_it_was_before(log):
    note(log, ("acme", None, "1", 1), ("gulf", None, "2", 1))
    before = held(log)
    note(log, ("gulf", None, None, 2))
    assert held(log) != before


def test_an_entity_that_leaves_a_period_changes_that_period_alone(log):
    note(log, ("acme", "2025-01-01", "1", 1), ("gulf", "2025-01-01", "2", 1))
    note(log, ("acme", "2025-02-01", "3", 1))
    before = held(log)
    note(log, ("gulf", "2025-01-01", None, 2))
    after = held(log)
    assert after["2025-01-01"] != before["2025-01-01"]
    assert after["2025-02-01"] == before["2025-02-01"]


def test_content_does_not_depend_on_how_it_came_about(log):
    note(log, ("acme", None, "1", 1), ("acme", None, "7", 2), ("acme", None, "1", 3))
    by_detour = held(log)
    changes.prepare(log)
    assert held(log) == by_detour


def test_the_summary_says_nothing_of_the_pnl_where_nothing_of_it_was_made_again(tmp_path):
    path = tmp_path / "log.duckdb"
    with duckdb.connect(str(path)) as connection:
        changes.prepare(connection)
        columns = [row[0] for row in connection.execute("describe build.builds").fetchall()]
        for sequence, way, months, total in (
            (1, "all", 0, 0),
            (2, "nothing", 0, 0),
            (3, "part", 2, 9),
        ):
            row = {
                "sequence": sequence,
                "relation": "marts.fct_customer_profitability_monthly",
                "how": way,
                "months_rebuilt": months,
                "months_total": total,
            }
            values = ", ".join(
                f"'{row[c]}'" if c in ("relation", "how") else str(row.get(c, "null"))
                for c in columns
            )
            connection.execute(f"insert into build.builds values ({values})")
    assert "2 of 9 entity-months of the P&L" in changes.rebuilt(path, 2)
    assert "nothing of the P&L" in changes.rebuilt(path, 1)
    assert "the P&L as a whole" in changes.rebuilt(path, 0)
