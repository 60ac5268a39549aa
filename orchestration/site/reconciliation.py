"""The tables finance signs: tie-outs, control totals, quarantine, unassigned rows, assumptions.

Belongs here: which marts stand on which page and in which order. Does not: judging them.
"""

from dataclasses import dataclass, field

from orchestration.site.publication import Publication
from orchestration.site.tables import Table, mart_table, table_of

TIE_OUTS = {
    "T1": "T1 completeness: raw postings = ledger balances, by account",
    "T2": "T2 assignment: ledger pool = assigned + unused + unassigned + quarantined",
    "T3": "T3 sub-ledger to ledger, by line of the statement",
}
AMOUNTS = (
    "ledger_amount",
    "assigned_amount",
    "unused_capacity_amount",
    "unassigned_amount",
    "quarantined_amount",
    "reconciling_amount",
    "difference_amount",
)

Hints = dict[str, dict[str, str]]


@dataclass
class Section:
    """A heading, a sentence, and tables; ``missing`` names the mart that was not published."""

    anchor: str
    title: str
    text: str
    tables: list[Table] = field(default_factory=list)
    missing: str | None = None


def reconciliation_tables(publication: Publication, hints: Hints) -> list[Section]:
    """The sections of the reconciliation page."""
    return [
        _tie_outs(publication, hints),
        _control_totals(publication, hints),
        _of_marts(
            publication,
            hints,
            "quarantine",
            "Rows set aside",
            "Rows of the input that were not used, by reason. They are in the control totals.",
            ("rpt_quarantine_reasons", "rpt_quarantined_rows"),
        ),
        _of_marts(
            publication,
            hints,
            "unassigned",
            "Rows without a customer",
            "Cost and revenue that reached no customer, and why.",
            ("rpt_unassigned_rows",),
        ),
        _of_marts(
            publication,
            hints,
            "closing",
            "Periods and restatements",
            "Which periods are closed, and what was restated since.",
            ("rpt_period_close", "rpt_restatements"),
        ),
    ]


def assumption_tables(publication: Publication, hints: Hints) -> list[Section]:
    """The sections of the assumptions page."""
    return [
        _of_marts(
            publication,
            hints,
            "assumptions",
            "Assumptions",
            "Every arguable number behind the marts: who owns it, from when, on what evidence.",
            ("rpt_assumptions",),
        ),
        _of_marts(
            publication,
            hints,
            "coverage",
            "What was measured",
            "By customers and by revenue; what was not measured is counted, never guessed.",
            ("rpt_measurement_coverage",),
        ),
    ]


def _of_marts(
    publication: Publication,
    hints: Hints,
    anchor: str,
    title: str,
    text: str,
    marts: tuple[str, ...],
) -> Section:
    section = Section(anchor, title, text)
    for mart in marts:
        table = mart_table(publication, mart, title, hints=hints.get(mart))
        if table:
            section.tables.append(table)
    if not section.tables:
        section.missing = marts[0]
    return section


def _tie_outs(publication: Publication, hints: Hints) -> Section:
    """Sums of all periods by line, then every line and period that does not tie."""
    mart = "rpt_ledger_reconciliation"
    section = Section(
        "tie-outs",
        "Tie-outs to the ledger",
        "Difference = ledger less everything it went to. T2 is 0 by construction; what T1 and T3 "
        "leave open makes the period not signable.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    columns = publication.columns[mart]
    line = [c for c in ("pnl_line", "account_code", "pool_id") if c in columns]
    sums = ", ".join(f"sum({amount}) as {amount}" for amount in AMOUNTS)
    keys = ", ".join(["entity_id", "currency", *line])
    for tie_out, caption in TIE_OUTS.items():
        rows = publication.rows(
            f"select {keys}, count(*) as periods_count, "
            "count(*) filter (where difference_amount <> 0) as open_periods_count, "
            f"{sums} from {mart} where tie_out = ? group by {keys} order by {keys}",
            [tie_out],
        )
        if rows:
            columns_shown = [c for c in rows[0] if any(row[c] is not None for row in rows)]
            section.tables.append(
                table_of(
                    rows,
                    f"{caption}, all periods",
                    columns_shown,
                    source=mart,
                    labels={"periods_count": "periods", "open_periods_count": "periods open"},
                    hints=hints.get(mart),
                )
            )
    total = publication.rows(
        f"select count(*) as row_count from {mart} where difference_amount <> 0"
    )[0]["row_count"]
    rows = publication.rows(
        f"select * from {mart} where difference_amount <> 0 "
        f"order by abs(difference_amount) desc, entity_id, month_start_date, tie_out, {keys} "
        "limit 200"
    )
    if rows:
        section.tables.append(
            table_of(
                rows,
                "What does not tie, largest first",
                [c for c in columns if any(row[c] is not None for row in rows)],
                total_rows=total,
                source=mart,
                hints=hints.get(mart),
            )
        )
    return section


def _control_totals(publication: Publication, hints: Hints) -> Section:
    section = Section(
        "control-totals",
        "Control totals of the input",
        "Raw = accepted + quarantined, in rows and in money, for every table of every source.",
    )
    mart = "rpt_source_control_totals"
    table = mart_table(
        publication,
        mart,
        "Rows and amounts by source",
        ["entity_id", "source", "input_table", "currency"],
        hints.get(mart),
        limit=1000,
    )
    if table is None:
        section.missing = mart
        return section
    broken = publication.rows(
        f"select count(*) as row_count from {mart} where raw_rows is distinct from "
        "accepted_rows + quarantined_rows or (raw_amount is not null and raw_amount is distinct "
        "from coalesce(accepted_amount, 0) + coalesce(quarantined_amount, 0))"
    )[0]["row_count"]
    table.marks.append(
        "raw = accepted + quarantined holds in every row"
        if not broken
        else f"raw = accepted + quarantined fails in {broken} rows"
    )
    section.tables.append(table)
    return section
