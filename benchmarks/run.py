"""One command for all measurements: every engine on every case, then table, plot and JSON.

Belongs here: which command measures what, in which order. Does not: how cost is taken, how results
are shown.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import agree, report
from benchmarks.cases import HERE, Case, project_with_tpcds, rows_of, with_late_rows
from benchmarks.measure import Cost, measure
from orchestration.settings import PROJECT

# in the order they run
ENGINES = (
    "floor",
    "nightly",
    "again",
    "late",
    "dbt",
    "profitability",
    "pandas",
    "postgres",
    "spark",
)
# what TPC-DS is measured on: other engines take the contract's shape only
ENGINES_OF_OWN_SHAPE = ("floor", "nightly", "again", "dbt", "profitability")
NEW_ROWS = 0.001


@dataclass(frozen=True)
class Line:
    """One row of the result: an engine, or one of its steps, on one case."""

    case: str
    lines: int
    engine: str
    step: str | None
    cost: Cost
    note: str = ""


def _commands(case: Case, landing: Path, work: Path) -> dict[str, list[str]]:
    """The command of each engine, without the interpreter."""
    commands = {
        "floor": ["benchmarks.floor", str(landing), str(work / "floor")],
        "nightly": ["benchmarks.night", "nightly", str(landing), str(work / "nightly")],
        # on the warehouse that the night before left
        "again": ["benchmarks.night", "nightly", str(landing), str(work / "nightly")],
        "late": ["benchmarks.night", "nightly", str(work / "late"), str(work / "nightly")],
        "dbt": ["benchmarks.night", "dbt", str(landing), str(work / "dbt")],
        "profitability": ["benchmarks.night", "profitability", str(landing), str(work / "pnl")],
        "pandas": ["benchmarks.pandas_pnl", str(landing), str(work / "pandas")],
        "postgres": ["benchmarks.postgres", str(landing), str(work / "postgres")],
        "spark": ["benchmarks.spark", str(landing), str(work / "spark")],
    }
    if case.is_tpcds:
        commands["floor"] += ["--shape", str(HERE / "tpcds" / "lines.sql")]
    return commands


def lines_of(case: Case, engines: list[str], folder: Path, spark: Path | None) -> Iterator[Line]:
    """Measure one case, engine by engine; the raw files stay, what engines have built does not."""
    landing, work = case.landing(folder / "data"), folder / "work" / case.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    project = project_with_tpcds(work / "project") if case.is_tpcds else PROJECT
    env = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    rows = rows_of(case, landing)
    commands = _commands(case, landing, work)
    for engine in engines:
        if case.is_tpcds and engine not in ENGINES_OF_OWN_SHAPE:
            continue
        if engine == "late":
            with_late_rows(landing, work / "late", NEW_ROWS)
        module, *rest = commands[engine]
        python = str(spark) if engine == "spark" else sys.executable
        out = Path(rest[2] if module == "benchmarks.night" else rest[1])
        (out / "steps.json").unlink(missing_ok=True)
        print(f"{case.name} {engine} …", flush=True)
        cost = measure([python, "-m", module, *rest], out, env, work / f"{engine}.log")
        note = agree.note(work, engine)
        yield Line(case.name, rows, engine, None, cost, note)
        if (out / "steps.json").exists():
            steps = json.loads((out / "steps.json").read_text(encoding="utf-8"))
            for step, spent in steps.items():
                yield Line(case.name, rows, engine, step, Cost(**spent))
    shutil.rmtree(work)


def machine() -> dict[str, object]:
    """What the figures depend on, and nothing that names the machine."""
    import duckdb

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--sizes", default="1m", help="e.g. 1m,10m,100m,tpcds1")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--work", type=Path, default=Path("warehouse/benchmarks"))
    parser.add_argument("--spark", type=Path, help="the python of an environment with PySpark")
    given = parser.parse_args()
    engines = [e for e in ENGINES if e in given.engines.split(",")]
    if "spark" in engines and not (given.spark and given.spark.exists()):
        print("spark: left out, no environment with PySpark (SPARK_PYTHON)")
        engines.remove("spark")
    lines = []
    for name in given.sizes.split(","):
        case = Case(name)
        for line in lines_of(case, engines, given.work.resolve(), given.spark):
            lines.append(line)
            result = {"machine": machine(), "lines": [asdict(one) for one in lines]}
            report.write(result, given.work)
    print(f"table, plot and figures in {given.work}: results.md, results.svg, results.json")


if __name__ == "__main__":
    main()
