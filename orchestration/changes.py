"""What changed since the last build, as the log of changes in the build database says.

Belongs here: fingerprints of raw files, and reading the two logs of schema ``build``. Does not:
deciding what a change makes due (macros/rebuild does, table by table).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contract import RawTable
from orchestration.landing import FILE, literal

LOGS = """
create table if not exists build.changes (
    relation varchar, entity_id varchar, bucket date, item varchar, fingerprint varchar,
    changed_at bigint);
create table if not exists build.builds (
    relation varchar, code varchar, built_at bigint, months_rebuilt bigint, months_total bigint,
    how varchar, reason varchar, sequence bigint);
create table if not exists build.standing (
    code varchar, policies varchar, changed_at bigint, gates varchar);
create table if not exists build.registered (relation varchar, made_from varchar);
create table if not exists build.raw_files (
    relation varchar, file varchar, digest varchar, entity_id varchar, bucket date,
    fingerprint hugeint);
create table if not exists build.frozen_files (
    file varchar, bytes_digest varchar, rows_digest varchar);
"""


@dataclass(frozen=True)
class RawFiles:
    """Raw files of one table that are read alike.

    Attributes:
        table: the raw table they belong to.
        digests: by path below the landing folder, a hash over the file's bytes and over the types
            it was read with.
        rows: the query for the rows of some of them, by path, in the table's columns and types,
            with the path in the column ``FILE``.
    """

    table: RawTable
    digests: dict[str, str]
    rows: Callable[[list[str]], str]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the logs, and leave of each only what is still of use.

    Logs that an earlier version kept with other columns are made anew: everything is due then.
    """
    layout = hashlib.sha256(LOGS.encode()).hexdigest()
    connection.execute("create schema if not exists build")
    connection.execute("create table if not exists build.layout (digest varchar)")
    if connection.execute("from build.layout").fetchall() != [(layout,)]:
        for table in (
            "changes",
            "builds",
            "standing",
            "registered",
            "raw_files",
            "frozen_files",
            "layout",
        ):
            connection.execute(f"drop table if exists build.{table}")
        connection.execute("create table build.layout as select ? as digest", [layout])
    connection.execute(LOGS)
    connection.execute(
        "create or replace table build.changes as from build.changes qualify row_number() over"
        " (partition by relation, entity_id, bucket, item order by changed_at desc) = 1"
    )
    connection.execute(
        "create or replace table build.builds as from build.builds qualify row_number() over"
        " (partition by relation order by sequence desc) = 1"
    )


def record_raw(
    connection: duckdb.DuckDBPyConnection,
    files: list[RawFiles],
    books: Sequence[tuple[str, str, str, str]] = (),
) -> None:
    """Fingerprint the files that are new or other than before, and log what that changes.

    Rows of a table that names the day its rows take effect (``changes_by``) are told apart by
    entity and day, those of another contract table by entity; a table in a source's own shape is
    one whole, and so are the parameters of the build. The resolved identities are told apart
    by entity, what the books say by entity and period.

    Args:
        connection: the build database.
        files: every raw file.
        books: relation, entity, period and a text that stands for the content, of all in the books.
    """
    listed = [(group.table.unique_id, *file) for group in files for file in group.digests.items()]
    connection.execute(
        "create or replace temp table listed as"
        " select unnest($1) as relation, unnest($2) as file, unnest($3) as digest",
        [list(column) for column in zip(*listed, strict=True)] or [[], [], []],
    )
    connection.execute(
        "delete from build.raw_files as known where not exists (from listed where"
        " listed.relation = known.relation and listed.file = known.file"
        " and listed.digest = known.digest)"
    )
    known = set(
        connection.execute("select distinct relation, file from build.raw_files").fetchall()
    )
    for group in files:
        new = [name for name in group.digests if (group.table.unique_id, name) not in known]
        if new:
            _fingerprint(connection, group, new)
    for relation, entity, period, content in books:
        connection.execute(
            "insert into build.raw_files values (?, 'books', '', ?, ?, ?)",
            [relation, entity, period, _number(content)],
        )
    connection.execute(LOG_RAW_CHANGES)


LOG_RAW_CHANGES = """
insert into build.changes
with
contents as (
    select relation, entity_id, bucket, cast(sum(fingerprint) as varchar) as fingerprint
    from build.raw_files
    group by all
    union all
    select 'source.twofold.build.parameters', '*', null, concat_ws(' ', as_of_date, known_before)
    from build.parameters
    union all
    select
        'source.twofold.build.identity_links', entity_id, null,
        cast(sum(cast(hash(links) as hugeint)) as varchar)
    from build.identity_links as links
    group by entity_id
    union all
    select
        'source.twofold.build.identity_disputes', entity_id, null,
        cast(sum(cast(hash(disputes) as hugeint)) as varchar)
    from build.identity_disputes as disputes
    group by entity_id
),
latest as (
    from build.changes
    where relation like 'source.%'
    qualify row_number() over (
        partition by relation, entity_id, bucket order by changed_at desc
    ) = 1
)
select
    coalesce(contents.relation, latest.relation),
    coalesce(contents.entity_id, latest.entity_id),
    coalesce(contents.bucket, latest.bucket),
    null,
    contents.fingerprint,
    (select coalesce(max(changed_at), 0) + 1 from build.changes)
from contents
full join latest
    on
        contents.relation = latest.relation
        and contents.entity_id = latest.entity_id
        and contents.bucket is not distinct from latest.bucket
where contents.fingerprint is distinct from latest.fingerprint
"""


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _fingerprint(connection: duckdb.DuckDBPyConnection, group: RawFiles, names: list[str]) -> None:
    """One reading of all new files of a group."""
    relation = group.table.unique_id
    digests = [group.digests[name] for name in names]
    if group.table.source != "landing":
        numbers = [_number(digest) for digest in digests]
        connection.execute(
            "insert into build.raw_files select $1, unnest($2), unnest($3), '*', null, unnest($4)",
            [relation, names, digests, numbers],
        )
        return
    by = group.table.changes_by
    # a row without its day is in no period, and is refused
    day = f"coalesce(cast(\"{by}\" as date), date '0001-01-01')" if by else "cast(null as date)"
    # one row a file more, so that a file without rows is known as well
    connection.execute(
        "insert into build.raw_files"
        " with files as (select unnest($2) as name, unnest($3) as digest),"
        f' found as (select "{FILE}" as name,'
        f" coalesce(entity_id, '*') as entity_id, {day} as day,"
        f' sum(cast(hash(*columns(* exclude ("{FILE}"))) as hugeint)) as fingerprint'
        f" from ({group.rows(names)}) group by all)"
        " select $1, name, digest, entity_id, day, fingerprint from files join found using (name)"
        " union all"
        " select $1, name, digest, '*', date '0001-01-01', 0 from files",
        [relation, names, digests],
    )


@dataclass(frozen=True)
class Standing:
    """What has changed since the last build that went through, tests included.

    Attributes:
        changed: dbt's unique ids of raw relations and policies that are not what they were, each
            with what is known of where; None where everything is due.
        reason: why everything is due, for a reader.
        gates: results of that build's gates.
        since: where the log of changes stood then.
    """

    changed: dict[str, str] | None
    reason: str = ""
    gates: dict[str, dict] | None = None
    since: int = 0

    def has_raw_changes(self) -> bool:
        """Whether any raw relation is not what it was, or that is not known."""
        return self.changed is None or any(
            name.startswith("source.") and name != PARAMETERS for name in self.changed
        )


PARAMETERS = "source.twofold.build.parameters"


def since_last_build(
    connection: duckdb.DuckDBPyConnection, code: str, policies: dict[str, str]
) -> Standing:
    """Compare the log of changes, the code and the policies with the last build that went through.

    Args:
        connection: the build database, raw relations recorded.
        code: hash of the code in force.
        policies: hash of every policy in force, by name.
    """
    row = connection.execute("from build.standing").fetchone()
    if row is None:
        return Standing(None, "no build has gone through yet")
    known_code, known_policies, changed_at, gates = row
    if known_code != code:
        return Standing(None, "the code changed")
    before = json.loads(known_policies)
    changed = {
        f"seed.twofold.{name}": ""
        for name in sorted({*before, *policies})
        if before.get(name) != policies.get(name)
    }
    for relation, entities, first, last in connection.execute(
        "select relation, string_agg(distinct entity_id, ', ' order by entity_id),"
        " min(bucket), max(bucket) from build.changes"
        " where relation like 'source.%' and changed_at > ? group by all order by all",
        [changed_at],
    ).fetchall():
        days = f", {first} to {last}" if first else ""
        changed[relation] = f"{entities}{days}" if entities != "*" else ""
    return Standing(changed, gates=json.loads(gates), since=changed_at)


def export(connection: duckdb.DuckDBPyConnection, standing: Standing, file: Path) -> None:
    """Write as Parquet which buckets of raw relations changed, and which policies.

    Args:
        connection: the build database, raw relations recorded.
        standing: with what is known to have changed.
        file: where to: relation, entity_id, bucket, item, as in ``build.changes``.
    """
    policies = [literal(name) for name in standing.changed if name.startswith("seed.")]
    connection.execute(
        "copy (select distinct relation, entity_id, bucket, item from build.changes"
        f" where relation like 'source.%' and changed_at > {standing.since}"
        f" union all select unnest(cast([{', '.join(policies)}] as varchar[])), '*', null, null)"
        f" to {literal(str(file))} (format parquet)"
    )


def forget_standing(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on the build is not known to be whole."""
    connection.execute("delete from build.standing")


def keep_standing(
    connection: duckdb.DuckDBPyConnection, code: str, policies: dict[str, str], gates: dict
) -> None:
    """The build went through: what is there now is the new state to compare with."""
    connection.execute(
        "insert into build.standing"
        " select ?, ?, coalesce(max(changed_at), 0), ? from build.changes",
        [code, json.dumps(policies), json.dumps(gates)],
    )


def last_build(connection: duckdb.DuckDBPyConnection) -> int:
    """Where the log of builds stands."""
    return connection.execute("select coalesce(max(sequence), 0) from build.builds").fetchall()[0][
        0
    ]


def rebuilt(build_db: Path, since: int) -> list[str]:
    """What tables a build made again, for the summary: one line for the P&L, one for all.

    Args:
        build_db: the build database.
        since: where the log of builds stood before.
    """
    with duckdb.connect(str(build_db), read_only=True) as connection:
        rows = connection.execute(
            "select relation, how, months_rebuilt, months_total from build.builds"
            " where sequence > ?",
            [since],
        ).fetchall()
    how = Counter(row[1] for row in rows)
    lines = []
    for relation, way, months, total in rows:
        if relation.endswith(".fct_customer_profitability_monthly"):
            months = total if way == "all" else months
            whole = (
                f"{months} of {total} entity-months of the P&L" if total else "the P&L as a whole"
            )
            lines.append("nothing of the P&L" if way == "nothing" else whole)
    lines.append(
        f"{how['all']} tables as a whole, {how['part']} in the periods concerned,"
        f" {how['nothing']} left as they were"
    )
    return lines


def contents(connection: duckdb.DuckDBPyConnection, read: dict[str, list[str]]) -> dict[str, dict]:
    """What relations hold, told by fingerprints.

    Args:
        connection: the build database.
        read: for each name asked for, dbt's unique ids of the relations it comes from.

    Returns:
        By name, then by period (ISO date; empty where a relation has none), one hash. A name of
        whose relations the log knows nothing is left out.
    """
    # the latest first, then what is gone left out: an older fingerprint must not stand in for it
    rows = connection.execute(
        "with latest as (from build.changes qualify row_number() over"
        " (partition by relation, entity_id, bucket, item order by changed_at desc) = 1)"
        " select relation, coalesce(cast(bucket as varchar), '') as bucket,"
        " string_agg(entity_id || ':' || coalesce(item, '') || ':' || fingerprint, ','"
        " order by entity_id, item) from latest"
        " where fingerprint is not null group by all order by all"
    ).fetchall()
    by_relation: dict[str, dict[str, str]] = {}
    for relation, bucket, fingerprints in rows:
        by_relation.setdefault(relation, {})[bucket] = fingerprints
    found: dict[str, dict] = {}
    for name, relations in read.items():
        if not any(relation in by_relation for relation in relations):
            continue
        buckets = {b for r in relations for b in by_relation.get(r, {}) if b}
        found[name] = {
            bucket: hashlib.sha256(
                json.dumps(
                    [
                        [r, by_relation.get(r, {}).get(b)]
                        for r in sorted(relations)
                        for b in (bucket, "")
                    ]
                ).encode()
            ).hexdigest()
            for bucket in sorted({*buckets, ""})
        }
    return found
