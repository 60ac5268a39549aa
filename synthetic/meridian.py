"""The synthetic company meridian: files in the contract's shape, and the truth behind them.

Belongs here: options, the order of the SQL files, writing. Does not: what the company is like; that
stands in sql/*.sql. Every value there is a function of hash(seed, key), so the same options give
the same bytes, whatever the number of threads.
"""

import argparse
import shutil
import sys
from pathlib import Path

import duckdb

SQL = Path(__file__).parent / "sql"

ENTITIES = {1: "meridian_de", 2: "meridian_us", 3: "meridian_uk"}

# Written whole, at the end: table and the order of its rows.
WHOLE_TABLES = {
    "accountabilities": "customer_id, employee_id, responsibility, valid_from",
    "benefits": "source_id",
    "budgets": "period, product_id, currency",
    "capacity": "pool_id, period, dedicated_customer_id nulls first",
    "customers": "customer_id, valid_from",
    "employees": "employee_id",
    "employee_survey_responses": "source_id",
    "entitlements": "source_id",
    "fx_rates": "base_currency, quote_currency, rate_date",
    "identities": "source_system, source_key",
    "ledger_balances": "period, account_code, currency",
    "party_relations": "customer_id, related_customer_id, relation",
    "products": "product_id, valid_from",
    "promises": "promise_id",
    "prospects": "prospect_id",
    "stakeholder_measures": "stakeholder, measure, period",
    "wallets": "customer_id, period, source",
    "cost_entries": "posted_on, source_id",
}

# Made month by month: table and the order of its rows within a file.
MONTHLY_TABLES = {
    "revenue_lines": "posted_on, document_id, line_number, recorded_at, version",
    "activities": "occurred_at, source_id",
    "deliveries": "promised_on, source_id",
    "service_cases": "opened_at, source_id",
    "survey_responses": "asked_at, source_id",
    "contacts": "sent_at, source_id",
    "receivables": "issued_on, source_id",
    "stated_reasons": "stated_on, source_id",
}

TRUTH_TABLES = {
    "customers": "customer_id",
    "staying_response": "lock_in_level, true_value",
    "duplicates": "duplicate_customer_id",
    "identities": "entity_id, source_system, source_key",
    "economics": "customer_id",
    "timing_differences": "month_start",
    "booked_months": "entity_id, month_start, document_type, lands_as",
    "dirt": "entity_id, table_name, kind",
    "parameters": "seed",
}

# Columns the generator works with and no file has.
OWN_COLUMNS = ("entity_number", "file_index", "month_index", "dirt_kind", "version")

# Above this many expected lines every event table comes in part files, a month each.
LARGE = 1_000_000

# Lines made at once: what bounds memory.
BATCH_LINES = 3_000_000


def generate(
    folder: Path,
    customers: int = 2000,
    months: int = 36,
    lines: int | None = None,
    seed: int = 7,
    threads: int | None = None,
) -> None:
    """Write the company below ``folder``, replacing what lies there of it.

    Args:
        folder: where the entities' folders and ``_truth`` go.
        customers: how many parties, at least 100.
        months: how many months from January 2023, at least 1.
        lines: expected number of revenue lines; None leaves the customers their own size.
        seed: which world.
        threads: at most this many; the bytes do not depend on it.
    """
    if customers < 100 or months < 1:
        raise ValueError("meridian needs at least 100 customers and 1 month")
    for name in (*ENTITIES.values(), "_truth"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    spill = folder / "_spill"
    with duckdb.connect() as connection:
        connection.execute(f"set temp_directory = '{_quoted(spill)}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        if threads:
            connection.execute(f"set threads = {int(threads)}")
        _World(connection, folder, customers, months, lines, seed).write()
    shutil.rmtree(spill, ignore_errors=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


class _World:
    """One run: the connection, the options and the writing."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        customers: int,
        months: int,
        lines: int | None,
        seed: int,
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.columns: dict[str, list[str]] = {}
        self.months = months
        expected = lines or customers * months * 1.2
        self.in_parts = expected >= LARGE
        self.batch = max(1, min(months, int(BATCH_LINES * months / expected)))
        variables = {
            "seed": seed,
            "customers": customers,
            "months": months,
            "lines": lines,
            "products": 60 + customers // 2000,
            "employees": 30 + customers // 400,
            "panel": 40 + customers // 100,
        }
        for name, value in variables.items():
            value = "null::bigint" if value is None else f"{int(value)}::bigint"
            connection.execute(f"set variable {name} = {value}")

    def write(self) -> None:
        """Make every table and write every file."""
        self._run("00_tables", "01_functions", "02_reference", "03_customers")
        for first in range(1, self.months + 1, self.batch):
            last = min(first + self.batch - 1, self.months)
            self.connection.execute(f"set variable month_from = {first}::bigint")
            self.connection.execute(f"set variable month_to = {last}::bigint")
            self._run("04_documents", "05_events", "06_surveys")
            self._write_months(first, last)
            if last < self.months:
                self._run("06b_between_batches")
        self._run("07_books", "08_parties", "09_truth")
        for table, order in WHOLE_TABLES.items():
            self._count_dirt(table)
            for entity in ENTITIES.values():
                path = self.folder / entity / f"{table}.parquet"
                self._copy(f"out_{table}", f"entity_id = '{entity}'", order, path)
        self._write_truth()

    def _run(self, *names: str) -> None:
        for name in names:
            self.connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))

    def _write_months(self, first: int, last: int) -> None:
        """Write the files that are complete, and keep the rows of later ones."""
        for table, order in MONTHLY_TABLES.items():
            if table != "revenue_lines" and not self.in_parts:
                if last < self.months:
                    continue
                self._count_dirt(table)
                for number, entity in ENTITIES.items():
                    path = self.folder / entity / f"{table}.parquet"
                    self._copy(f"out_{table}", f"entity_number = {number}", order, path)
                self.connection.execute(f"truncate out_{table}")
                continue
            self._count_dirt(table, f"file_index <= {last}")
            for number, entity in ENTITIES.items():
                (self.folder / entity / table).mkdir(exist_ok=True)
                for index in range(first, last + 1):
                    label = f"{2023 + (index - 1) // 12}-{1 + (index - 1) % 12:02d}"
                    path = self.folder / entity / table / f"{label}.parquet"
                    which = f"entity_number = {number} and file_index = {index}"
                    self._copy(f"out_{table}", which, order, path)
            self.connection.execute(
                f"create or replace table out_{table} as"
                f" select * from out_{table} where file_index > {last}"
            )

    def _columns(self, relation: str) -> list[str]:
        if relation not in self.columns:
            rows = self.connection.execute(f"describe {relation}").fetchall()
            self.columns[relation] = [name for name, *_ in rows]
        return self.columns[relation]

    def _copy(self, relation: str, which: str, order: str, path: Path) -> None:
        names = [c for c in self._columns(relation) if c not in OWN_COLUMNS]
        self.connection.execute(
            f"copy (select {', '.join(names)} from {relation} where {which} order by {order})"
            f" to '{_quoted(path)}' (format parquet, compression zstd)"
        )

    def _count_dirt(self, table: str, which: str = "true") -> None:
        """Add what was soiled on purpose to the truth."""
        self.connection.execute(
            "create table if not exists dirt_counts"
            " (entity_id varchar, table_name varchar, kind varchar, rows_count bigint)"
        )
        if "dirt_kind" in self._columns(f"out_{table}"):
            self.connection.execute(
                f"insert into dirt_counts select entity_id, '{table}', dirt_kind, count(*)"
                f" from out_{table} where dirt_kind is not null and {which} group by all"
            )
        if table == "revenue_lines":
            self.connection.execute(
                "insert into dirt_counts select entity_id, 'revenue_lines', 'missing_customer',"
                f" count(*) from out_revenue_lines where customer_id is null and dirt_kind is null"
                f" and {which} group by all"
            )

    def _write_truth(self) -> None:
        run = self.connection.execute
        run(
            "create or replace table truth_dirt as select entity_id, table_name, kind,"
            " cast(sum(rows_count) as bigint) as rows_count from dirt_counts group by all"
        )
        run(
            "create or replace table truth_parameters as select getvariable('seed') as seed,"
            " getvariable('customers') as customers, getvariable('months') as months,"
            " getvariable('lines') as lines"
        )
        for table, order in TRUTH_TABLES.items():
            path = self.folder / "_truth" / f"{table}.parquet"
            run(
                f"copy (select * from truth_{table} order by {order})"
                f" to '{_quoted(path)}' (format parquet, compression zstd)"
            )


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m synthetic.meridian",
        description="Write the synthetic company meridian: raw files and the truth behind them.",
    )
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--lines", type=int, default=None, help="expected number of revenue lines")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    generate(given.out, given.customers, given.months, given.lines, given.seed)
    print(
        f"meridian (synthetic): {given.customers} customers, {given.months} months in {given.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
