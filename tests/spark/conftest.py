"""Nights on both engines over the same landing folder; run by `make test-spark`.

A query costs Spark the better part of a second, however few its rows, and a build has some hundreds
of them. So a synthetic company and two real shops share one landing folder, and all tests share two
nights on Spark. The first runs on worker processes, of which one is killed. The second, after
changes, runs in one process, which is quicker, and has the models' unit tests in its session.
TWOFOLD_SPARK_WHOLE=1 takes the three real sets as they are; otherwise it is weeks of two.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import duckdb
import pytest

from orchestration import books
from orchestration.publish import Mart, marts
from orchestration.settings import PROJECT, Settings
from synthetic import meridian

# so that worker processes are separate ones whatever the machine
MASTER = "local-cluster[2,1,1024]"
WORKER = b"CoarseGrainedExecutorBackend"
ONE_PROCESS = "local[2]"
# settings for little data
SMALL = Path(__file__).parent / "small.conf"
SMALL_ONE_PROCESS = Path(__file__).parent / "small_one_process.conf"
NIGHT_WITH_UNIT_TESTS = Path(__file__).parent / "night_with_unit_tests.py"
WHOLE = os.environ.get("TWOFOLD_SPARK_WHOLE") == "1"
# two weeks of a shop that says only what it sold, and two months of one that asks its customers
SHOP = "online_retail/online_retail_2010_2011.parquet"
SHOP_UNTIL = "2010-12-16"
ASKING_SHOP = "olist"
ASKING_FROM, ASKING_UNTIL = "2017-05-01", "2017-07-01"
ENTITY = "meridian_de"
# one month stays closed, so that what comes late for it is booked later; another is opened again
CLOSED, REOPENED = date(2023, 1, 1), date(2023, 4, 1)
CLOSED_AT, REOPENED_AT = datetime(2024, 6, 1), datetime(2024, 6, 2)


@dataclass(frozen=True)
class Publication:
    """What one night has published and said, as it stays when another follows."""

    folder: Path
    said: str
    marts: list[Mart]

    @property
    def database(self) -> Path:
        """The DuckDB file as BI reads it."""
        return self.folder / "twofold.duckdb"

    @cached_property
    def manifest(self) -> dict:
        """What the publication says of itself."""
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Warehouse:
    """One engine's warehouse over a landing folder."""

    landing: Path
    policies: Path
    root: Path
    target: str

    @property
    def settings(self) -> Settings:
        """The same as the night has them."""
        return Settings(self.landing, self.root, target=self.target)

    def start(self, in_one_process: bool = False) -> subprocess.Popen:
        """Start a night, at the head of a process group of its own.

        Args:
            in_one_process: on Spark, without worker processes, and with the models' unit tests.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        words = ["--landing", self.landing, "--warehouse", self.root, "--target", self.target]
        own = {"TWOFOLD_SPARK_MASTER": MASTER, "POLICIES": str(self.policies)}
        conf, command = SMALL, ["-m", "orchestration.cli"]
        if in_one_process and self.target == "spark":
            own["TWOFOLD_SPARK_MASTER"] = ONE_PROCESS
            conf, command = SMALL_ONE_PROCESS, [str(NIGHT_WITH_UNIT_TESTS)]
        if not WHOLE:
            own["TWOFOLD_SPARK_CONF"] = str(conf)
        return subprocess.Popen(
            [sys.executable, *command, "nightly", *map(str, words)],
            stdout=(self.root / "said.txt").open("w"),
            stderr=subprocess.STDOUT,
            env=os.environ | own,
            cwd=PROJECT,
            start_new_session=True,
        )

    def finish(self, running: subprocess.Popen) -> Publication:
        """Wait for a night that was started, and expect it to have published."""
        try:
            code = running.wait()
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
        said = (self.root / "said.txt").read_text(encoding="utf-8")
        assert code == 0, said[-6000:]
        return Publication(
            (self.root / "published" / "current").resolve(),
            said,
            marts(self.root / "build" / "dbt" / "manifest.json"),
        )

    @property
    def tables(self) -> Path:
        """Where Spark keeps its tables."""
        return self.root / "build" / "spark" / "warehouse"

    def workers(self, running: subprocess.Popen) -> list[int]:
        """Worker processes of a running night, found among its descendants."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                    command = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                parents[int(entry.name)] = (int(stat.rpartition(")")[2].split()[1]), command)

        def descends(pid: int) -> bool:
            while pid in parents:
                if pid == running.pid:
                    return True
                pid = parents[pid][0]
            return False

        return sorted(
            p
            for p, (_, command) in parents.items()
            if WORKER in command and b"java" in command.split(b"\0")[0] and descends(p)
        )

    def wait_for_models(self, running: subprocess.Popen, number: int) -> None:
        """Wait until so many intermediate tables stand: the build is under way, not at its end."""
        folder = self.tables / "intermediate.db"
        while running.poll() is None:
            if folder.is_dir() and sum(1 for _ in folder.iterdir()) >= number:
                return
            time.sleep(0.2)
        self.finish(running)
        pytest.fail("the night was over before any worker could be killed")


@dataclass(frozen=True)
class Engines:
    """The same night on both engines."""

    duckdb: Publication
    spark: Publication

    def __iter__(self) -> Iterator[Publication]:
        return iter((self.duckdb, self.spark))

    def disagreements(self) -> dict[str, list[str]]:
        """By mart, what the two engines do not agree on."""
        names = [[(m.name, list(m.columns)) for m in one.marts] for one in self]
        assert names[0] == names[1]
        found = {mart.name: self.differences(mart) for mart in self.duckdb.marts}
        return {name: differences for name, differences in found.items() if differences}

    def differences(self, mart: Mart) -> list[str]:
        """What the two engines do not agree on in one mart; cell by cell."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.duckdb.database}' as duckdb_ (read_only)")
            connection.execute(f"attach '{self.spark.database}' as spark_ (read_only)")
            columns = {
                side: connection.execute(
                    f"select column_name, data_type from duckdb_columns()"
                    f" where database_name = '{side}' and table_name = '{mart.name}'"
                    f" order by column_index"
                ).fetchall()
                for side in ("duckdb_", "spark_")
            }
            if columns["duckdb_"] != columns["spark_"]:
                return [f"columns: {columns['duckdb_']} on DuckDB, {columns['spark_']} on Spark"]
            return _cells_that_differ(connection, mart, dict(columns["duckdb_"]))


def is_score(kind: str) -> bool:
    """Scores, shares and rates come from a float that was rounded; everything else is exact."""
    return kind in ("DOUBLE", "DECIMAL(18,9)")


def _cells_that_differ(
    connection: duckdb.DuckDBPyConnection, mart: Mart, columns: dict[str, str]
) -> list[str]:
    scores = [c for c, kind in columns.items() if is_score(kind) and c not in mart.grain]
    exact = ", ".join(f'"{c}"' for c in columns if c not in scores)
    found = []
    for one, other in (("duckdb_", "spark_"), ("spark_", "duckdb_")):
        rows = connection.execute(
            f'select {exact} from {one}.main."{mart.name}" except all'
            f' select {exact} from {other}.main."{mart.name}"'
        ).fetchall()
        found += [f"only in {one.rstrip('_')}: {row}" for row in rows[:3]]
    key = " and ".join(f'a."{c}" is not distinct from b."{c}"' for c in mart.grain)
    for score in scores:
        rows = connection.execute(
            f'select a."{score}", b."{score}", {", ".join(f"a.{c}" for c in mart.grain)}'
            f' from duckdb_.main."{mart.name}" as a join spark_.main."{mart.name}" as b on {key}'
            f' where (a."{score}" is null) <> (b."{score}" is null)'
            f' or abs(a."{score}" - b."{score}") > 0.000000001'
        ).fetchall()
        found += [f"{score}: {row}" for row in rows[:3]]
    return found


@pytest.fixture(scope="session")
def landing(real_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 synthetic customers over 15 months beside real data."""
    folder = tmp_path_factory.mktemp("engines") / "landing"
    meridian.generate(folder, customers=200, months=15)
    if WHOLE:
        for source in real_landing.iterdir():
            (folder / source.name).symlink_to(source.resolve())
        return folder
    (folder / SHOP).parent.mkdir()
    (folder / ASKING_SHOP).mkdir()
    orders = f"'{real_landing}/{ASKING_SHOP}/orders.parquet'"
    early = (
        f"from {orders} where order_purchase_timestamp >= date '{ASKING_FROM}'"
        f" and order_purchase_timestamp < date '{ASKING_UNTIL}'"
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from '{real_landing / SHOP}' where \"InvoiceDate\" < date '{SHOP_UNTIL}')"
            f" to '{folder / SHOP}' (format parquet)"
        )
        for table in sorted((real_landing / ASKING_SHOP).glob("*.parquet")):
            names = {name for name, *_ in connection.execute(f"describe from '{table}'").fetchall()}
            key = next((k for k in ("order_id", "customer_id") if k in names), None)
            part = f"where {key} in (select {key} {early})" if key else ""
            connection.execute(
                f"copy (from '{table}' {part}) to '{folder / ASKING_SHOP / table.name}'"
                " (format parquet)"
            )
    return folder


@pytest.fixture(scope="session")
def own_policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's own policy: groups of ten are shown, so that few customers fill every mart."""
    folder = tmp_path_factory.mktemp("policies")
    shipped = PROJECT / "seeds" / "policies" / "policy_value_parameters.csv"
    text = shipped.read_text(encoding="utf-8")
    mine = text.replace("*,aggregate_low_customers,30,", "*,aggregate_low_customers,10,")
    assert mine != text
    (folder / shipped.name).write_text(mine, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def warehouses(landing: Path, own_policies: Path) -> tuple[Warehouse, Warehouse]:
    """One on DuckDB, one on Spark."""
    return (
        Warehouse(landing, own_policies, landing.parent / "duckdb", "duckdb"),
        Warehouse(landing, own_policies, landing.parent / "spark", "spark"),
    )


@pytest.fixture(scope="session")
def killed() -> list[int]:
    """The worker processes that were killed."""
    return []


@pytest.fixture(scope="session")
def first_night(warehouses: tuple[Warehouse, Warehouse], killed: list[int]) -> Engines:
    """Everything built on both engines; on Spark a worker dies while models are built."""
    on_duckdb, on_spark = warehouses
    one = on_duckdb.finish(on_duckdb.start())
    running = on_spark.start()
    on_spark.wait_for_models(running, 8)
    victim = on_spark.workers(running)[0]
    os.kill(victim, signal.SIGKILL)
    killed.append(victim)
    # the master starts another in its place
    deadline = time.monotonic() + 120
    while running.poll() is None and time.monotonic() < deadline:
        if len(on_spark.workers(running)) == 2 and victim not in on_spark.workers(running):
            break
        time.sleep(0.5)
    return Engines(one, on_spark.finish(running))


def rewrite(file: Path, rows: str, to: Path | None = None) -> None:
    """Write a query over a file in its place, or into another."""
    new = file.with_name("new")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({rows.format(old=file)}) to '{new}' (format parquet)")
    new.replace(to or file)


@pytest.fixture(scope="session")
def second_night(
    first_night: Engines, warehouses: tuple[Warehouse, Warehouse], landing: Path
) -> Engines:
    """Both engines again, after late, deleted and corrected rows; two months were closed."""
    for warehouse in warehouses:
        settings = warehouse.settings
        for period in (CLOSED, REOPENED):
            books.close(settings, ENTITY, period, "Ann", reason="for the test", at=CLOSED_AT)
        books.close(settings, ENTITY, REOPENED, "Ann", kind="perceived_value", at=CLOSED_AT)
        for kind in ("profit", "perceived_value"):
            books.reopen(
                settings, ENTITY, REOPENED, "Ann", "Bob", "for the test", kind, at=REOPENED_AT
            )
    lines = landing / ENTITY / "revenue_lines"
    months = sorted(lines.glob("20*.parquet"))
    for month, until in ((months[0], "timestamp '2024-06-20'"), (months[3], "recorded_at")):
        rewrite(
            month,
            f"select * replace ('LATE-' || document_id as document_id, {until} as recorded_at,"
            " 'LATE-' || source_id as source_id) from '{old}'"
            " where document_type = 'invoice' order by document_id, line_number limit 5",
            lines / f"late-{month.name}",
        )
    rewrite(months[7], "from '{old}' where hash(document_id) % 5 > 0")
    months[9].unlink()
    rewrite(
        landing / "meridian_us" / "cost_entries.parquet",
        "select * replace (case when posted_on >= date '2024-01-01' and account_code like '6%'"
        " then amount + 1 else amount end as amount) from '{old}'",
    )
    # a colleague of those who answered in the month opened again answers late, and is not pleased
    rewrite(
        landing / ENTITY / "survey_responses.parquet",
        "from '{old}' union all by name select * replace ('LATE-' || source_id as source_id,"
        " 'LATE-' || response_id as response_id, 'LATE-' || respondent_id as respondent_id,"
        " scale_min as score, timestamp '2024-06-20' as recorded_at) from '{old}'"
        " where confidentiality = 'named'"
        f" and date_trunc('month', answered_at) = date '{REOPENED}'",
    )
    return Engines(*(w.finish(w.start(in_one_process=True)) for w in warehouses))
