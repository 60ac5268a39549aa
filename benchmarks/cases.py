"""What is measured: data sets by name, made on first use and kept.

Belongs here: sizes, generators, where a set lies. Does not: engines.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet

from benchmarks.tables import files_of
from orchestration.settings import PROJECT

# a company of 100 million lines has a million customers; smaller ones keep the proportion
LINES_PER_CUSTOMER = 100
TPCDS_LINES = (
    "store_sales",
    "store_returns",
    "catalog_sales",
    "catalog_returns",
    "web_sales",
    "web_returns",
)
UNITS = {"k": 1_000, "m": 1_000_000}
HERE = Path(__file__).parent
# what a night reads of the project
PARTS = (
    "benchmarks",
    "dbt_project.yml",
    "docs",
    "expectations",
    "macros",
    "models",
    "orchestration",
    "profiles.yml",
    "seeds",
    "synthetic",
    "tests",
)


@dataclass(frozen=True)
class Case:
    """One data set: meridian by lines ("10m"), TPC-DS by scale factor ("tpcds1")."""

    name: str

    @property
    def is_tpcds(self) -> bool:
        """Whether the data are a third party's."""
        return self.name.startswith("tpcds")

    @property
    def lines(self) -> int:
        """Lines asked for; TPC-DS has what its scale factor has."""
        return round(float(self.name[:-1]) * UNITS[self.name[-1]])

    def landing(self, data: Path) -> Path:
        """Where the raw files lie; made when they are not there."""
        folder = data / self.name
        done = folder / "_done.json"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            if self.is_tpcds:
                _make_tpcds(folder, self.name.removeprefix("tpcds"))
            else:
                from synthetic import meridian

                customers = max(100, self.lines // LINES_PER_CUSTOMER)
                meridian.generate(folder, customers=customers, lines=self.lines)
            done.write_text(json.dumps({"case": self.name}) + "\n", encoding="utf-8")
        return folder


def _make_tpcds(folder: Path, scale: str) -> None:
    """TPC-DS tables by its own generator, below a folder named after the source."""
    program = Path(sys.executable).with_name("tpcgen-cli")
    if not program.exists():
        raise FileNotFoundError(f"{program.name} is not installed: make bench installs it")
    raw = folder / "tpcds"
    raw.mkdir(parents=True)
    subprocess.run(
        [program, "tpcds", "parquet", "-s", scale, "-c", "ZSTD(1)", "-o", str(raw)], check=True
    )


def rows_of(case: Case, landing: Path) -> int:
    """Revenue lines of a case, from the files' footers."""
    tables = TPCDS_LINES if case.is_tpcds else ("revenue_lines",)
    files = [f for table in tables for f in files_of(landing, table)]
    return sum(parquet.read_metadata(f).num_rows for f in files)


def with_late_rows(landing: Path, folder: Path, share: float) -> None:
    """The same landing with a further file of new invoices in the last month of each entity."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for entity in sorted(p for p in landing.iterdir() if p.is_dir() and p.name[0] not in "._"):
        (folder / entity.name).mkdir()
        for path in entity.iterdir():
            if path.name != "revenue_lines":
                (folder / entity.name / path.name).symlink_to(path)
        parts = folder / entity.name / "revenue_lines"
        parts.mkdir()
        files = sorted((entity / "revenue_lines").glob("*.parquet"))
        for path in files:
            (parts / path.name).symlink_to(path)
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select * replace (document_id || '-late' as document_id,"
                f" source_id || '-late' as source_id) from read_parquet('{files[-1]}')"
                f" where document_type = 'invoice' and hash(document_id) % 1000 < {share} * 1000 *"
                f" {len(files)}) to '{parts / 'late.parquet'}' (format parquet)"
            )


def project_with_tpcds(folder: Path) -> Path:
    """The project with TPC-DS added as CONTRIBUTING says: a staging folder, a line, a policy row.

    It is a copy, so that nobody's night pays for models that only a benchmark reads.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PARTS:
        if (PROJECT / name).is_dir():
            shutil.copytree(
                PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copyfile(PROJECT / name, folder / name)
    shutil.copytree(HERE / "tpcds" / "staging", folder / "models" / "staging" / "tpcds")
    settings = folder / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    line = (HERE / "tpcds" / "sources_line.yml").read_text(encoding="utf-8")
    after = "    online_retail: [customers, products, revenue_lines]\n"
    if after not in text:
        raise RuntimeError("dbt_project.yml has no list of sources where it used to be")
    settings.write_text(text.replace(after, after + line), encoding="utf-8")
    organisations = folder / "seeds" / "policies" / "policy_organisations.csv"
    with organisations.open("a", encoding="utf-8") as stream:
        stream.write((HERE / "tpcds" / "organisation.csv").read_text(encoding="utf-8"))
    # the shipped calendar of months starts after TPC-DS ends
    calendar = folder / "seeds" / "policies" / "policy_fiscal_calendar.csv"
    with calendar.open("a", encoding="utf-8") as stream:
        for year in range(1998, 2005):
            for month in range(1, 13):
                stream.write(
                    f"tpcds,{year},{month},{year}-{month:02d}-01,finance,measured,Months\n"
                )
    return folder
