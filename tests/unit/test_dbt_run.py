"""What a night says of a failed test, and where it keeps what follows from the code alone."""

from types import SimpleNamespace

import duckdb

from orchestration import dbt_run, settings
from orchestration.settings import PROJECT, Settings


def test_rows_of_a_failed_test_are_shown_with_their_columns(tmp_path):
    of = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    of.build_db.parent.mkdir(parents=True)
    with duckdb.connect(str(of.build_db)) as connection:
        connection.execute(
            "create table t as select i, $$O'Brien; DROP TABLE$$ as n from range(9) as r (i)"
        )
    failed = SimpleNamespace(
        compiled_code="-- why\nwith a as (select * from t)\nselect * from a -- all"
    )
    shown = dbt_run._failing_rows(of, failed)
    assert shown == [f"  i: {i}, n: O'Brien; DROP TABLE" for i in range(dbt_run.SHOWN_ROWS)]


def test_what_follows_from_the_code_is_kept_in_the_warehouse_of_a_read_only_checkout(
    tmp_path, monkeypatch
):
    of = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    assert of.of_the_code == PROJECT / "target" / "kept"
    monkeypatch.setattr(settings.os, "access", lambda place, mode: False)
    assert of.of_the_code == of.build / "kept"
