"""The marts in PostgreSQL, for BI tools that speak nothing else.

Belongs here: loading a publication into a schema and swapping it. Does not: what the marts are.
Types: money stays numeric, dates date, text text; descriptions become comments.
"""

from pathlib import Path

import duckdb

from orchestration.publish import Mart

SCHEMA = "twofold"
NEXT = "twofold_next"
OLD = "twofold_old"
READER = "twofold_reader"
TYPES = {"VARCHAR": "text", "BIGINT": "bigint", "BOOLEAN": "boolean", "DATE": "date"}


def load(dsn: str, publication: Path, marts: list[Mart]) -> None:
    """Load every mart into a fresh schema, then put it in place of the old one in one transaction.

    A reader sees the old publication or the new one, never a mixture. The role
    ``twofold_reader`` may read and nothing else; give it to the BI login.

    Args:
        dsn: connection string of libpq, as in PUBLISH_POSTGRES_DSN.
        publication: folder with twofold.duckdb.
        marts: what to load.
    """
    import adbc_driver_postgresql.dbapi as postgres

    with (
        duckdb.connect(str(publication / "twofold.duckdb"), read_only=True) as source,
        postgres.connect(dsn) as target,
        target.cursor() as cursor,
    ):
        cursor.execute(f"drop schema if exists {NEXT} cascade")
        cursor.execute(f"create schema {NEXT}")
        for mart in marts:
            _load_mart(source, cursor, mart)
        cursor.execute(
            "do $$ begin"
            f" if not exists (select from pg_roles where rolname = '{READER}') then"
            f" create role {READER} nologin; end if; end $$"
        )
        cursor.execute(f"grant usage on schema {NEXT} to {READER}")
        cursor.execute(f"grant select on all tables in schema {NEXT} to {READER}")
        target.commit()
        # renaming takes no lock on the tables, so a reader in a query is not waited for
        cursor.execute(f"drop schema if exists {OLD} cascade")
        cursor.execute(f"create schema if not exists {SCHEMA}")
        cursor.execute(f"alter schema {SCHEMA} rename to {OLD}")
        cursor.execute(f"alter schema {NEXT} rename to {SCHEMA}")
        target.commit()
        cursor.execute(f"drop schema {OLD} cascade")
        target.commit()


def _load_mart(source: duckdb.DuckDBPyConnection, cursor, mart: Mart) -> None:
    described = source.execute(f'describe select * from main."{mart.name}"').fetchall()
    columns = ", ".join(f'"{name}" {_type(kind)}' for name, kind, *_ in described)
    cursor.execute(f'create table {NEXT}."{mart.name}" ({columns})')
    order = ", ".join(f'"{column}"' for column in mart.grain)
    rows = source.sql(f'select * from main."{mart.name}" order by {order}')
    cursor.adbc_ingest(mart.name, rows.to_arrow_reader(100_000), mode="append", db_schema_name=NEXT)
    cursor.execute(f'comment on table {NEXT}."{mart.name}" is {_text(mart.description)}')
    for column, description in mart.columns.items():
        cursor.execute(f'comment on column {NEXT}."{mart.name}"."{column}" is {_text(description)}')


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "numeric" + kind.removeprefix("DECIMAL")
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return TYPES[kind]


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
