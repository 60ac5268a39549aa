"""Tables of the pages: formatted cells, numbers to the right, and what was left out is said.

Belongs here: turning rows into a table. Does not: choosing the rows.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orchestration.site.numbers import NOTHING, digits_needed, fixed, percent, text
from orchestration.site.publication import Publication

ROW_LIMIT = 500


@dataclass
class Table:
    """A table as the templates print it."""

    caption: str
    labels: list[str]
    kinds: list[str]
    rows: list[list[str]]
    total_rows: int
    source: str | None = None
    hints: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    is_folded: bool = False

    @property
    def left_out(self) -> int:
        """Rows of the mart that the page does not show."""
        return self.total_rows - len(self.rows)


def words(name: str) -> str:
    """A column's heading: its name in words, without the suffix that says its type."""
    return name.removesuffix("_amount").removesuffix("_count").replace("_", " ")


def _kind(values: list) -> str:
    """The class of a column's cells: n for numbers, d for dates, wide for sentences."""
    if any(isinstance(v, (int, Decimal)) and not isinstance(v, bool) for v in values):
        return "n"
    if any(isinstance(v, date) for v in values):
        return "d"
    return "wide" if any(isinstance(v, str) and len(v) > 40 and " " in v for v in values) else ""


def table_of(
    rows: list[dict],
    caption: str,
    columns: list[str] | None = None,
    total_rows: int | None = None,
    source: str | None = None,
    labels: dict[str, str] | None = None,
    hints: dict[str, str] | None = None,
) -> Table:
    """A table of query rows.

    Args:
        rows: what a query returned, at least one row.
        caption: what the table shows.
        columns: which columns, in which order; default all.
        total_rows: how many rows there are where ``rows`` is only the first of them.
        source: the mart, for the link to its description.
        labels: headings that differ from the column's name.
        hints: a column's description.
    """
    names = columns or (list(rows[0]) if rows else [])
    cells: dict[str, list[str]] = {}
    kinds = []
    for name in names:
        values = [row[name] for row in rows]
        kinds.append(_kind(values))
        if name.endswith("_amount"):
            digits = digits_needed(values)
            cells[name] = [NOTHING if v is None else fixed(v, digits) for v in values]
        elif name.endswith(("_share", "_rate")):
            cells[name] = [percent(v, 1) for v in values]
        else:
            cells[name] = [text(v) for v in values]
    return Table(
        caption=caption,
        labels=[(labels or {}).get(name, words(name)) for name in names],
        kinds=kinds,
        rows=[[cells[name][i] for name in names] for i in range(len(rows))],
        total_rows=len(rows) if total_rows is None else total_rows,
        source=source,
        hints=[(hints or {}).get(name, "") for name in names],
    )


def mart_table(
    publication: Publication,
    mart: str,
    caption: str,
    order_by: list[str] | None = None,
    hints: dict[str, str] | None = None,
    limit: int = ROW_LIMIT,
) -> Table | None:
    """The first rows of a mart as it stands, or None if it was not published."""
    if not publication.has(mart):
        return None
    columns = list(publication.columns[mart])
    # every column takes part, so that the order is total
    order = [c for c in order_by or [] if c in columns]
    order += [c for c in columns if c not in order]
    ordered = ", ".join(f'"{c}" nulls last' for c in order)
    rows = publication.rows(f'select * from "{mart}" order by {ordered} limit {limit}')
    return table_of(rows, caption, columns, publication.count(mart), source=mart, hints=hints)
