"""The books: which periods are closed, by whom, and the rows that a close froze.

Belongs here: the log of the books, freezing published rows, their hashes, and handing both to the
build. Does not: choosing between frozen and computed rows, or placing late postings (models do).

``$WAREHOUSE/books/log.jsonl`` has one line an act and is only ever appended to; each line carries
the hash of the one before. The rows of a closed period lie in
``books/frozen/<kind>/<entity>/<period>/v<version>/<mart>.parquet`` and are never written again.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import duckdb

from orchestration.contract import TYPES, ClosingMart, closing_marts
from orchestration.landing import literal
from orchestration.settings import GateError, InputError, Settings

START = "0" * 64
FOREVER = "9999-12-31 00:00:00"
NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Entry:
    """One act on the books.

    Attributes:
        number: its place in the log, from 1.
        action: soft_close, close, reopen, restate (approved) or restated (done by a night).
        kind: profit or perceived_value; each closes by itself.
        entity_id: the entity.
        month_start_date: first day of the fiscal period, as ISO date.
        at: when, UTC, to the second.
        by: who closed, asked to reopen, or prepared the restatement.
        approved_by: who approved a reopening or a restatement; never the same person.
        reason: why.
        version: of the frozen rows, counted from 1 in each period.
        difference: of an approved restatement, what it approves (see ``differences``).
        marts: of a version, by mart: columns, rows, and hash of the canonical sorted row text.
        previous: SHA-256 of the line before.
    """

    number: int
    action: str
    kind: str
    entity_id: str
    month_start_date: str
    at: str
    by: str
    approved_by: str | None = None
    reason: str | None = None
    version: int | None = None
    difference: str | None = None
    marts: dict[str, dict] = field(default_factory=dict)
    previous: str = START


@dataclass
class Period:
    """What the log says of one entity's period, for one kind of figures."""

    kind: str
    entity_id: str
    month_start_date: str
    state: str = "open"
    version: int | None = None
    # an approved restatement that no night has carried out yet
    pending: Entry | None = None
    last: Entry | None = None
    reopened: Entry | None = None
    # from when to when it was closed
    intervals: list[tuple[str, str]] = field(default_factory=list)
    # entries that froze rows, in order
    frozen: list[Entry] = field(default_factory=list)
    # what allowed each version after the first, and whether a reopening did
    grounds: dict[int, Entry] = field(default_factory=dict)

    @property
    def served_version(self) -> int | None:
        """The frozen version that is published; none while the period is open or restated."""
        return self.version if self.state == "closed" and not self.pending else None

    def apply(self, entry: Entry) -> None:
        """Move on by one entry."""
        self.last = entry
        if entry.action == "soft_close":
            self.state = "soft_closed"
        elif entry.action == "close":
            self.state, self.version = "closed", entry.version
            self.intervals.append((entry.at, FOREVER))
            self.frozen.append(entry)
        elif entry.action == "reopen":
            self.state, self.pending, self.reopened = "reopened", None, entry
            self.intervals[-1] = (self.intervals[-1][0], entry.at)
            self.grounds[self.version + 1] = entry
        elif entry.action == "restate":
            self.pending = entry
            self.grounds[self.version + 1] = entry
        elif entry.action == "restated":
            self.version, self.pending = entry.version, None
            self.frozen.append(entry)


def _log(settings: Settings) -> Path:
    return settings.books / "log.jsonl"


def _lines(settings: Settings) -> list[str]:
    """Whole lines: one without its end was never written."""
    path = _log(settings)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def read(settings: Settings) -> list[Entry]:
    """The log, oldest first.

    Raises:
        InputError: a line was changed or taken out.
    """
    entries, previous = [], START
    for number, line in enumerate(_lines(settings), 1):
        try:
            entry = Entry(**json.loads(line))
        except (TypeError, ValueError):
            raise InputError(f"books/log.jsonl, line {number}: cannot be read") from None
        if (entry.number, entry.previous) != (number, previous):
            raise InputError(
                f"books/log.jsonl, line {number}: does not follow on the line before it; the log "
                "is append-only, restore it from a backup"
            )
        entries.append(entry)
        previous = hashlib.sha256(line.encode()).hexdigest()
    return entries


def digest(settings: Settings) -> str:
    """One hash over the whole log."""
    return hashlib.sha256("\n".join(_lines(settings)).encode()).hexdigest()


def _append(settings: Settings, **what: object) -> Entry:
    lines = _lines(settings)
    previous = hashlib.sha256(lines[-1].encode()).hexdigest() if lines else START
    entry = Entry(number=len(lines) + 1, previous=previous, **what)
    path = _log(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = sum(len(line.encode()) + 1 for line in lines)
    with path.open("ab") as log:
        log.truncate(whole)
        log.write(json.dumps(asdict(entry), sort_keys=True).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())
    return entry


def periods(entries: Iterable[Entry], known_before: datetime | None = None) -> list[Period]:
    """The state of every period that the log names, in order.

    Args:
        entries: the log.
        known_before: what was done at or after this time is not known yet (AS_OF).
    """
    found: dict[tuple[str, str, str], Period] = {}
    for entry in entries:
        if known_before and datetime.fromisoformat(entry.at) >= known_before:
            continue
        place = (entry.kind, entry.entity_id, entry.month_start_date)
        found.setdefault(place, Period(*place)).apply(entry)
    return [found[place] for place in sorted(found)]


def _period(settings: Settings, kind: str, entity: str, month: date) -> Period:
    for period in periods(read(settings)):
        if (period.kind, period.entity_id, period.month_start_date) == (kind, entity, str(month)):
            return period
    return Period(kind, entity, str(month))


def _time(period: Period, at: datetime | None) -> str:
    stamp = f"{at or datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    if period.last and stamp < period.last.at:
        raise InputError(
            f"{_name(period)}: {stamp} is before its last entry, {period.last.action} "
            f"of {period.last.at}"
        )
    return stamp


def _name(period: Period) -> str:
    kind = "" if period.kind == "profit" else f" ({period.kind})"
    return f"{period.entity_id} {period.month_start_date}{kind}"


def _two_people(what: str, prepared_by: str, approved_by: str) -> None:
    if prepared_by.strip().casefold() == approved_by.strip().casefold():
        raise InputError(
            f"{what}: prepared and approved by the same person, {prepared_by}; "
            "it takes two different people"
        )


def close(
    settings: Settings,
    entity: str,
    month: date,
    by: str,
    reason: str | None = None,
    kind: str = "profit",
    soft: bool = False,
    at: datetime | None = None,
) -> Entry:
    """Close a period: keep its published rows as they are.

    Args:
        settings: the warehouse.
        entity: the entity.
        month: first day of its fiscal period.
        by: who closes.
        reason: needed where the period cannot be signed.
        kind: profit or perceived_value.
        soft: only say that it is about to close; nothing is frozen.
        at: when, where not now; what is recorded later is late.

    Raises:
        InputError: nothing is published, there is no such period, it is closed already, or it
            cannot be signed and no reason is given.
    """
    period = _period(settings, kind, entity, month)
    stamp = _time(period, at)
    if period.state == "closed":
        raise InputError(f"{_name(period)} is closed already, since {period.last.at}")
    _refuse_what_cannot_close(settings, period, reason, soft)
    place = {"kind": kind, "entity_id": entity, "month_start_date": str(month), "at": stamp}
    if soft:
        return _append(settings, action="soft_close", by=by, reason=reason, **place)
    version = (period.version or 0) + 1
    source = settings.current.resolve() / "twofold.duckdb"
    marts = _freeze(settings, source, period, version)
    return _append(
        settings, action="close", by=by, reason=reason, version=version, marts=marts, **place
    )


def _refuse_what_cannot_close(
    settings: Settings, period: Period, reason: str | None, soft: bool
) -> None:
    if not settings.current.exists():
        raise InputError(f"{settings.published}: nothing is published, so nothing can close")
    manifest = json.loads((settings.current / "manifest.json").read_text(encoding="utf-8"))
    if period.reopened and manifest.get("books_entries", 0) < period.reopened.number:
        raise InputError(f"{_name(period)} was reopened after what is published; run a night first")
    with duckdb.connect(str(settings.current / "twofold.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select cast(month_start_date as varchar), period_status from dim_months"
            " where entity_id = ? order by 1",
            [period.entity_id],
        ).fetchall()
    status = dict(found).get(period.month_start_date)
    if status is None:
        known = f"its periods start on {', '.join(m for m, _ in found)}" if found else "no period"
        raise InputError(f"{_name(period)}: not published; {known}")
    if period.kind == "profit" and not soft and status != "signable" and not reason:
        raise InputError(
            f"{_name(period)} is {status}: say with --reason why it closes all the same"
        )


def reopen(
    settings: Settings,
    entity: str,
    month: date,
    by: str,
    approved_by: str,
    reason: str,
    kind: str = "profit",
    at: datetime | None = None,
) -> Entry:
    """Open a closed period again; its frozen rows are kept as the version that was.

    Raises:
        InputError: it is not closed, or nobody else approved.
    """
    period = _period(settings, kind, entity, month)
    if period.state != "closed":
        raise InputError(f"{_name(period)} is {period.state}, not closed")
    _two_people(f"reopening {_name(period)}", by, approved_by)
    return _append(
        settings,
        action="reopen",
        kind=kind,
        entity_id=entity,
        month_start_date=str(month),
        at=_time(period, at),
        by=by,
        approved_by=approved_by,
        reason=reason,
    )


def restate(
    settings: Settings,
    entity: str,
    month: date,
    difference: str,
    prepared_by: str,
    approved_by: str,
    reason: str,
    at: datetime | None = None,
    kind: str = "profit",
) -> Entry:
    """Approve a difference that a night has named; the next night publishes and freezes it.

    Raises:
        InputError: the period is not closed, or preparer and approver are the same.
    """
    period = _period(settings, kind, entity, month)
    if period.state != "closed":
        raise InputError(f"{_name(period)} is {period.state}: only a closed period is restated")
    _two_people(f"restatement of {_name(period)}", prepared_by, approved_by)
    return _append(
        settings,
        action="restate",
        kind=kind,
        entity_id=entity,
        month_start_date=str(month),
        at=_time(period, at),
        by=prepared_by,
        approved_by=approved_by,
        reason=reason,
        difference=difference,
    )


# ---------- frozen rows


def _folder(settings: Settings, period: Period, version: int) -> Path:
    entity = quote(period.entity_id, safe="").replace(".", "%2E")
    return (
        settings.books / "frozen" / period.kind / entity / period.month_start_date / f"v{version}"
    )


def _freeze(settings: Settings, source: Path, period: Period, version: int) -> dict[str, dict]:
    """Copy a period's rows out of a published file; the log names them only afterwards."""
    folder = _folder(settings, period, version)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {}
    with duckdb.connect(str(source), read_only=True) as connection:
        for mart in closing_marts():
            if mart.kind != period.kind:
                continue
            have = [
                c
                for (c,) in connection.execute(
                    "select column_name from duckdb_columns() where table_name = ?", [mart.name]
                ).fetchall()
            ]
            columns = [name for name in mart.columns if name in have]
            listed = ", ".join(f'"{c}"' for c in columns)
            order = ", ".join(f'"{c}" nulls last' for c in columns)
            path, partial = folder / f"{mart.name}.parquet", folder / f"{mart.name}.partial"
            connection.execute(
                f'copy (select {listed} from main."{mart.name}" where entity_id ='
                f" {literal(period.entity_id)} and month_start_date ="
                f" date {literal(period.month_start_date)} order by {order})"
                f" to {literal(str(partial))} (format parquet, compression zstd)"
            )
            partial.replace(path)
            rows, hashed = hash_of_rows(connection, path, columns)
            kept[mart.name] = {"columns": columns, "rows": rows, "sha256": hashed}
    return kept


def hash_of_rows(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: list[str]
) -> tuple[int, str]:
    """Rows of a Parquet file and SHA-256 over their canonical text, whatever their order.

    A row is its listed columns, each as length and text (``-`` where empty), so that no two rows
    read alike; rows are sorted by that text. The bytes of the file do not matter.
    """
    cells = " || ".join(
        f"coalesce(strlen(cast(\"{c}\" as varchar)) || ':' || cast(\"{c}\" as varchar), '-')"
        for c in columns
    )
    result = connection.execute(
        f"select {cells} as row_text from"
        f" read_parquet({literal(str(path))}, hive_partitioning=false) order by row_text"
    )
    total, count = hashlib.sha256(), 0
    while rows := result.fetchmany(10_000):
        count += len(rows)
        for (text,) in rows:
            total.update(text.encode() + b"\n")
    return count, total.hexdigest()


# ---------- what the build reads

TABLES = {
    "periods": {
        "kind": "varchar",
        "entity_id": "varchar",
        "month_start_date": "date",
        "period_state": "varchar",
        "last_version": "bigint",
        "served_version": "bigint",
        "is_restated": "boolean",
        "acted_at": "timestamp",
        "acted_by": "varchar",
        "approved_by": "varchar",
        "reason": "varchar",
    },
    "closed_intervals": {
        "kind": "varchar",
        "entity_id": "varchar",
        "month_start_date": "date",
        "closed_at": "timestamp",
        "reopened_at": "timestamp",
    },
    # versions to compare: an empty new_version is what is computed now
    "comparisons": {
        "kind": "varchar",
        "entity_id": "varchar",
        "month_start_date": "date",
        "old_version": "bigint",
        "new_version": "bigint",
        "restatement_status": "varchar",
        "prepared_by": "varchar",
        "approved_by": "varchar",
        "reason": "varchar",
    },
}


def register(
    connection: duckdb.DuckDBPyConnection, settings: Settings, known_before: datetime
) -> list[tuple[str, str, str, str]]:
    """Write what the books say into schema ``books`` of the build database.

    Args:
        connection: the build database.
        settings: the warehouse.
        known_before: entries at or after this time are not known (AS_OF).

    Returns:
        For the log of changes: relation, entity, period, and a text that stands for the content.

    Raises:
        InputError: the log was altered, or frozen rows are not those that were frozen.
    """
    found = periods(read(settings), known_before)
    connection.execute("create schema if not exists books")
    rows = {
        "periods": [_period_row(p) for p in found],
        "closed_intervals": [
            (p.kind, p.entity_id, p.month_start_date, *i) for p in found for i in p.intervals
        ],
        "comparisons": [row for p in found for row in _comparisons(p)],
    }
    noted = []
    for name, columns in TABLES.items():
        listed = ", ".join(f"{c} {t}" for c, t in columns.items())
        connection.execute(f"create or replace table books.{name} ({listed})")
        if rows[name]:
            marks = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into books.{name} values ({marks})", rows[name])
        for row in rows[name]:
            noted.append((f"source.twofold.books.{name}", row[1], row[2], json.dumps(row)))
    for mart in closing_marts():
        noted += _register_mart(connection, settings, mart, found)
    return noted


def _period_row(period: Period) -> tuple:
    last = period.last
    return (
        period.kind,
        period.entity_id,
        period.month_start_date,
        period.state,
        period.version,
        period.served_version,
        any(e.action == "restated" for e in period.frozen) or period.pending is not None,
        last.at,
        last.by,
        last.approved_by,
        last.reason,
    )


def _comparisons(period: Period) -> list[tuple]:
    """Each frozen version against the next, and the last one against what is computed now."""
    if period.version is None:
        return []
    place, rows = (period.kind, period.entity_id, period.month_start_date), []
    for version in range(1, period.version + 1):
        ground = period.grounds.get(version + 1)
        new = version + 1 if version < period.version else None
        status = "unexplained"
        if ground:
            status = "reopened" if ground.action == "reopen" else "approved"
        who = (ground.by, ground.approved_by, ground.reason) if ground else (None, None, None)
        rows.append((*place, version, new, status, *who))
    return rows


def _register_mart(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    mart: ClosingMart,
    found: list[Period],
) -> list[tuple[str, str, str, str]]:
    """One view over all frozen versions of a mart, with the version and whether it is served."""
    parts, noted = [], []
    for period in found:
        if period.kind != mart.kind:
            continue
        versions = []
        for entry in period.frozen:
            about = entry.marts.get(mart.name)
            if about is None:
                continue
            path = _folder(settings, period, entry.version) / f"{mart.name}.parquet"
            _verify(connection, settings, period, path, about)
            is_served = entry.version == period.served_version
            versions.append((entry.version, about["sha256"], is_served))
            parts.append((path, entry.version, is_served, set(about["columns"])))
        if versions:
            noted.append(
                (mart.unique_id, period.entity_id, period.month_start_date, json.dumps(versions))
            )
    selects = [_frozen_rows(mart, *part) for part in parts] or [_frozen_rows(mart)]
    connection.execute(
        f'create or replace view books."{mart.name}" as ' + " union all ".join(selects)
    )
    return noted


def _frozen_rows(
    mart: ClosingMart,
    path: Path | None = None,
    version: int = 0,
    is_served: bool = False,
    have: Iterable[str] = (),
) -> str:
    """A version's rows in the columns that the mart has today; one added since is empty."""
    listed = ", ".join(
        f"cast({chr(34) + name + chr(34) if name in have else 'null'}"
        f' as {TYPES["duckdb"].get(kind, kind)}) as "{name}"'
        for name, kind in mart.columns.items()
    )
    rows = f"select {listed}, cast({version} as bigint) as book_version, {is_served} as is_served"
    if path is None:
        return f"{rows} where false"
    return f"{rows} from read_parquet({literal(str(path))}, hive_partitioning=false)"


def _verify(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    period: Period,
    path: Path,
    about: dict,
) -> None:
    """Rows that were frozen must still be those; a file seen before is known by its bytes."""
    name = path.relative_to(settings.books).as_posix()
    if not path.is_file():
        raise InputError(f"books/{name}: frozen rows of {_name(period)} are gone")
    seen = hashlib.sha256(path.read_bytes()).hexdigest()
    known = connection.execute(
        "select 1 from build.frozen_files where file = ? and bytes_digest = ? and rows_digest = ?",
        [name, seen, about["sha256"]],
    ).fetchone()
    if known:
        return
    try:
        rows, hashed = hash_of_rows(connection, path, about["columns"])
    except duckdb.Error:
        rows, hashed = -1, ""
    if (rows, hashed) != (about["rows"], about["sha256"]):
        raise InputError(
            f"books/{name}: not the rows of {_name(period)} that were frozen; restore the file "
            "from a backup"
        )
    connection.execute(
        "insert into build.frozen_files values (?, ?, ?)", [name, seen, about["sha256"]]
    )


# ---------- every night's check


@dataclass(frozen=True)
class Difference:
    """What recomputing a closed period gives otherwise.

    Attributes:
        kind: profit or perceived_value.
        entity_id: the entity.
        month_start_date: the period, as ISO date.
        version: the frozen version it was compared with.
        mark: stands for the rows; an approval names it.
        lines: one text a P&L line or pool, with amounts old and new; of perceived value a customer.
        customers: how many customers differ.
    """

    kind: str
    entity_id: str
    month_start_date: str
    version: int
    mark: str
    lines: list[str]
    customers: int


def _mark(rows: list[tuple]) -> str:
    text = json.dumps([[None if v is None else str(v) for v in row] for row in rows])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _by_period(rows: list[tuple]) -> dict[tuple[str, str, int], list[tuple]]:
    grouped: dict[tuple[str, str, int], list[tuple]] = {}
    for entity, month, version, *rest in rows:
        grouped.setdefault((entity, month, version), []).append(tuple(rest))
    return grouped


def differences(source: Path) -> list[Difference]:
    """Differences of closed periods in a candidate that no version in the books has yet.

    Args:
        source: the candidate's DuckDB file.
    """
    unsettled = " where is_recomputed and restatement_status <> 'reopened' order by all"
    period = "select entity_id, cast(month_start_date as varchar), old_version,"
    with duckdb.connect(str(source), read_only=True) as connection:
        profits = connection.execute(
            f"{period} customer_id, pool_id, pnl_line, old_amount, new_amount, currency"
            f" from rpt_restatements{unsettled}"
        ).fetchall()
        values = connection.execute(
            f"{period} customer_id, columns('(old|new)_.*(status|method|count|index|low|high)')"
            f" from rpt_value_restatements{unsettled}"
        ).fetchall()
        names = [column[0] for column in connection.description]
    found = []
    for place, group in _by_period(profits).items():
        totals: dict[str, list] = {}
        for _customer, pool, line, old, new, currency in group:
            name = f"ledger {line}, pool {pool}" if pool else line
            total = totals.setdefault(f"{name} in {currency}", [0, 0])
            total[0] += old
            total[1] += new
        lines = [f"{name}: {old:,.2f} → {new:,.2f}" for name, (old, new) in totals.items()]
        customers = len({row[0] for row in group if row[0] is not None})
        found.append(Difference("profit", *place, _mark(group), lines, customers))
    for place, group in _by_period(values).items():
        lines = []
        for row in group:
            of = dict(zip(names[3:], row, strict=True))
            old, new = (
                f"{of[f'{side}_perceived_value_index']} ({of[f'{side}_measurement_status']},"
                f" {of[f'{side}_responses_count']} answers)"
                for side in ("old", "new")
            )
            lines.append(f"index of {of['customer_id']}: {old} → {new}")
        found.append(Difference("perceived_value", *place, _mark(group), lines, len(group)))
    return found


def _approved(settings: Settings) -> dict[tuple[str, str, str], Entry]:
    known_before = settings.known_before
    return {
        (p.kind, p.entity_id, p.month_start_date): p.pending
        for p in periods(read(settings), known_before)
        if p.pending
    }


def refuse_unexplained(settings: Settings, candidate: Path) -> None:
    """A closed period that comes out otherwise blocks, unless just this was approved.

    Raises:
        GateError: naming entity, period and amounts, and what to do.
    """
    approved, faults = _approved(settings), []
    for found in differences(candidate / "twofold.duckdb"):
        approval = approved.get((found.kind, found.entity_id, found.month_start_date))
        if approval and approval.difference == found.mark:
            continue
        of = "" if found.kind == "profit" else f" ({found.kind})"
        kind = "" if found.kind == "profit" else f" --kind {found.kind}"
        faults.append(
            f"{found.entity_id} {found.month_start_date}{of} is closed, and computed again differs "
            f"from version {found.version} for {found.customers} customers:"
        )
        faults += [f"  {line}" for line in found.lines[:NAMED_AT_MOST]]
        if len(found.lines) > NAMED_AT_MOST:
            faults.append(f"  and {len(found.lines) - NAMED_AT_MOST} more lines")
        if approval:
            faults.append(f"  approved was difference {approval.difference}; this is {found.mark}")
        faults.append(
            "  take back what changed it, or have it approved: twofold restate --entity "
            f"{found.entity_id} --month {found.month_start_date}{kind} --difference {found.mark}"
            " --prepared-by NAME --approved-by NAME --reason WHY"
        )
    if faults:
        raise GateError("\n".join(faults))


def complete_restatements(
    settings: Settings, candidate: Path, say: Callable[[str], None] = print
) -> None:
    """Freeze what approved restatements publish, as the next version; the one before stays."""
    # a day in the past is looked at, and makes no entry
    if settings.as_of:
        return
    for period in periods(read(settings)):
        if not period.pending:
            continue
        version = period.version + 1
        marts = _freeze(settings, candidate / "twofold.duckdb", period, version)
        approval = period.pending
        _append(
            settings,
            action="restated",
            kind=period.kind,
            entity_id=period.entity_id,
            month_start_date=period.month_start_date,
            at=approval.at,
            by=approval.by,
            approved_by=approval.approved_by,
            reason=approval.reason,
            version=version,
            difference=approval.difference,
            marts=marts,
        )
        say(f"{_name(period)} restated: version {version} is frozen")
