"""The floor: pnl.sql on DuckDB, and the result as sorted Parquet and a DuckDB file.

Nothing here knows dbt, gates or quarantine tables: this is what the figures cost at the least.
"""

import argparse
from pathlib import Path

import duckdb

from benchmarks.tables import TABLES, files_of, policies

PNL = Path(__file__).with_name("pnl.sql")
GRAIN = "entity_id, customer_id, month_start_date"
FUNCTIONS = """
create macro whole_units(amount) as
    cast(cast(amount as decimal(38, 4)) * 10000 as hugeint);
create macro whole_quotient(a, b) as cast(a as hugeint) // cast(b as hugeint);
create macro in_entity_currency(amount, numerator, denominator) as
    cast(cast(sign(amount) * whole_quotient(
        2 * abs(whole_units(amount) * numerator) + denominator, 2 * denominator
    ) as decimal(34, 0)) * 0.0001 as decimal(18, 4));
"""


def raw_tables(connection: duckdb.DuckDBPyConnection, landing: Path, shape: Path | None) -> None:
    """Views over the raw files under the names that pnl.sql reads.

    Args:
        connection: where the views go.
        landing: the raw files.
        shape: a script that makes the views of a source in its own shape; None: the contract's.
    """
    if shape:
        connection.execute(f"set file_search_path = '{landing}'")
        connection.execute(shape.read_text(encoding="utf-8"))
    for name, columns in TABLES.items():
        files = files_of(landing, name) if not shape else []
        typed = ", ".join(f"cast(null as {kind}) as {c}" for c, kind in columns.items())
        if files:
            paths = ", ".join(f"'{f}'" for f in files)
            selected = ", ".join(columns)
            query = f"select {selected} from read_parquet([{paths}], union_by_name = true)"
        else:
            query = f"select {typed} where false"
        connection.execute(f"create view if not exists {name} as {query}")
    for name, frame in policies().items():
        connection.register(f"{name}_rows", frame)
        connection.execute(f"create table {name} as select * from {name}_rows")


def compute(landing: Path, out: Path, shape: Path | None = None) -> None:
    """The P&L from the raw files below ``landing`` into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "floor.duckdb").unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"set temp_directory = '{out / 'spill'}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        connection.execute(FUNCTIONS)
        raw_tables(connection, landing, shape)
        connection.execute(PNL.read_text(encoding="utf-8"))
        parquet = out / "customer_months.parquet"
        connection.execute(
            f"copy (select * from customer_months order by {GRAIN}) to '{parquet}'"
            " (format parquet, compression zstd, row_group_size 122880)"
        )
    with duckdb.connect(str(out / "floor.duckdb")) as database:
        database.execute(f"create table customer_months as from read_parquet('{parquet}')")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--shape", type=Path)
    given = parser.parse_args()
    compute(given.landing, given.out, given.shape)


if __name__ == "__main__":
    main()
