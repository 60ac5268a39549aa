"""One typed relation per raw table in the build database, whether or not its files are there.

Belongs here: turning files into relations that models can use as plain sources. Does not: business
rules; a cell that does not parse is kept as text in ``unparsable_cells`` and staging flags the row.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import duckdb

from identity import resolve
from orchestration import books, changes, policies, spark
from orchestration.contract import TYPES, Column, RawTable, contract_tables, source_tables
from orchestration.landing import FILE, FileGroup, Landing, column_types, file_hashes, literal
from orchestration.settings import InputError, Settings

IDENTITIES = "source.twofold.landing.identities"


def register(landing: Landing, settings: Settings) -> dict[str, str]:
    """Create or replace every raw relation and the build's parameters.

    Parquet becomes a view, CSV a table, since its text would otherwise be parsed at every scan.

    A relation whose files are what they were is left alone.

    Returns:
        SHA-256 of every raw file, by its path below the landing folder.

    Raises:
        InputError: every value of a column fails to parse, or a row of a CSV file is broken.
    """
    settings.build_db.parent.mkdir(parents=True, exist_ok=True)
    tables = [*contract_tables().values()]
    tables += [t for source in source_tables().values() for t in source.values()]
    hashes = file_hashes(landing.root, landing.files)
    files: list[changes.RawFiles] = []
    with duckdb.connect(str(settings.build_db)) as connection:
        connection.execute("set disabled_optimizers = 'type_pushdown'")
        connection.begin()
        changes.prepare(connection)
        _write_parameters(connection, settings)
        for schema in sorted({t.source for t in tables}):
            connection.execute(f'create schema if not exists "{schema}"')
        made = dict(
            connection.execute("select relation, made_from from build.registered").fetchall()
        )
        for table in tables:
            groups = landing.groups.get(table, [])
            of_table = _raw_files(table, groups, landing, hashes)
            made_from = _made_from(table, groups, of_table)
            if made.get(table.unique_id) != made_from:
                _replace(connection, table, groups, landing)
                connection.execute(
                    "delete from build.registered where relation = ?", [table.unique_id]
                )
                connection.execute(
                    "insert into build.registered values (?, ?)", [table.unique_id, made_from]
                )
            files += of_table
            if table.unique_id == IDENTITIES:
                below = literal(f"{landing.root}/")[1:-1]
                _resolve_identities(
                    connection, settings, _made_from(table, groups, of_table, below)
                )
        noted = books.register(connection, settings, settings.known_before)
        changes.record_raw(connection, files, noted)
        connection.commit()
    if settings.target == "spark":
        spark.write_raw_tables(settings)
    return hashes


def _resolve_identities(
    connection: duckdb.DuckDBPyConnection, settings: Settings, made_from: str
) -> None:
    """The crosswalk stands beside the raw tables: dbt cannot score pairs of names."""
    try:
        resolve.step(connection, settings.seeds, policies.digests(settings), made_from)
    except resolve.PolicyError as error:
        raise InputError(str(error)) from None


def _raw_files(
    table: RawTable, groups: list[FileGroup], landing: Landing, hashes: dict[str, str]
) -> list[changes.RawFiles]:
    """The files of a table, by group, since a group is read alike."""
    return [
        changes.RawFiles(
            table, _digests(group, landing, hashes), partial(_rows, table, group, landing)
        )
        for group in groups
    ]


def _digests(group: FileGroup, landing: Landing, hashes: dict[str, str]) -> dict[str, str]:
    signature = json.dumps(sorted(column_types(group).items()))
    names = [path.relative_to(landing.root).as_posix() for path in group.files]
    return {
        name: hashlib.sha256(f"{hashes[name]} {signature}".encode()).hexdigest() for name in names
    }


def _rows(table: RawTable, group: FileGroup, landing: Landing, names: list[str]) -> str:
    files = tuple(landing.root / name for name in names)
    below = len(f"{landing.root}/") + 1
    return _select(
        table,
        replace(group, files=files),
        columns=[f'substr("{FILE}", {below}) as "{FILE}"'],
    )


def _made_from(
    table: RawTable, groups: list[FileGroup], files: list[changes.RawFiles], below: str = ""
) -> str:
    """What a raw relation was made from: its SQL and the content of its files.

    Args:
        table: the raw table.
        groups: its files as they are read.
        files: their hashes.
        below: a folder to leave out of paths, so that the same files in another are the same.
    """
    query = [_select(table, g).replace(below, "") for g in groups] or [_empty(table)]
    digests = [digest for group in files for digest in group.digests.values()]
    return hashlib.sha256("\0".join([*query, *digests]).encode()).hexdigest()


def _write_parameters(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """What models may know of the run: the day it pretends to be, if one was given."""
    connection.execute("create schema if not exists build")
    connection.execute(
        "create or replace table build.parameters as "
        "select cast(? as date) as as_of_date, cast(? as timestamp) as known_before",
        [settings.as_of, settings.known_before],
    )


def _replace(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    groups: list[FileGroup],
    landing: Landing,
) -> None:
    is_text = any(g.format == "csv" for g in groups)
    parts = [_select(table, g, _every_row_has_an_id(connection, g)) for g in groups]
    query = "\nunion all\n".join(parts or [_empty(table)])
    for kind in ("view", "table"):
        found = connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?"
            " and table_type = ?",
            [table.source, table.name, "VIEW" if kind == "view" else "BASE TABLE"],
        ).fetchall()
        if found:
            connection.execute(f"drop {kind} {table.relation}")
    try:
        made = "table" if is_text else "view"
        connection.execute(f"create {made} {table.relation} as\n{query}")
    except duckdb.Error as error:
        lines = str(error).replace(str(landing.root) + "/", "").strip().splitlines()
        # line, row and file; the rest is advice on DuckDB's own options
        told = [*lines[:3], *(line.strip() for line in lines[3:] if "file =" in line)]
        reason = "\n".join(told)
        raise InputError(f"table {table.name}: a row cannot be read\n{reason}") from None
    _refuse_columns_of_the_wrong_type(connection, table, groups, landing)


def _type_of(column: Column) -> str:
    return TYPES["duckdb"].get(column.data_type, column.data_type)


def _empty(table: RawTable) -> str:
    selected = [f'cast(null as {_type_of(c)}) as "{c.name}"' for c in table.columns]
    selected.append("cast(null as varchar) as unparsable_cells")
    if _may_lack_an_id(table):
        selected.append("false as has_source_id")
    return f"select {', '.join(selected)} where false"


def _may_lack_an_id(table: RawTable) -> bool:
    """Whether staging makes a source_id for rows that have none."""
    return any(c.name == "source_id" for c in table.columns)


def _every_row_has_an_id(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> bool:
    """Whether the footers of Parquet files show that no row lacks a source_id; no row is read."""
    if group.format != "parquet":
        return False
    files = ", ".join(literal(str(f)) for f in group.files)
    row = connection.execute(
        # a cell of blanks, which counts as empty, sorts before any other
        "select count(distinct file_name), bool_and(coalesce(stats_null_count, 1) = 0"
        " and coalesce(stats_min_value, '') >= '!')"
        f" from parquet_metadata([{files}]) where lower(path_in_schema) = 'source_id'"
    ).fetchall()[0]
    return row == (len(group.files), True)


def _select(
    table: RawTable, group: FileGroup, has_ids: bool = False, columns: Sequence[str] = ()
) -> str:
    """One group of files in the table's columns and types, and further columns of the reader's.

    ``has_source_id`` is a constant where every row is known to have one, so that whatever staging
    does with rows that have none costs nothing.
    """
    types = column_types(group)
    selected, checks, parsed_as = [], [], {}
    for column in table.columns:
        wanted = _type_of(column)
        have = types.get(column.name.lower())
        raw = f'"{column.name}"'
        if have is None:
            parsed = f"cast(null as {wanted})"
        elif have == "VARCHAR" and wanted == "varchar":
            parsed = f"nullif(trim({raw}), '')"
        elif have.lower() == wanted.lower():
            parsed = raw
        elif have == "VARCHAR":
            text = f"nullif(trim({raw}), '')"
            parsed = f"try_cast({text} as {wanted})"
            checks.append(_check(column.name, text, parsed, wanted))
        else:
            parsed = f"try_cast({raw} as {wanted})"
            checks.append(_check(column.name, f"cast({raw} as varchar)", parsed, None))
        if column.name == "entity_id" and group.entity is not None:
            parsed = f"coalesce({parsed}, {literal(group.entity)})"
        selected.append(f"{parsed} as {raw}")
        parsed_as[column.name] = parsed
    broken = f"nullif(concat_ws('; ', {', '.join(checks)}), '')" if checks else "null"
    selected.append(f"cast({broken} as varchar) as unparsable_cells")
    if _may_lack_an_id(table):
        known = "true" if has_ids else f"{parsed_as['source_id']} is not null"
        selected.append(f"{known} as has_source_id")
    reader = group.reader_by_file if columns else group.reader
    return f"select {', '.join([*selected, *columns])} from {reader}"


def _check(name: str, text: str, parsed: str, wanted: str | None) -> str:
    """The cell as it stands, where it does not parse or has more digits than money keeps."""
    broken = f"{parsed} is null"
    if wanted and wanted.startswith("decimal"):
        broken += f" or try_cast({text} as decimal(38,16)) <> {parsed}"
    return f"case when {text} is not null and ({broken}) then {literal(name + '=')} || {text} end"


def _refuse_columns_of_the_wrong_type(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    groups: list[FileGroup],
    landing: Landing,
) -> None:
    """A column of which no value parses is a broken file, not a set of bad rows."""
    for group in groups:
        types = column_types(group)
        doubtful = [
            c
            for c in table.columns
            if types.get(c.name.lower()) == "VARCHAR" and _type_of(c) != "varchar"
        ]
        if not doubtful:
            continue
        figures = ", ".join(
            f"count(nullif(trim(\"{c.name}\"), '')), "
            f'count(try_cast(trim("{c.name}") as {_type_of(c)})), min("{c.name}")'
            for c in doubtful
        )
        row = connection.execute(f"select {figures} from {group.reader}").fetchall()[0]
        for position, column in enumerate(doubtful):
            filled, parsed, example = row[3 * position : 3 * position + 3]
            if filled and not parsed:
                files = ", ".join(str(f.relative_to(landing.root)) for f in group.files[:3])
                raise InputError(
                    f"{files}: table {table.name}, column {column.name}: none of {filled} values "
                    f"is a {column.data_type} (the first is {example!r}); deliver the column as "
                    f"{column.data_type}"
                )
