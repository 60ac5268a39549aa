"""The same P&L on Postgres: a server of its own, loaded from the raw files.

The server listens on a Unix socket only, runs for this command and is ended by it. Its settings
favour speed over safety (no fsync, unlogged tables, large work_mem), as nobody needs the data.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.parquet as parquet

from benchmarks.floor import GRAIN, PNL
from benchmarks.measure import Cost, size_of
from benchmarks.tables import TABLES, files_of, policies

# Debian keeps the server's programs away from the path
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USER = "postgres"
BATCH_ROWS = 200_000
TYPES = {"varchar": "text", "timestamp": "timestamp", "date": "date", "bigint": "bigint"}
FUNCTIONS = """
create function whole_units(amount numeric) returns numeric language sql immutable parallel safe
    as 'select trunc(amount * 10000)';
create function whole_quotient(a numeric, b numeric) returns numeric
    language sql immutable parallel safe as 'select div(a, b)';
create function in_entity_currency(amount numeric, numerator numeric, denominator numeric)
    returns numeric language sql immutable parallel safe as
    'select sign(amount) * div(2 * abs(trunc(amount * 10000) * numerator) + denominator,
        2 * denominator) * 0.0001';
"""


def _settings(memory: int, cores: int) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "8GB",
        "shared_buffers": f"{memory // 2**20 // 8}MB",
        "work_mem": f"{memory // 2**20 // 24}MB",
        "effective_cache_size": f"{memory // 2**20 // 2}MB",
        "max_parallel_workers_per_gather": str(cores),
        "jit": "off",
        # the accepted lines are a view whose rows it guesses a thousand times too few
        "enable_nestloop": "off",
    }


@contextmanager
def server() -> Iterator[tuple[str, Path]]:
    """A fresh server; gives its connection string and data folder, and ends it afterwards.

    Postgres refuses to run as root, so root hands it to the user of Debian's package.
    """
    program = {p.name: p for p in PROGRAMS[-1].iterdir()} if PROGRAMS else {}
    initdb = program.get("initdb") or shutil.which("initdb")
    postgres = program.get("postgres") or shutil.which("postgres")
    if not initdb or not postgres:
        raise FileNotFoundError("no Postgres server on this machine")
    user = {"user": USER} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    data = folder / "data"
    if user:
        shutil.chown(folder, USER)
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", USER, "--locale=C", "--encoding=UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        options = _settings(memory, os.cpu_count() or 1)
        command = [postgres, "-D", data, "-k", folder]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        running = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, **user)
        try:
            uri = f"postgresql:///postgres?host={folder}&user={USER}"
            _wait_for(uri, running)
            yield uri, data
        finally:
            running.terminate()
            running.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(uri: str, running: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            adbc.connect(uri).close()
            return
        except Exception:
            if running.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def load(cursor: adbc.Cursor, landing: Path) -> None:
    """Every raw table by COPY, in Arrow batches; then statistics."""
    for name, columns in TABLES.items():
        listed = ", ".join(f"{c} {TYPES.get(kind, kind)}" for c, kind in columns.items())
        cursor.execute(f"create unlogged table {name} ({listed})")
        for path in files_of(landing, name):
            file = parquet.ParquetFile(path)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                cursor.adbc_ingest(name, batch, mode="append")
    for name, rows in policies().items():
        cursor.adbc_ingest(name, rows, mode="create")


def compute(landing: Path, out: Path) -> dict[str, Cost]:
    """The P&L from the raw files below ``landing`` into ``out``; what each step took."""
    out.mkdir(parents=True, exist_ok=True)
    costs = {}
    with (
        server() as (uri, data),
        adbc.connect(uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        start = time.perf_counter()
        load(cursor, landing)
        cursor.execute("analyze")
        costs["load"] = Cost(time.perf_counter() - start, left=size_of(data))
        start = time.perf_counter()
        for statement in (FUNCTIONS + PNL.read_text(encoding="utf-8")).split(";\n"):
            cursor.execute(statement.replace("create table", "create unlogged table"))
            if "create table" in statement:
                cursor.execute("analyze")
        costs["compute"] = Cost(time.perf_counter() - start, left=size_of(data))
        start = time.perf_counter()
        cursor.execute(f"select * from customer_months order by {GRAIN}")
        _write(cursor.fetch_arrow_table(), out)
        costs["write"] = Cost(time.perf_counter() - start)
    return costs


def _write(months: pa.Table, out: Path) -> None:
    """The driver gives numeric as text; Parquet gets decimals."""
    for position, name in enumerate(months.column_names):
        if name.endswith("_amount"):
            text = months[name].cast(pa.string())
            months = months.set_column(position, name, text.cast(pa.decimal128(18, 4)))
    parquet.write_table(months, out / "customer_months.parquet", compression="zstd")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres", description=__doc__)
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    costs = {name: asdict(cost) for name, cost in compute(given.landing, given.out).items()}
    (given.out / "steps.json").write_text(json.dumps(costs, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
