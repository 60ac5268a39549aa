"""A read-only DuckDB dialect that Great Expectations can work with.

Belongs here: the little that duckdb-engine lacks for it. Does not: anything that writes.

Great Expectations reads a result after its connection went back to the pool; duckdb-engine then
rolls back, and the result is gone. Nothing is ever written here, so transactions are left out.
"""

import atexit
import re
import sys
from typing import Any

from duckdb_engine import Dialect
from sqlalchemy import text, types
from sqlalchemy.dialects import registry

NAME = "duckdbreader"
_LIMIT = re.compile(r"LIMIT \$(\d+)$")
_TYPES = {
    "BIGINT": types.BIGINT,
    "BOOLEAN": types.BOOLEAN,
    "DATE": types.DATE,
    "DOUBLE": types.DOUBLE,
    "INTEGER": types.INTEGER,
    "TIMESTAMP": types.TIMESTAMP,
}


class ReadOnlyDialect(Dialect):
    """duckdb-engine's dialect without transactions, and with columns from DuckDB's own catalog."""

    supports_statement_cache = False

    def do_begin(self, connection: Any) -> None:
        """Begin nothing."""

    def do_commit(self, connection: Any) -> None:
        """Commit nothing."""

    def do_rollback(self, connection: Any) -> None:
        """Keep the pending result: a rollback would drop it."""

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Run a query, unless it asks for no rows: then do not even open the files behind it."""
        limit = _LIMIT.search(statement)
        if limit and parameters and parameters[int(limit[1]) - 1] == 0:
            statement, parameters = "select null where false", None
        cursor.execute(statement, parameters)

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[dict[str, Any]]:
        """Columns of one relation; the inherited way asks Postgres catalogs DuckDB lacks."""
        query = text(
            "select column_name, data_type from duckdb_columns()"
            " where schema_name = :schema and table_name = :table"
            " and database_name = current_database() order by column_index"
        )
        rows = connection.execute(query, {"schema": schema or "main", "table": table_name})
        return [
            {"name": name, "type": _sql_type(kind), "nullable": True, "default": None}
            for name, kind in rows
        ]

    def get_pk_constraint(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> dict[str, Any]:
        """No relation has one: keys are tested, not indexed."""
        return {"constrained_columns": [], "name": None}


def _sql_type(kind: str) -> types.TypeEngine:
    if kind.startswith("DECIMAL"):
        return types.Numeric()
    return _TYPES.get(kind, types.VARCHAR)()


def register_dialect() -> str:
    """Make the dialect known to SQLAlchemy; returns the name to use in a URL."""
    registry.register(NAME, __name__, ReadOnlyDialect.__name__)
    atexit.unregister(_let_go)
    atexit.register(_let_go)
    return NAME


def _let_go() -> None:
    """Drop duckdb-engine's hold on DuckDB at exit.

    Great Expectations keeps SQLAlchemy alive to the very end, and through it DuckDB, which then
    prints forty lines on leaked references after the run's own summary.
    """
    for name in [n for n in sys.modules if n.split(".")[0] == "duckdb_engine"]:
        vars(sys.modules[name]).clear()
