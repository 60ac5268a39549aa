"""The same P&L on Spark in local mode, one thread a core, from the raw files.

Runs in an environment that has PySpark, which the project's own has not.
"""

import argparse
import os
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.tables import TABLES, files_of, policies

PNL = Path(__file__).with_name("pnl.sql")
GRAIN = ("entity_id", "customer_id", "month_start_date")
TYPES = {"varchar": "string"}
WHOLE = "decimal(38, 0)"
FUNCTIONS = f"""
create temporary function whole_units(amount decimal(38, 4)) returns {WHOLE}
    return cast(amount * 10000 as {WHOLE});
create temporary function whole_quotient(a {WHOLE}, b {WHOLE}) returns {WHOLE}
    return cast((a - a % b) / b as {WHOLE});
create temporary function in_entity_currency(
    amount decimal(38, 4), numerator {WHOLE}, denominator {WHOLE}
) returns decimal(18, 4)
    return cast(case when amount < 0 then -1 else 1 end * whole_quotient(
        2 * abs(cast(amount * 10000 as {WHOLE}) * numerator) + denominator, 2 * denominator
    ) * 0.0001 as decimal(18, 4));
"""


def session(out: Path) -> SparkSession:
    """A local session with half of the machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 // 2
    cores = os.cpu_count() or 1
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.driver.memory", f"{memory}m")
        .config("spark.sql.shuffle.partitions", str(8 * cores))
        .config("spark.sql.warehouse.dir", str(out / "tables"))
        .config("spark.local.dir", str(out / "spill"))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
    )
    return builder.getOrCreate()


def raw_tables(spark: SparkSession, landing: Path) -> None:
    """Temporary views over the raw files under the names that pnl.sql reads."""
    for name, columns in TABLES.items():
        files = [str(f) for f in files_of(landing, name)]
        if files:
            frame = spark.read.parquet(*files).select(*columns)
        else:
            listed = ", ".join(f"{c} {TYPES.get(kind, kind)}" for c, kind in columns.items())
            frame = spark.createDataFrame([], listed)
        frame.createOrReplaceTempView(name)
    for name, rows in policies().items():
        listed = ", ".join(f"{c} string" for c in rows.column_names)
        spark.createDataFrame(
            [tuple(r.values()) for r in rows.to_pylist()], listed
        ).createOrReplaceTempView(name)


def compute(landing: Path, out: Path) -> None:
    """The P&L from the raw files below ``landing`` into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    spark = session(out)
    for statement in FUNCTIONS.split(";\n"):
        if statement.strip():
            spark.sql(statement)
    raw_tables(spark, landing)
    for statement in PNL.read_text(encoding="utf-8").split(";\n"):
        # what is read more than once is kept as Parquet, views stay views
        statement = statement.replace("create view", "create temporary view")
        for name in (
            "contested_keys",
            "refused_lines",
            "entities",
            "rates",
            "documents",
            "revenue_months",
            "ledger",
            "assigned",
            "cost_months",
            "customer_months",
        ):
            statement = statement.replace(
                f"create table {name} as", f"create table {name} using parquet as"
            )
        spark.sql(statement)
    spark.table("customer_months").orderBy(*GRAIN).write.mode("overwrite").parquet(
        str(out / "customer_months.parquet")
    )
    spark.stop()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    compute(given.landing.resolve(), given.out.resolve())


if __name__ == "__main__":
    main()
