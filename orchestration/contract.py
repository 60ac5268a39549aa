"""The input contract and the sources, as the dbt project states them.

Belongs here: reading those YAML files. Does not: looking at data.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from orchestration.settings import PROJECT

# What the contract's and the sources' types are called on each engine.
TYPES = {"duckdb": {"string": "varchar"}, "spark": {}}
LINEAGE_COLUMNS = ("record_source",)


@dataclass(frozen=True)
class Column:
    """One column of a raw table; ``required`` means that the file must have it."""

    name: str
    data_type: str
    required: bool


@dataclass(frozen=True)
class RawTable:
    """One raw table: where its files lie below LANDING and what they must hold."""

    source: str
    name: str
    required: bool
    columns: tuple[Column, ...]
    # the file name, without ending, where it is not the table's own
    file: str | None = None
    # whether its staging quarantines the rows whose cells do not parse; the gate blocks them if not
    quarantines_cells: bool = True
    # the column whose day says when a row takes effect, where models place rows by no other
    changes_by: str | None = None

    @property
    def unique_id(self) -> str:
        """What dbt calls the relation."""
        return f"source.twofold.{self.source}.{self.name}"

    @property
    def relation(self) -> str:
        """Its relation in the build database: the schema is the source."""
        return f'"{self.source}"."{self.name}"'

    @property
    def stem(self) -> str:
        """What its file, or its folder of part files, is called."""
        return self.file or self.name


@dataclass(frozen=True)
class ClosingMart:
    """A mart whose rows a close freezes.

    Attributes:
        name: its name, in the marts and in the books.
        kind: which close freezes it: profit or perceived_value.
        columns: types by column, in contract order.
    """

    name: str
    kind: str
    columns: dict[str, str] = field(hash=False)

    @property
    def unique_id(self) -> str:
        """What dbt calls the relation of its frozen rows."""
        return f"source.twofold.books.{self.name}"


def _meta(node: dict) -> dict:
    return node.get("config", {}).get("meta", {})


def _columns(node: dict) -> tuple[Column, ...]:
    return tuple(
        Column(c["name"], c["data_type"], bool(_meta(c).get("required")))
        for c in node.get("columns", [])
    )


def _read(path: Path) -> dict:
    # the C parser, where the platform has it, takes a tenth of the time
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


@cache
def contract_tables() -> dict[str, RawTable]:
    """The contract: one raw table per ``input_`` model, by table name."""
    models = _read(PROJECT / "models/input/_input__models.yml")["models"]
    tables = {}
    for model in models:
        meta = _meta(model)
        if "input_table" not in meta:
            continue
        columns = tuple(c for c in _columns(model) if c.name not in LINEAGE_COLUMNS)
        name = meta["input_table"]
        tables[name] = RawTable(
            "landing",
            name,
            bool(meta.get("required")),
            columns,
            changes_by=meta.get("changes_by"),
        )
    return tables


@cache
def source_tables() -> dict[str, dict[str, RawTable]]:
    """The sources that have a shape of their own: by source, then by table name."""
    found: dict[str, dict[str, RawTable]] = {}
    for path in sorted((PROJECT / "models/staging").glob("*/_*.yml")):
        for source in _read(path).get("sources", []):
            if source["name"] in ("landing", "build"):
                continue
            tables = source["tables"]
            found[source["name"]] = {
                t["name"]: RawTable(
                    source["name"],
                    t["name"],
                    bool(_meta(t).get("required", True)),
                    _columns(t),
                    _meta(t).get("file"),
                    bool(_meta(t).get("quarantines_cells")),
                )
                for t in tables
            }
    return found


@cache
def closing_marts() -> list[ClosingMart]:
    """The marts that close, as their YAML says (``closes_with``), by name."""
    found = []
    for path in sorted((PROJECT / "models/marts").glob("*/_*__models.yml")):
        for model in _read(path).get("models", []):
            if kind := _meta(model).get("closes_with"):
                columns = {c["name"]: c["data_type"] for c in model["columns"]}
                found.append(ClosingMart(model["name"], kind, columns))
    return sorted(found, key=lambda mart: mart.name)
