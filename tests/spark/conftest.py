"""Nights on both engines over the same landing folder; run by `make spark-parity`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.publish import Mart, marts
from orchestration.settings import PROJECT

# so that worker processes are separate ones whatever the machine
MASTER = "local-cluster[2,1,1024]"
WORKER = b"CoarseGrainedExecutorBackend"


@dataclass(frozen=True)
class Night:
    """One engine's warehouse over a landing folder."""

    landing: Path
    warehouse: Path
    target: str
    configuration: Path | None = None

    def start(self) -> subprocess.Popen:
        """Start the night, at the head of a process group of its own."""
        self.warehouse.mkdir(parents=True)
        words = ["--landing", self.landing, "--warehouse", self.warehouse, "--target", self.target]
        own = {"TWOFOLD_SPARK_MASTER": MASTER}
        if self.configuration:
            own["TWOFOLD_SPARK_CONF"] = str(self.configuration)
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "nightly", *map(str, words)],
            stdout=(self.warehouse / "said.txt").open("w"),
            stderr=subprocess.STDOUT,
            env=os.environ | own,
            cwd=PROJECT,
            start_new_session=True,
        )

    def finish(self, running: subprocess.Popen) -> None:
        """Wait for a night that was started, and expect it to have published."""
        try:
            code = running.wait()
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
        said = (self.warehouse / "said.txt").read_text(encoding="utf-8")
        assert code == 0, said[-6000:]

    @property
    def database(self) -> Path:
        """The DuckDB file as BI reads it."""
        return self.warehouse / "published" / "current" / "twofold.duckdb"

    @property
    def manifest(self) -> dict:
        """What the publication says of itself."""
        return json.loads((self.database.parent / "manifest.json").read_text(encoding="utf-8"))

    @property
    def marts(self) -> list[Mart]:
        """The marts, as dbt's manifest has them."""
        return marts(self.warehouse / "build" / "dbt" / "manifest.json")

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
        folder = self.warehouse / "build" / "spark" / "warehouse" / "intermediate.db"
        while running.poll() is None:
            if folder.is_dir() and sum(1 for _ in folder.iterdir()) >= number:
                return
            time.sleep(0.2)
        self.finish(running)
        pytest.fail("the night was over before any worker could be killed")


@dataclass(frozen=True)
class Engines:
    """The same night on both engines."""

    duckdb: Night
    spark: Night

    def __iter__(self) -> Iterator[Night]:
        return iter((self.duckdb, self.spark))

    def differences(self, mart: Mart) -> list[str]:
        """What the two engines do not agree on in one mart; cell by cell."""
        with duckdb.connect() as connection:
            for night in self:
                connection.execute(f"attach '{night.database}' as {night.target}_ (read_only)")
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
def small_configuration() -> Path:
    """Spark's settings for little data."""
    return Path(__file__).parent / "small.conf"


@pytest.fixture(scope="session")
def run_both(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Engines]:
    """Runs a night on each engine over one landing folder, and hands over both."""

    def run(
        landing: Path,
        configuration: Path | None = None,
        meanwhile: Callable[[Night, subprocess.Popen], None] | None = None,
    ) -> Engines:
        root = tmp_path_factory.mktemp("engines")
        both = Engines(
            Night(landing, root / "duckdb", "duckdb"),
            Night(landing, root / "spark", "spark", configuration),
        )
        for night in both:
            running = night.start()
            if meanwhile and night.target == "spark":
                meanwhile(night, running)
            night.finish(running)
        return both

    return run
