"""Publications: the marts as readers get them, swapped as a whole.

Belongs here: exporting a candidate, the manifest, the atomic link, roll-back, clearing old ones.
Does not: deciding whether a candidate is good (the published gate does).
"""

import filecmp
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration import changes
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
    # dbt's unique ids of what its rows come from: itself, or what the view reads
    rests_on: tuple[str, ...] = ()

    @property
    def is_monthly(self) -> bool:
        """Whether it is kept in one Parquet file per period."""
        return "month_start_date" in self.grain


def marts(manifest: Path) -> list[Mart]:
    """The marts, by name, with columns in contract order and their descriptions."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    found = [
        Mart(
            node["name"],
            node["description"],
            tuple(node["config"]["meta"]["grain"]),
            {name: column["description"] for name, column in node["columns"].items()},
            tuple(_rests_on(unique_id, nodes)),
        )
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    return sorted(found, key=lambda mart: mart.name)


def _rests_on(unique_id: str, nodes: dict[str, dict]) -> list[str]:
    found, node = [unique_id], nodes.get(unique_id)
    if node and node["config"].get("materialized") == "view":
        for parent in node["depends_on"]["nodes"]:
            found += _rests_on(parent, nodes)
    return found


def contents(settings: Settings, manifest: Path) -> dict[str, dict[str, str]]:
    """A hash of what each mart holds, by mart and period; empty where the build kept no log."""
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        return changes.contents(connection, {m.name: list(m.rests_on) for m in marts(manifest)})


def export_candidate(
    settings: Settings,
    run_id: str,
    manifest: Path,
    unchanged: dict[str, set[str]] | None = None,
) -> Path:
    """Write every mart as sorted Parquet and into one DuckDB file, beside the publications.

    A Parquet file that equals the one in force is a hard link to it, and the DuckDB file is that
    of the last publication with what changed put in place.

    Args:
        settings: the run's folders.
        run_id: what the publication is to be called.
        manifest: dbt's manifest of the build.
        unchanged: by mart, the files that the publication in force has with the same content;
            they are linked without being written.

    Returns:
        The candidate folder: twofold.duckdb and parquet/<mart>/….
    """
    candidate = settings.published / f"{PARTIAL}{run_id}"
    shutil.rmtree(candidate, ignore_errors=True)
    (candidate / "parquet").mkdir(parents=True)
    published = marts(manifest)
    previous = settings.current.resolve() if settings.current.exists() else None
    with duckdb.connect() as connection:
        # sorting a mart may need more than memory; a connection in memory would spill where it is
        connection.execute(f"set temp_directory = {literal(str(settings.build / 'spill'))}")
        connection.execute(f"attach {literal(str(settings.build_db))} as build (read_only)")
        for mart in published:
            kept = _files(previous, mart) if previous else {}
            known = (unchanged or {}).get(mart.name, set())
            _write_parquet(
                connection, mart, candidate, {p: f for p, f in kept.items() if p in known}
            )
    if previous:
        _link_unchanged(candidate / "parquet", previous / "parquet")
        shutil.copyfile(previous / "twofold.duckdb", candidate / "twofold.duckdb")
    _write_database(candidate, previous, published)
    return candidate


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, mart: Mart, candidate: Path, kept: dict[str, Path]
) -> None:
    """One file a mart, or one a period; an empty mart still has its columns to show."""
    folder = candidate / "parquet" / mart.name
    folder.mkdir()
    source = f'build.marts."{mart.name}"'
    columns = ", ".join(f'"{c}"' for c in mart.columns)
    order = ", ".join(f'"{c}" nulls last' for c in mart.grain)
    parts = {f"{mart.name}.parquet": ""}
    if mart.is_monthly:
        months = connection.execute(
            f"select distinct month_start_date from {source} order by 1"
        ).fetchall()
        by_month = {f"{m}.parquet": f"where month_start_date = date '{m}'" for (m,) in months}
        parts = by_month or parts
    for name, condition in parts.items():
        if name in kept:
            os.link(kept[name], folder / name)
            continue
        connection.execute(
            f"copy (select {columns} from {source} {condition} order by {order})"
            f" to {literal(str(folder / name))} ({PARQUET})"
        )


def _link_unchanged(candidate: Path, current: Path) -> None:
    for new in sorted(candidate.rglob("*.parquet")):
        old = current / new.relative_to(candidate)
        if old.is_file() and not old.samefile(new) and filecmp.cmp(old, new, shallow=False):
            new.unlink()
            os.link(old, new)


def _write_database(candidate: Path, previous: Path | None, published: list[Mart]) -> None:
    """Bring the DuckDB file to what the Parquet files say, touching only what differs."""
    with duckdb.connect(str(candidate / "twofold.duckdb")) as connection:
        names = {mart.name for mart in published}
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            if table not in names:
                connection.execute(f'drop table main."{table}"')
        for mart in published:
            files = _files(candidate, mart)
            before = _files(previous, mart) if previous else {}
            changed = [n for n, f in files.items() if n not in before or not f.samefile(before[n])]
            removed = [n for n in before if n not in files]
            if not changed and not removed and _has_columns(connection, mart, files):
                continue
            if mart.is_monthly and before and _has_columns(connection, mart, files):
                _replace_months(connection, mart, files, changed, removed)
            else:
                connection.execute(
                    f'create or replace table main."{mart.name}" as {_rows(files.values())}'
                )
        # a thousand comments in one transaction: each on its own would wait for the disk
        connection.execute("begin")
        for mart in published:
            _describe(connection, mart)
        connection.execute("commit")
        connection.execute("checkpoint")


def _files(publication: Path, mart: Mart) -> dict[str, Path]:
    return {p.name: p for p in sorted((publication / "parquet" / mart.name).glob("*.parquet"))}


def _rows(files: Iterable[Path]) -> str:
    return f"select * from read_parquet([{', '.join(literal(str(f)) for f in files)}])"


def _has_columns(connection: duckdb.DuckDBPyConnection, mart: Mart, files: dict[str, Path]) -> bool:
    """Whether the table is there with just the columns and types of the files."""
    have = connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ?"
        " order by column_index",
        [mart.name],
    ).fetchall()
    want = connection.execute(f"describe {_rows(list(files.values())[:1])}").fetchall()
    return have == [(name, kind) for name, kind, *_ in want]


def _replace_months(
    connection: duckdb.DuckDBPyConnection,
    mart: Mart,
    files: dict[str, Path],
    changed: list[str],
    removed: list[str],
) -> None:
    # the file of an empty mart is named after the mart and holds no month
    months = [n.removesuffix(".parquet") for n in changed + removed if n != f"{mart.name}.parquet"]
    for month in months:
        connection.execute(
            f'delete from main."{mart.name}" where month_start_date = date {literal(month)}'
        )
    if changed:
        connection.execute(
            f'insert into main."{mart.name}" {_rows(files[name] for name in changed)}'
        )


def _describe(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Say what the table and its columns are, where they do not say so yet."""
    said = dict(
        connection.execute(
            "select '', comment from duckdb_tables() where table_name = $1 union all"
            " select column_name, comment from duckdb_columns() where table_name = $1",
            [mart.name],
        ).fetchall()
    )
    if said[""] != mart.description:
        connection.execute(f'comment on table main."{mart.name}" is {literal(mart.description)}')
    for column, description in mart.columns.items():
        if said[column] != description:
            connection.execute(
                f'comment on column main."{mart.name}"."{column}" is {literal(description)}'
            )


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
