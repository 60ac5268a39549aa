"""Publications: the marts as readers get them, swapped as a whole.

Belongs here: exporting a candidate, the manifest, the atomic link, roll-back, clearing old ones.
Does not: deciding whether a candidate is good (the published gate does).
"""

import filecmp
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.landing import literal
from orchestration.settings import InputError, Settings

PARTIAL = ".candidate-"
PARQUET = "format parquet, compression zstd, row_group_size 122880"


@dataclass(frozen=True)
class Mart:
    """One published table as the dbt manifest describes it."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: dict[str, str] = field(hash=False)

    @property
    def is_monthly(self) -> bool:
        """Whether it is kept in one Parquet file per period."""
        return "month_start_date" in self.grain


def marts(manifest: Path) -> list[Mart]:
    """The marts, by name, with columns in contract order and their descriptions."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    found = [
        Mart(
            node["name"],
            node["description"],
            tuple(node["config"]["meta"]["grain"]),
            {name: column["description"] for name, column in node["columns"].items()},
        )
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    return sorted(found, key=lambda mart: mart.name)


def export_candidate(settings: Settings, run_id: str, manifest: Path) -> Path:
    """Write every mart as sorted Parquet and into one DuckDB file, beside the publications.

    A Parquet file that equals the one in force is a hard link to it.

    Returns:
        The candidate folder: twofold.duckdb and parquet/<mart>/….
    """
    candidate = settings.published / f"{PARTIAL}{run_id}"
    shutil.rmtree(candidate, ignore_errors=True)
    (candidate / "parquet").mkdir(parents=True)
    with duckdb.connect(str(candidate / "twofold.duckdb")) as connection:
        connection.execute(f"attach {literal(str(settings.build_db))} as build (read_only)")
        for mart in marts(manifest):
            _export_mart(connection, mart, candidate)
        connection.execute("detach build")
        connection.execute("checkpoint")
    if settings.current.exists():
        _link_unchanged(candidate / "parquet", settings.current.resolve() / "parquet")
    return candidate


def _export_mart(connection: duckdb.DuckDBPyConnection, mart: Mart, candidate: Path) -> None:
    folder = candidate / "parquet" / mart.name
    folder.mkdir()
    columns = ", ".join(f'"{c}"' for c in mart.columns)
    order = ", ".join(f'"{c}" nulls last' for c in mart.grain)
    source = f'build.marts."{mart.name}"'
    connection.execute(
        f'create table main."{mart.name}" as select {columns} from {source} order by {order}'
    )
    if mart.is_monthly:
        months = connection.execute(
            f'select distinct month_start_date from main."{mart.name}" order by 1'
        ).fetchall()
        parts = [(f"{m}.parquet", f"where month_start_date = date '{m}'") for (m,) in months]
    else:
        parts = []
    # an empty mart still has its columns to show
    for name, condition in parts or [(f"{mart.name}.parquet", "")]:
        connection.execute(
            f'copy (select {columns} from main."{mart.name}" {condition} order by {order})'
            f" to {literal(str(folder / name))} ({PARQUET})"
        )
    connection.execute(f'comment on table main."{mart.name}" is {literal(mart.description)}')
    for column, description in mart.columns.items():
        connection.execute(
            f'comment on column main."{mart.name}"."{column}" is {literal(description)}'
        )


def _link_unchanged(candidate: Path, current: Path) -> None:
    for new in sorted(candidate.rglob("*.parquet")):
        old = current / new.relative_to(candidate)
        if old.is_file() and filecmp.cmp(old, new, shallow=False):
            new.unlink()
            os.link(old, new)


def row_counts(candidate: Path, manifest: Path) -> dict[str, int]:
    """Rows of every mart in a candidate or publication."""
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        return {
            mart.name: connection.execute(f'select count(*) from main."{mart.name}"').fetchall()[0][
                0
            ]
            for mart in marts(manifest)
        }


def control_totals(candidate: Path) -> list[dict]:
    """What finance compares first, as the candidate has it; amounts as text, exact."""
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        result = connection.execute(
            "select entity_id, source, input_table, currency, raw_rows, accepted_rows,"
            " quarantined_rows, raw_amount, accepted_amount, quarantined_amount"
            " from rpt_source_control_totals order by all"
        )
        names = [d[0] for d in result.description]
        return [
            {
                n: (v if v is None or isinstance(v, int | str) else str(v))
                for n, v in zip(names, r, strict=True)
            }
            for r in result.fetchall()
        ]


def file_hashes(root: Path, files: list[Path]) -> dict[str, str]:
    """SHA-256 of files, by their path below ``root``."""
    hashes = {}
    for path in files:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        hashes[path.relative_to(root).as_posix()] = digest.hexdigest()
    return hashes


def publish(settings: Settings, candidate: Path, run_id: str, manifest: dict) -> Path:
    """Name the candidate, write its manifest and make it current with one rename.

    Returns:
        The publication's folder.
    """
    publication = settings.published / run_id
    (candidate / "manifest.json").write_text(
        json.dumps(manifest | {"parquet": f"{run_id}/parquet"}, indent=2, sort_keys=True) + "\n",
        encoding="utf-8",
    )
    candidate.rename(publication)
    _make_current(settings, publication)
    clear_old(settings)
    return publication


def _make_current(settings: Settings, publication: Path) -> None:
    link = settings.published / f".current-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(publication.name)
    link.replace(settings.current)


def publications(settings: Settings) -> list[Path]:
    """Complete publications, oldest first."""
    if not settings.published.is_dir():
        return []
    return sorted(
        p
        for p in settings.published.iterdir()
        if p.is_dir()
        and not p.is_symlink()
        and (p / "manifest.json").is_file()
        and not p.name.startswith(".")
    )


def rollback(settings: Settings, run_id: str | None = None) -> Path:
    """Make an earlier publication current: the one named, or the one before the current.

    Raises:
        InputError: there is no such publication.
    """
    kept = publications(settings)
    if not settings.current.exists():
        raise InputError(f"{settings.published}: nothing is published")
    names = [p.name for p in kept]
    if run_id is None:
        earlier = kept[: names.index(settings.current.resolve().name)]
        if not earlier:
            raise InputError(f"{settings.current.resolve().name} is the oldest publication kept")
        target = earlier[-1]
    elif run_id in names:
        target = kept[names.index(run_id)]
    else:
        raise InputError(f"no publication {run_id}; kept are {', '.join(names)}")
    _make_current(settings, target)
    return target


def clear_old(settings: Settings) -> None:
    """Remove publications beyond the number kept, never the current one."""
    current = settings.current.resolve()
    for old in publications(settings)[: -settings.keep]:
        if old != current:
            shutil.rmtree(old)


def clear_partial(settings: Settings) -> None:
    """Remove what a killed run left."""
    if settings.published.is_dir():
        for left in settings.published.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        for left in settings.published.glob(".current-*"):
            left.unlink()
