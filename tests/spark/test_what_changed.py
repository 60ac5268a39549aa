"""A night on Spark makes again what changes reach, and comes out as DuckDB's does."""

import re
from pathlib import Path

import duckdb
import pytest

MONTH = "month_start_date=2023-05-01"


def rewrite(file: Path, rows: str, to: Path | None = None) -> None:
    """Write a query over a file in its place, or into another."""
    new = file.with_name("new")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({rows.format(old=file)}) to '{new}' (format parquet)")
    new.replace(to or file)


@pytest.fixture(scope="module")
def files_before(first_night, warehouses):
    """Spark's files of the tables that stand month by month, with their times."""
    root = warehouses[1].tables
    return {p: p.stat().st_mtime_ns for p in root.rglob("month_start_date=*/*.parquet")}


@pytest.fixture(scope="module")
def second_night(first_night, files_before, warehouses, landing):
    """Both engines again, after late, deleted and corrected rows of some months."""
    lines = landing / "meridian_de" / "revenue_lines"
    months = sorted(lines.glob("20*.parquet"))
    rewrite(
        months[3],
        "select * replace ('LATE-' || document_id as document_id,"
        " 'LATE-' || source_id as source_id) from '{old}'"
        " order by document_id, line_number limit 5",
        lines / "late.parquet",
    )
    rewrite(months[7], "from '{old}' where hash(document_id) % 5 > 0")
    months[9].unlink()
    rewrite(
        landing / "meridian_us" / "cost_entries.parquet",
        "select * replace (case when posted_on >= date '2024-01-01' and account_code like '6%'"
        " then amount + 1 else amount end as amount) from '{old}'",
    )
    return type(first_night)(*(w.finish(w.start()) for w in warehouses))


def test_every_cell_agrees_after_changes(second_night):
    assert second_night.disagreements() == {}


def test_only_what_changes_reach_is_made_again(second_night):
    rebuilt = re.search(r"rebuilt +(.*)", second_night.spark.said)[1]
    counts = {how: int(n) for n, how in re.findall(r"(\d+) tables ([a-z ]+)", rebuilt)}
    assert counts["in part"] > 20
    assert counts["unchanged"] > 20
    assert counts["as a whole"] > 0
