"""The benchmarks compare like with like, and count what a command starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks import floor, pandas_pnl, report
from benchmarks.cases import project_with_tpcds
from benchmarks.measure import Cost
from orchestration.settings import PROJECT
from synthetic import meridian


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, list]:
    folder = tmp_path_factory.mktemp("pnl")
    meridian.generate(folder / "landing", customers=100, months=2)
    rows = {}
    for name, compute in (("floor", floor.compute), ("pandas", pandas_pnl.compute)):
        compute(folder / "landing", folder / name)
        with duckdb.connect() as connection:
            columns = ", ".join(
                name
                for name, *_ in connection.execute(
                    f"describe from '{folder / 'floor' / 'customer_months.parquet'}'"
                ).fetchall()
            )
            file = folder / name / "customer_months.parquet"
            rows[name] = connection.execute(f"select {columns} from '{file}'").fetchall()
    return rows


def test_pandas_and_the_floor_agree_in_every_cell_and_in_order(results):
    assert results["floor"]
    assert results["pandas"] == results["floor"]


def measured(command: list[str], folder: Path) -> Cost:
    """The cost of a command, taken in a process of its own: `measure` waits for all children of its
    process and ends those that stay, and a test worker has others.
    """
    script = (
        "import sys\n"
        "from dataclasses import asdict\n"
        "from json import dumps\n"
        "from pathlib import Path\n"
        "from benchmarks.measure import measure\n"
        "folder = Path(sys.argv[1])\n"
        "env = {'PATH': '/usr/bin:/bin'}\n"
        "print(dumps(asdict(measure(sys.argv[2:], folder, env, folder / 'log'))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), *command],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Cost(**json.loads(done.stdout))


def test_cpu_and_memory_of_what_a_command_leaves_running_count(tmp_path: Path):
    busy = "import time; x = bytearray(80_000_000)\nwhile time.process_time() < 1: pass"
    start_it = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    cost = measured([sys.executable, "-c", start_it + "; import time; time.sleep(1)"], tmp_path)
    assert cost.cpu >= 1
    assert cost.peak >= 80_000_000


def test_a_command_that_fails_says_why(tmp_path: Path):
    with pytest.raises(RuntimeError, match="no such cent"):
        measured([sys.executable, "-c", "raise SystemExit('no such' + ' cent')"], tmp_path)


def test_cost_in_proportion_has_slope_one():
    sizes = ((1_000_000, 3.0), (10_000_000, 30.0))
    lines = [
        {"case": "x", "engine": "floor", "step": None, "lines": n, "cost": {"wall": s, "cpu": s}}
        for n, s in sizes
    ]
    ((engine, wall, cpu),) = report.slopes(lines)
    assert (engine, round(wall, 9), round(cpu, 9)) == ("floor", 1.0, 1.0)


def test_tpcds_is_added_to_a_copy_and_not_to_the_project(tmp_path: Path):
    copy = project_with_tpcds(tmp_path / "project")
    assert (copy / "models/staging/tpcds/stg_tpcds__revenue_lines.sql").exists()
    assert "tpcds: [customers, products, revenue_lines]" in (copy / "dbt_project.yml").read_text()
