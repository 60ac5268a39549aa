"""The tables finance signs: tie-outs, control totals, quarantine, unassigned rows, assumptions.

Belongs here: which marts stand on which page and in which order. Does not: judging them.
"""

from dataclasses import dataclass, field

from orchestration.site.publication import Publication
from orchestration.site.tables import ROW_LIMIT, Table, mart_table, table_of

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

# tables with more rows open on request
FOLD_FROM = 40

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
        _quarantine(publication, hints),
        _unassigned(publication, hints),
        _cut_off(publication, hints),
        _eliminations(publication, hints),
        _plans(publication, hints),
        _gates(publication),
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
        _assumptions(publication, hints),
        _coverage(publication, hints),
    ]


def _assumptions(publication: Publication, hints: Hints) -> Section:
    """One table a policy; what is only assumed stands first."""
    mart = "rpt_assumptions"
    section = Section(
        "assumptions",
        "Assumptions",
        "Every arguable number behind the marts: who owns it, from when, on what evidence. A "
        "company's own policy files replace these.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    columns = [c for c in publication.columns[mart] if c not in ("policy", "occurrence")]
    order = ", ".join(f'"{c}" nulls last' for c in columns)
    policies = publication.rows(
        "select policy, count(*) as row_count, "
        "count(*) filter (where evidence = 'assumed') as assumed_count "
        f"from {mart} group by policy order by policy"
    )
    for policy in policies:
        rows = publication.rows(
            f"select * from {mart} where policy = ? "
            "order by case evidence when 'assumed' then 0 when 'derived' then 1 else 2 end, "
            f"{order} limit {ROW_LIMIT}",
            [policy["policy"]],
        )
        table = table_of(
            rows,
            f"{policy['policy']}: {policy['assumed_count']} of {policy['row_count']} assumed",
            columns,
            total_rows=policy["row_count"],
            source=mart,
            hints=hints.get(mart),
        )
        table.is_folded = len(rows) > FOLD_FROM
        section.tables.append(table)
    return section


def metric_table(publication: Publication, hints: Hints) -> Table | None:
    """Every metric with its role: ends first, then what serves them."""
    mart = "rpt_metric_catalogue"
    if not publication.has(mart):
        return None
    rows = publication.rows(
        "select metric, metric_role, end_served, guardrails, "
        "mart || '.' || column_name as stands_in, owner, evidence, source, valid_from "
        f"from {mart} "
        "order by case metric_role when 'end' then 0 when 'means' then 1 when 'guardrail' then 2 "
        f"else 3 end, metric, valid_from limit {ROW_LIMIT}"
    )
    return table_of(
        rows,
        "Metrics: an end is wanted for itself, a means serves one, a guardrail limits it",
        _filled(rows, list(rows[0])) if rows else None,
        total_rows=publication.count(mart),
        source=mart,
        labels={"metric_role": "role"},
        hints=hints.get(mart),
    )


def _coverage(publication: Publication, hints: Hints) -> Section:
    mart = "rpt_measurement_coverage"
    section = Section(
        "coverage",
        "What was measured",
        "By customers and by revenue, in the latest period of each entity; what was not measured "
        "is counted, never guessed.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    rows = publication.rows(
        "select entity_id, month_start_date, measurement_status, is_profit_measured, "
        "customers_count, customers_share, currency, revenue_amount, revenue_share "
        f"from {mart} "
        "qualify month_start_date = max(month_start_date) over (partition by entity_id) "
        "order by entity_id, measurement_status, is_profit_measured"
    )
    section.tables.append(
        table_of(
            rows[:ROW_LIMIT],
            "Coverage",
            total_rows=len(rows),
            source=mart,
            labels={
                "measurement_status": "perceived value",
                "is_profit_measured": "profit measured",
                "customers_share": "of customers",
                "revenue_share": "of revenue",
            },
            hints=hints.get(mart),
        )
    )
    return section


def _gates(publication: Publication) -> Section:
    """What the gates counted, from the publication's manifest."""
    section = Section(
        "gates",
        "Gates",
        "A publication exists only if no critical expectation failed; warnings are in the data "
        "docs with their reason.",
    )
    rows = [
        {"gate": gate, "result": name, "count": number}
        for gate, result in sorted(publication.manifest.get("gates", {}).items())
        for name, number in sorted(result.items())
        if isinstance(number, int)
    ]
    if rows:
        section.tables.append(table_of(rows, "Results by gate"))
    else:
        section.missing = "the gates' results"
    return section


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
        "leave open above materiality makes the period not signable. Reconciling items are typed "
        "and owned: they explain a gap, and only a policy row can make it signable. Columns 0 "
        "in every row are left out.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, currency, pnl_line, account_code, pool_id"
    sums = ", ".join(f"sum({amount}) as {amount}" for amount in AMOUNTS)
    for tie_out, caption in TIE_OUTS.items():
        rows = publication.rows(
            f"select {keys}, count(*) as periods_count, "
            "count(*) filter (where not is_signable) as open_periods_count, "
            f"{sums}, list(distinct tie_out_status order by tie_out_status) as tie_out_status, "
            "max(reconciling_item_type) as reconciling_item_type, "
            "max(reconciling_item_owner) as reconciling_item_owner "
            f"from {mart} where tie_out = ? group by {keys} order by {keys}",
            [tie_out],
        )
        if rows:
            table = table_of(
                rows[:ROW_LIMIT],
                f"{caption}, all periods",
                _filled(rows, list(rows[0])),
                total_rows=len(rows),
                source=mart,
                labels={
                    "periods_count": "periods",
                    "open_periods_count": "periods not signable",
                    "tie_out_status": "status",
                    "reconciling_item_type": "item",
                    "reconciling_item_owner": "owner",
                },
                hints=hints.get(mart),
            )
            table.is_folded = len(rows) > FOLD_FROM
            section.tables.append(table)
    total = publication.rows(f"select count(*) as row_count from {mart} where not is_signable")
    rows = publication.rows(
        f"select * from {mart} where not is_signable "
        "order by abs(difference_amount) + abs(reconciling_amount) desc, "
        f"month_start_date, tie_out, {keys} limit 100"
    )
    if rows:
        section.tables.append(
            table_of(
                rows,
                "What keeps periods from being signed, largest first",
                _filled(rows, list(publication.columns[mart])),
                total_rows=total[0]["row_count"],
                source=mart,
                hints=hints.get(mart),
            )
        )
    return section


def _filled(rows: list[dict], columns: list[str]) -> list[str]:
    """The columns that hold anything in these rows; the difference always stays."""
    return [
        c
        for c in columns
        if any(row[c] is not None for row in rows)
        and (not c.endswith("_amount") or c == "difference_amount" or any(row[c] for row in rows))
    ]


def _quarantine(publication: Publication, hints: Hints) -> Section:
    mart = "rpt_quarantined_rows"
    section = Section(
        "quarantine",
        "Rows set aside",
        "Rows of the input that were not used, by reason, with one example each. They are in the "
        "control totals; every row stands in the mart, so that its owner can find and mend it.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, source, input_table, quarantine_reason"
    rows = publication.rows(
        f"select {keys}, count(*) as rows_count, min(source_id) as example_source_id, "
        "arg_min(quarantine_detail, (source_id, quarantine_detail)) as example_detail "
        f"from {mart} group by {keys} order by {keys}"
    )
    section.tables.append(
        table_of(
            rows[:ROW_LIMIT],
            "Quarantined rows by reason",
            total_rows=len(rows),
            source=mart,
            labels={"rows_count": "rows", "example_source_id": "example"},
            hints=hints.get(mart),
        )
    )
    return section


def _unassigned(publication: Publication, hints: Hints) -> Section:
    mart = "rpt_unassigned_rows"
    section = Section(
        "unassigned",
        "Cost that reached no customer",
        "By pool and reason, over all periods. It is in no customer's profit and in every total.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, currency, pnl_line, pool_id, unassigned_reason"
    rows = publication.rows(
        f"select {keys}, count(*) as periods_count, min(month_start_date) as first_period, "
        "max(month_start_date) as last_period, sum(unassigned_amount) as unassigned_amount "
        f"from {mart} group by {keys} order by {keys}"
    )
    section.tables.append(
        table_of(
            rows[:ROW_LIMIT],
            "Unassigned cost by pool and reason",
            total_rows=len(rows),
            source=mart,
            hints=hints.get(mart),
        )
    )
    return section


def _cut_off(publication: Publication, hints: Hints) -> Section:
    """Every period with something out of it, what is material first."""
    mart = "rpt_cut_off"
    section = Section(
        "cut-off",
        "Cut-off",
        "What was posted in another period than it was delivered, done or invoiced in. Nothing is "
        "moved, and no signature depends on it; a period whose amount is above materiality wants a "
        "look. Every document stands in the mart.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, month_start_date, cut_off_type"
    rows = publication.rows(
        f"select {keys}, currency, count(distinct document_id) as documents_count, "
        "count(*) filter (where timing = 'posted_early') as posted_early_count, "
        "count(*) filter (where timing = 'posted_late') as posted_late_count, "
        "count(*) filter (where timing = 'open') as open_count, "
        "max(period_amount) as period_amount, max(materiality_amount) as materiality_amount, "
        f"bool_or(is_material) as is_material from {mart} group by {keys}, currency "
        f"order by is_material desc, abs(max(period_amount)) desc, {keys}"
    )
    if rows:
        table = table_of(
            rows[:ROW_LIMIT],
            "Cut-off by period, material ones first",
            total_rows=len(rows),
            source=mart,
            labels={"cut_off_type": "found by", "is_material": "material"},
            hints=hints.get(mart),
        )
        material = sum(row["is_material"] for row in rows)
        table.marks.append(f"material in {material} of {len(rows)} rows")
        section.tables.append(table)
    return section


def _eliminations(publication: Publication, hints: Hints) -> Section:
    """By pair over all periods, then the periods in which something is left."""
    mart = "rpt_intercompany_eliminations"
    section = Section(
        "eliminations",
        "Between our own entities",
        "What two entities charged each other, as each of them has it, in the currency of the "
        "group, and what is left when one is set against the other. It is in no customer's profit.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, partner_entity_id"
    is_open = "elimination_status not in ('eliminated', 'below_materiality')"
    pairs = publication.rows(
        f"select {keys}, group_currency, count(*) as periods_count, "
        f"count(*) filter (where {is_open}) as open_periods_count, "
        "sum(group_amount) as group_amount, "
        "sum(partner_group_amount) as partner_group_amount, "
        "sum(elimination_difference_amount) as elimination_difference_amount "
        f"from {mart} group by {keys}, group_currency order by {keys}, group_currency"
    )
    if pairs:
        section.tables.append(
            table_of(
                pairs[:ROW_LIMIT],
                "By pair, all periods",
                total_rows=len(pairs),
                source=mart,
                labels={"periods_count": "periods", "open_periods_count": "periods open"},
                hints=hints.get(mart),
            )
        )
    total = publication.rows(f"select count(*) as row_count from {mart} where {is_open}")
    rows = publication.rows(
        f"select * from {mart} where {is_open} "
        "order by abs(elimination_difference_amount) desc nulls first, "
        f"month_start_date, {keys} limit 100"
    )
    if rows:
        section.tables.append(
            table_of(
                rows,
                "Not eliminated, largest first",
                _filled(rows, list(publication.columns[mart])),
                total_rows=total[0]["row_count"],
                source=mart,
                hints=hints.get(mart),
            )
        )
    return section


def _plans(publication: Publication, hints: Hints) -> Section:
    """The two plans by entity, line and state."""
    mart = "rpt_plan_reconciliation"
    section = Section(
        "plans",
        "One plan or two",
        "The sales budget by product, which the bridge against budget starts from, and the "
        "ledger's scenario budget, which actual figures stand beside. Where they differ, the two "
        "readings of the budget do as well; where they agree, the readings still differ by what T3 "
        "has of the trade lines. Sales to our own entities are in neither.",
    )
    if not publication.has(mart):
        section.missing = mart
        return section
    keys = "entity_id, plan_line, currency, plan_status"
    rows = publication.rows(
        f"select {keys}, count(*) as periods_count, "
        "sum(sales_plan_amount) as sales_plan_amount, "
        "sum(ledger_plan_amount) as ledger_plan_amount, "
        "sum(difference_amount) as difference_amount, "
        "max(abs(difference_amount)) as largest_difference_amount "
        f"from {mart} group by {keys} order by {keys}"
    )
    if rows:
        section.tables.append(
            table_of(
                rows[:ROW_LIMIT],
                "Sales plan and ledger plan, by state",
                total_rows=len(rows),
                source=mart,
                labels={"periods_count": "periods", "plan_status": "status"},
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
