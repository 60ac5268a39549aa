"""The raw files: which there are, and whether they can be read at all.

Belongs here: finding files, reading headers, saying what is broken. Does not: judging values (the
landing gate does), or creating relations (register does).
"""

import csv
import difflib
import gzip
import hashlib
import io
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb

from orchestration.contract import LINEAGE_COLUMNS, RawTable, contract_tables, source_tables
from orchestration.settings import InputError

SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}


# the column that says which file a row is from; no contract has one of that name
FILE = "raw file"


@dataclass(frozen=True)
class FileGroup:
    """Files of one table, one entity (None for a source in its own shape) and one format."""

    entity: str | None
    format: str
    files: tuple[Path, ...]

    @property
    def reader(self) -> str:
        """What DuckDB reads the group from; CSV cells stay text.

        Nothing about a CSV file is guessed: a sniffer takes apostrophes for quotes and ragged
        rows for a preamble, and rows are gone.
        """
        return self._read(by_file=False)

    @property
    def reader_by_file(self) -> str:
        """The same with the path of each row's file in a column ``FILE``."""
        return self._read(by_file=True)

    def _read(self, by_file: bool) -> str:
        if self.format == "parquet":
            names = ", ".join(literal(str(f)) for f in self.files)
            option = f", filename = {literal(FILE)}" if by_file else ""
            return f"read_parquet([{names}], union_by_name = true{option})"
        parts = []
        for path in self.files:
            columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in csv_header(path))
            named = f', {literal(str(path))} as "{FILE}"' if by_file else ""
            parts.append(
                f"select *{named} from read_csv({literal(str(path))}, columns = {{{columns}}},"
                " auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
                " nullstr = '', null_padding = false)"
            )
        return "(" + " union all by name ".join(parts) + ")"


@dataclass
class Landing:
    """What lies in the landing folder, table by table; a table without files is absent."""

    root: Path
    groups: dict[RawTable, list[FileGroup]] = field(default_factory=dict)
    entities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """Every raw file, in a stable order."""
        return sorted(f for groups in self.groups.values() for g in groups for f in g.files)


def csv_header(path: Path) -> list[str]:
    """Column names of a CSV file, UTF-8 and separated by commas.

    Raises:
        OSError, EOFError, csv.Error, UnicodeError: the file cannot be read.
        ValueError: it has no header, or one that does not name each column once.
    """
    is_packed = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if is_packed else path.open("rb") as raw:
        lines = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        names = [name.strip() for name in next(csv.reader(lines), [])]
    if not names:
        raise ValueError("the file is empty")
    if "" in names:
        raise ValueError("a column has no name")
    counts = Counter(name.lower() for name in names)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise ValueError(f"the header names {', '.join(twice)} twice")
    return names


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _split(path: Path) -> tuple[str, str] | None:
    """Stem and format of a data file, None for anything else."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)], SUFFIXES[suffix]
    return None


def _data_files(folder: Path) -> dict[str, list[tuple[str, Path]]]:
    """Data files of one folder by stem; a sub-folder is a table in part files."""
    found: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            for part in sorted(path.rglob("*")):
                if part.is_file() and (split := _split(part)):
                    found[path.name].append((split[1], part))
        elif split := _split(path):
            found[split[0]].append((split[1], path))
    return found


def _unread(folder: Path, tables: dict[str, RawTable]) -> list[str]:
    """Files that bear a table's name, or lie in its folder, in a format that nobody reads."""
    return [
        path.relative_to(folder.parent).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
        and path.relative_to(folder).parts[0].split(".", 1)[0] in tables
        and not _split(path)
    ]


def _raw_files(root: Path) -> Iterator[Path]:
    """Every data file below the landing folder; a folder may be a link to where its files lie."""
    for folder, names, files in os.walk(root, followlinks=True):
        names[:] = sorted(n for n in names if n[0] not in "._")
        shown = sorted(n for n in files if n[0] not in "._")
        yield from (Path(folder, name) for name in shown if _split(Path(name)))


def has_data(root: Path) -> bool:
    """Whether there is any raw file below the landing folder."""
    return any(True for _ in _raw_files(root))


def fingerprint(root: Path) -> str | None:
    """A hash over names, sizes and times of the raw files, None where there are none.

    No file is opened, so it is cheap enough to be asked for every minute.
    """
    total, found = hashlib.sha256(), False
    for path in _raw_files(root):
        about, found = path.stat(), True
        name = path.relative_to(root).as_posix()
        total.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
    return total.hexdigest() if found else None


def file_hashes(root: Path, files: list[Path]) -> dict[str, str]:
    """SHA-256 of files, by their path below ``root``."""
    hashes = {}
    for path in files:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        hashes[path.relative_to(root).as_posix()] = digest.hexdigest()
    return hashes


def discover(root: Path) -> Landing:
    """Find the raw files below ``root`` and read every header.

    Returns:
        The files by table.

    Raises:
        InputError: a folder lacks a required table, a file lacks a required column, cannot be
            read, or is not a table of the contract. One line for each fault, all at once.
    """
    faults: list[str] = []
    notes: list[str] = []
    groups: dict[RawTable, list[FileGroup]] = defaultdict(list)
    entities, sources = [], []
    for path in sorted(root.iterdir()):
        if path.is_file() and _split(path):
            faults.append(
                f"{path.name}: lies beside the folders; put it into a folder named after its entity"
            )
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] not in "._"):
        files = _data_files(folder)
        if not files:
            if any(folder.iterdir()):
                faults.append(f"{folder.name}/: holds no Parquet or CSV file")
            continue
        own_shape = source_tables().get(folder.name)
        tables = {t.stem: t for t in (own_shape or contract_tables()).values()}
        entity = None if own_shape else folder.name
        (sources if own_shape else entities).append(folder.name)
        faults += [
            f"{name}: not a format that is read; deliver it as .parquet, .csv or .csv.gz"
            for name in _unread(folder, tables)
        ]
        for stem in sorted(set(files) - set(tables)):
            if own_shape:
                notes.append(f"{folder.name}/{stem}: not used")
                continue
            close = difflib.get_close_matches(stem, tables, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            faults.append(f"{folder.name}/{stem}: not a table of the input contract{hint}")
        missing = [t.stem for t in tables.values() if t.required and t.stem not in files]
        if missing:
            faults.append(
                f"{folder.name}/: lacks the required table{'s' * (len(missing) > 1)} "
                f"{', '.join(missing)} (as .parquet, .csv or .csv.gz, or a folder of part files)"
            )
        for stem, table in tables.items():
            by_format: dict[str, list[Path]] = defaultdict(list)
            for kind, path in files.get(stem, ()):
                by_format[kind].append(path)
            for kind, paths in sorted(by_format.items()):
                groups[table].append(FileGroup(entity, kind, tuple(paths)))
    for table, table_groups in groups.items():
        for group in table_groups:
            for path in group.files:
                found, unread = _read_header(path, group.format, table, root)
                faults += found
                # a source of its own shape may hold more than is used
                for column in unread if group.entity else ():
                    notes.append(f"{group.entity}/{table.stem}: {column}")
    if faults:
        raise InputError("\n".join(faults))
    return Landing(root, dict(groups), tuple(entities), tuple(sources), tuple(dict.fromkeys(notes)))


def _read_header(path: Path, kind: str, table: RawTable, root: Path) -> tuple[list[str], list[str]]:
    """What is wrong with a file's columns, and a word on each that nothing reads."""
    shown = path.relative_to(root)
    try:
        columns = column_types(FileGroup(None, kind, (path,)))
    except (duckdb.Error, OSError, EOFError, csv.Error, ValueError) as error:
        reason = str(error).splitlines()[0].replace(str(root) + "/", "")
        return [f"{shown}: cannot be read ({reason}); deliver the file again"], []
    known = {column.name.lower() for column in table.columns}
    absent = sorted(known - set(columns))
    notes = []
    for column in columns:
        if column not in known and column not in LINEAGE_COLUMNS:
            close = difflib.get_close_matches(column, absent, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            notes.append(f"column {column} is not in the contract and not read{hint}")
    missing = [c.name for c in table.columns if c.required and c.name.lower() not in columns]
    if not missing:
        return [], notes
    return [
        f"{shown}: table {table.name} lacks the required column{'s' * (len(missing) > 1)} "
        f"{', '.join(missing)}; the file has {', '.join(columns)}"
    ], notes


def column_types(group: FileGroup) -> dict[str, str]:
    """Column names in lower case and DuckDB types of a group of files.

    Raises:
        duckdb.Error, OSError, EOFError, csv.Error, ValueError: a file cannot be read.
    """
    rows = _headers().execute(f"describe select * from {group.reader}").fetchall()
    return {name.lower(): kind for name, kind, *_ in rows}


@cache
def _headers() -> duckdb.DuckDBPyConnection:
    """One connection for all headers: opening one costs more than reading a header."""
    return duckdb.connect()
