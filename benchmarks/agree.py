"""Whether engines computed the same cents.

Belongs here: comparing results cell by cell. Does not: running anything that is measured.
"""

from pathlib import Path

import duckdb

MART = "published/current/parquet/fct_customer_profitability_monthly/*.parquet"
OTHERS = ("pandas", "postgres", "spark")
# pnl.sql shares pools out by their driver alone; these columns equal the mart's only as far as the
# project's cost engine does no more than that
ASSIGNED = (
    "cost_to_serve_amount",
    "contribution_amount",
    "customer_sustaining_amount",
    "operating_profit_amount",
    "profit_level",
)


def note(work: Path, engine: str) -> str:
    """The floor against the published mart, every other engine against the floor, cell by cell."""
    floor = work / "floor" / "customer_months.parquet"
    if not floor.exists():
        return ""
    if engine == "nightly":
        mart = work / "nightly" / MART
        everything = _difference(floor, mart)
        if not everything:
            return "the floor equals the mart in every row and column that it computes"
        traced = _difference(floor, mart, ASSIGNED, "lines_count > 0")
        if not traced:
            return "the floor equals the mart in traced amounts and counts; assigned cost differs"
        return f"the floor DIFFERS from the mart: {traced}"
    if engine in OTHERS:
        result = work / engine / "customer_months.parquet"
        # Spark writes a folder of files
        difference = _difference(floor, result / "*.parquet" if result.is_dir() else result)
        return (
            f"{engine} DIFFERS from the floor: {difference}"
            if difference
            else (f"{engine} equals the floor in every row and column")
        )
    return ""


def _difference(floor: Path, other: Path, but: tuple[str, ...] = (), rows: str = "true") -> str:
    """Rows that only one of the two has; empty where there are none."""
    with duckdb.connect() as connection:
        described = connection.execute(f"describe from read_parquet('{floor}')").fetchall()
        columns = ", ".join(name for name, *_ in described if name not in but)
        left = f"select {columns} from read_parquet('{floor}') where {rows}"
        right = f"select {columns} from read_parquet('{other}') where {rows}"
        missing, odd = connection.execute(
            f"select (select count(*) from ({left} except all {right})),"
            f" (select count(*) from ({right} except all {left}))"
        ).fetchone()
    return f"{missing:,} rows missing, {odd:,} too many" if missing or odd else ""
