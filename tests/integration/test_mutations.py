"""One raw row changed: totals move by exactly that amount, and exactly the expected checks fail.

Random accepted rows of a small company are changed in their files (amount, account, customer,
date), one row an entity at a time. The compiled SQL of the models then runs again on what changed,
and of all data tests. What is expected is worked out here, from the row and the policy files alone,
and compared with every total: control totals, accounts, pools, the three tie-outs, customers' P&L
lines, period status. TWOFOLD_MUTATIONS says how many rounds of three rows (default 6: every kind).
"""

import csv
import os
import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration import policies
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import Settings
from synthetic import meridian

ROUNDS = int(os.environ.get("TWOFOLD_MUTATIONS", "6"))
MONTHS = [date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1)]
ENTITIES = tuple(meridian.ENTITIES.values())
RAW_TABLES = ("cost_entries", "ledger_balances", "revenue_lines", "activities", "receivables")
MARTS = (
    "rpt_source_control_totals",
    "rpt_ledger_reconciliation",
    "rpt_unassigned_rows",
    "fct_cost_assignments_monthly",
    "fct_customer_pnl_lines_monthly",
    "fct_product_profitability_monthly",
    "dim_months",
)
# a total by its kind and key; every query gives the key first and the amount last
TOTALS = {
    "raw": "select entity_id, input_table, currency, raw_amount"
    " from marts.rpt_source_control_totals",
    "accepted": "select entity_id, input_table, currency, accepted_amount"
    " from marts.rpt_source_control_totals",
    "quarantined": "select entity_id, input_table, currency, quarantined_amount"
    " from marts.rpt_source_control_totals",
    "rows": "select entity_id, input_table, sum(raw_rows), sum(accepted_rows),"
    " sum(quarantined_rows), 1 from marts.rpt_source_control_totals group by 1, 2",
    "account": "select entity_id, month_start_date, account_code, pnl_line, sum(amount)"
    " from intermediate.int_ledger_entries_monthly group by 1, 2, 3, 4",
    "balance": "select entity_id, month_start_date, account_code, currency,"
    " coalesce(ledger_amount, 0) from marts.rpt_ledger_reconciliation where tie_out = 'T1'",
    "postings": "select entity_id, month_start_date, account_code, currency, assigned_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T1'",
    "T1": "select entity_id, month_start_date, account_code, currency, difference_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T1'",
    "pool": "select entity_id, month_start_date, pnl_line, pool_id, ledger_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T2'",
    "outcome": "select entity_id, month_start_date, pnl_line, pool_id,"
    " assigned_amount + unused_capacity_amount + unassigned_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T2'",
    "ledger line": "select entity_id, month_start_date, pnl_line, ledger_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T3'",
    "sub-ledger line": "select entity_id, month_start_date, pnl_line, assigned_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T3'",
    "T3": "select entity_id, month_start_date, pnl_line, difference_amount + reconciling_amount"
    " from marts.rpt_ledger_reconciliation where tie_out = 'T3'",
    "customer": "select entity_id, month_start_date, customer_id, pnl_line, profit_effect_amount"
    " from marts.fct_customer_pnl_lines_monthly"
    " where pnl_line not in ('cost_to_serve', 'customer_sustaining', 'capital_charge')",
    "stage": "select entity_id, month_start_date, sum(input_amount)"
    " from marts.fct_cost_assignments_monthly group by 1, 2",
    "net": "select entity_id, month_start_date, sum(net_amount)"
    " from marts.fct_cost_assignments_monthly group by 1, 2",
}
# cost and capital charge by customer: where they may move at all is what is checked
SPREAD = (
    "select entity_id, month_start_date, customer_id, pnl_line, profit_effect_amount"
    " from marts.fct_customer_pnl_lines_monthly"
    " where pnl_line in ('cost_to_serve', 'customer_sustaining', 'capital_charge')"
)
OPEN = (
    "select entity_id, month_start_date, tie_out || ' ' || coalesce(account_code, pnl_line)"
    " from marts.rpt_ledger_reconciliation where not is_signable"
)
UNSIGNED = (
    "select entity_id, month_start_date from marts.dim_months where period_status <> 'signable'"
)
Totals = dict[tuple, Decimal]


@dataclass
class Expected:
    """What one changed row is to do, and nothing else."""

    moves: Totals = field(default_factory=lambda: defaultdict(Decimal))
    open_tie_outs: set[tuple] = field(default_factory=set)
    # periods from which on the cost of customers may be shared out differently
    spread_from: dict[str, date] = field(default_factory=dict)

    def move(self, kind: str, *key: object) -> None:
        """Add an amount, the last of the key, to a total."""
        self.moves[(kind, *key[:-1])] += Decimal(key[-1])

    def untie(self, tie_out: str, entity: str, month: date, name: str, gap: Decimal) -> None:
        """A gap in a tie-out that was closed, above every materiality unless it is of a cent."""
        kind = "T1" if tie_out == "T1" else "T3"
        self.move(kind, entity, month, *name.split("|"), gap)
        if abs(gap) > 1:
            self.open_tie_outs.add((entity, month, f"{tie_out} {name.split('|')[0]}"))


class Company:
    """The small company: its files, its database, and the models' SQL."""

    def __init__(self, settings: Settings, manifest: dict) -> None:
        self.settings = settings
        self.connection = duckdb.connect(str(settings.build_db))
        # as profiles.yml has it
        self.connection.execute("set disabled_optimizers = 'type_pushdown'")
        self.models = {
            key: node
            for key, node in manifest["nodes"].items()
            if node["resource_type"] == "model" and node.get("compiled_code")
        }
        self.tests = {
            node["name"]: node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test" and node.get("compiled_code")
        }
        # in the order in which each reads what went before
        self.order: list[str] = []
        for key in self.models:
            self._visit(key)

    def _visit(self, key: str) -> None:
        if key in self.models and key not in self.order:
            for parent in self.models[key]["depends_on"]["nodes"]:
                self._visit(parent)
            self.order.append(key)

    def build(self, tables: set[str] | None = None) -> set[str]:
        """Run the models that rest on these raw tables (None: all).

        Returns:
            unique ids of all that may have changed.
        """
        touched = {f"source.twofold.landing.{table}" for table in tables or ()}
        for key in self.order:
            node = self.models[key]
            if tables is not None and not touched & set(node["depends_on"]["nodes"]):
                continue
            touched.add(key)
            kind = node["config"]["materialized"]
            if kind == "view" and tables is not None:
                continue
            self.connection.execute(
                f"create or replace {'view' if kind == 'view' else 'table'}"
                f' {node["schema"]}."{node["name"]}" as {node["compiled_code"]}'
            )
        return touched

    def failing(self, touched: set[str] | None = None) -> set[str]:
        """Names of the data tests that do not hold, of those that read what was touched."""
        return {
            name
            for name, node in self.tests.items()
            if (touched is None or touched & set(node["depends_on"]["nodes"]))
            and self.rows(f"select 1 from ({node['compiled_code']}) limit 1")
        }

    def rows(self, sql: str) -> list[tuple]:
        """What a query gives."""
        return self.connection.execute(sql).fetchall()

    def totals(self) -> Totals:
        """Every total that is not empty."""
        return {
            (kind, *row[:-1]): Decimal(row[-1])
            for kind, sql in TOTALS.items()
            for row in self.rows(sql)
            if row[-1]
        }

    def files(self, table: str, entity: str) -> list[Path]:
        """The files of a table."""
        folder = self.settings.landing / entity
        return [p for p in [folder / f"{table}.parquet", *folder.glob(f"{table}/*")] if p.is_file()]

    def change(self, table: str, entity: str, source_id: str, values: dict[str, object]) -> None:
        """Give one raw row other values; the row is the only one with its source_id."""
        changed = 0
        for path in self.files(table, entity):
            found = self.rows(f"select count(*) from '{path}' where source_id = '{source_id}'")
            if not found[0][0]:
                continue
            changed += found[0][0]
            new = ", ".join(
                f"case when source_id = '{source_id}' then"
                f" {'null' if value is None else repr(str(value))} else {column} end as {column}"
                for column, value in values.items()
            )
            other = path.with_name("_other")
            self.connection.execute(
                f"copy (select * replace ({new}) from '{path}') to '{other}' (format parquet)"
            )
            other.replace(path)
        assert changed == 1, f"{table} {source_id}: {changed} raw rows"


@pytest.fixture(scope="module")
def company(empty_build, tmp_path_factory: pytest.TempPathFactory) -> Company:
    root = tmp_path_factory.mktemp("mutations")
    meridian.generate(root / "landing", customers=100, months=len(MONTHS))
    settings = Settings(landing=root / "landing", warehouse=root / "warehouse")
    settings.build_db.parent.mkdir(parents=True)
    shutil.copy(empty_build.settings.build_db, settings.build_db)
    policies.compose(settings)
    register(discover(settings.landing), settings)
    selected = ["--select", *(f"+{mart}" for mart in MARTS)]
    empty_build.run("compile", *selected, "--indirect-selection", "cautious")
    made = Company(settings, empty_build.manifest)
    for seed in settings.seeds.rglob("*.csv"):
        made.connection.execute(f"delete from policies.{seed.stem}")
        made.connection.execute(
            f"insert into policies.{seed.stem} by name select * from read_csv('{seed}',"
            " header = true, all_varchar = true, delim = ',', quote = '\"')"
        )
    made.build()
    assert "pools_are_assigned_without_difference" in made.tests
    assert made.failing() == set()
    assert made.rows(UNSIGNED) == []
    return made


def mapping() -> dict[tuple[str, str], tuple[str, str]]:
    """P&L line and pool of meridian's accounts, with and without a cost centre."""
    with (policies.SHIPPED / "policies/policy_account_mapping.csv").open(encoding="utf-8") as file:
        return {
            (row["account_code"], row["cost_centre_id"]): (row["pnl_line"], row["pool_id"])
            for row in csv.DictReader(file)
            if row["chart_id"] == "meridian"
        }


MAPPING = mapping()
COST_LINES = ("freight_paid", "direct_cost")
# gaps that policy types and lets sign
SIGNABLE = ("intercompany", "invoices_without_receivable", "credits_without_receivable")


def pnl_line_of(account: str, centre: str | None) -> tuple[str, str]:
    """Where policy puts an account; one it does not know keeps its own name."""
    for key in ((account, centre or ""), (account, "")):
        if key in MAPPING:
            return MAPPING[key]
    return "unmapped", f"unmapped:{account}"


def posting(
    expected: Expected, entity: str, month: date, account: str, row: dict, amount: Decimal
) -> None:
    """What a posting adds to every total of the ledger; the balances do not know of it."""
    line, pool = pnl_line_of(account, row["cost_centre_id"])
    if row["partner_entity_id"] and line not in ("balance_sheet", "statistical"):
        line = "intercompany"
    expected.move("account", entity, month, account, line, amount)
    expected.move("postings", entity, month, account, row["currency"], amount)
    expected.untie("T1", entity, month, f"{account}|{row['currency']}", -amount)
    if line in ("cost_to_serve", "customer_sustaining", "unallocated", "unmapped"):
        expected.move("pool", entity, month, line, pool, amount)
        expected.move("outcome", entity, month, line, pool, amount)
        expected.move("stage", entity, month, amount)
        expected.move("net", entity, month, amount)
        first = expected.spread_from.get(entity, month)
        expected.spread_from[entity] = min(first, month)
    elif line not in ("balance_sheet", "below_operating_profit", "statistical"):
        sign = 1 if line in COST_LINES else -1
        expected.move("ledger line", entity, month, line, sign * amount)
        gap = sign * amount
        expected.move("T3", entity, month, line, gap)
        if line != "intercompany" and abs(gap) > 1:
            expected.open_tie_outs.add((entity, month, f"T3 {line}"))


Mutation = Callable[[Company, random.Random, str, Expected], set[str]]


def amount_of(chance: random.Random) -> Decimal:
    """A cent, which no policy minds, or more than any policy lets pass."""
    return chance.choice([Decimal("0.0100"), Decimal("1234567.8900"), Decimal("-1234567.8900")])


def pick(company: Company, chance: random.Random, sql: str) -> dict:
    """One row of a query, by chance."""
    found = company.connection.execute(f"select * from ({sql}) order by all")
    names = [column[0] for column in found.description]
    return dict(zip(names, chance.choice(found.fetchall()), strict=True))


def a_posting(company: Company, chance: random.Random, entity: str) -> dict:
    """An actual posting in the entity's currency, of whatever account."""
    return pick(
        company,
        chance,
        f"""
        select entries.*, cast(date_trunc('month', posted_on) as date) as month
        from input.input_cost_entries as entries
        inner join intermediate.int_entities as entities using (entity_id, currency)
        where entity_id = '{entity}' and scenario = 'actual'
        """,
    )


def posting_amount(company, chance, entity, expected):
    row, delta = a_posting(company, chance, entity), amount_of(chance)
    company.change("cost_entries", entity, row["source_id"], {"amount": row["amount"] + delta})
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "cost_entries", row["currency"], delta)
    posting(expected, entity, row["month"], row["account_code"], row, delta)
    return {"cost_entries"}


def posting_account(company, chance, entity, expected):
    row = a_posting(company, chance, entity)
    others = ["6666", "6500", "7000", "5000", "8000"]
    account = chance.choice([a for a in others if a != row["account_code"]])
    company.change("cost_entries", entity, row["source_id"], {"account_code": account})
    posting(expected, entity, row["month"], row["account_code"], row, -row["amount"])
    posting(expected, entity, row["month"], account, row, row["amount"])
    return {"cost_entries"}


def posting_customer(company, chance, entity, expected):
    """Nothing moves but who bears the cost: what was shared out is traced to him."""
    row = a_posting(company, chance, entity)
    customer = a_line(company, chance, entity)["customer_id"]
    company.change("cost_entries", entity, row["source_id"], {"customer_id": customer})
    expected.spread_from[entity] = row["month"]
    return {"cost_entries"}


def posting_date(company, chance, entity, expected):
    row = a_posting(company, chance, entity)
    month = chance.choice([m for m in MONTHS if m != row["month"]])
    company.change("cost_entries", entity, row["source_id"], {"posted_on": month})
    for when, amount in ((row["month"], -row["amount"]), (month, row["amount"])):
        posting(expected, entity, when, row["account_code"], row, amount)
    return {"cost_entries"}


def a_balance(company: Company, chance: random.Random, entity: str) -> dict:
    return pick(
        company, chance, f"select * from input.input_ledger_balances where entity_id = '{entity}'"
    )


def balance(expected: Expected, entity: str, month: date, row: dict, amount: Decimal) -> None:
    expected.move("balance", entity, month, row["account_code"], row["currency"], amount)
    expected.untie("T1", entity, month, f"{row['account_code']}|{row['currency']}", amount)


def balance_amount(company, chance, entity, expected):
    row, delta = a_balance(company, chance, entity), amount_of(chance)
    company.change("ledger_balances", entity, row["source_id"], {"amount": row["amount"] + delta})
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "ledger_balances", row["currency"], delta)
    balance(expected, entity, row["period"], row, delta)
    return {"ledger_balances"}


def balance_account(company, chance, entity, expected):
    row = a_balance(company, chance, entity)
    company.change("ledger_balances", entity, row["source_id"], {"account_code": "6667"})
    balance(expected, entity, row["period"], row, -row["amount"])
    balance(expected, entity, row["period"], row | {"account_code": "6667"}, row["amount"])
    return {"ledger_balances"}


def a_line(company: Company, chance: random.Random, entity: str) -> dict:
    """An accepted line of an outside customer, invoiced in the entity's own currency."""
    return pick(
        company,
        chance,
        f"""
        select lines.* from intermediate.int_revenue_lines as lines
        inner join intermediate.int_customers as customers using (entity_id, customer_id)
        where
            entity_id = '{entity}' and not is_intercompany and transaction_currency = currency
            and document_type = 'invoice'
            and (select count(*) from input.quarantine_revenue_lines as refused
                where refused.source_id = lines.source_id) = 0
        """,
    )


def sale(expected: Expected, entity: str, month: date, line: dict, sign: int) -> None:
    """What an invoice line adds to a customer and to the tie-out of his period."""
    lines = {
        "revenue": line["net_amount"] + line["discount_amount"],
        "discounts": -line["discount_amount"],
        "rebates": -line["rebate_amount"],
        "freight_charged": line["freight_charged_amount"],
        "freight_paid": -line["freight_paid_amount"],
        "direct_cost": -line["direct_cost_amount"],
    }
    for name, amount in lines.items():
        if not amount:
            continue
        amount *= sign
        expected.move("customer", entity, month, line["customer_id"], name, amount)
        shown = -amount if name in COST_LINES else amount
        expected.move("sub-ledger line", entity, month, name, shown)
        expected.move("T3", entity, month, name, -shown)
    first = expected.spread_from.get(entity, month)
    expected.spread_from[entity] = min(first, month)


def documents(
    expected: Expected, company: Company, line: dict, changed: dict[str, object] | None
) -> None:
    """What a line that becomes another (None: is refused) does to the tie-out of receivables."""
    about = f"entity_id = '{line['entity_id']}' and document_id = '{line['document_id']}'"
    before = company.rows(
        "select source_id, month_start_date, net_amount + freight_charged_amount + tax_amount"
        f" from intermediate.int_revenue_lines where {about}"
    )
    owed = company.rows(f"select open_amount from input.input_receivables where {about}")
    others = [row for row in before if row[0] != line["source_id"]]
    own = [row for row in before if row[0] == line["source_id"]]
    after = list(others)
    if changed is not None:
        new = line | changed
        amount = new["net_amount"] + new["freight_charged_amount"] + new["tax_amount"]
        after.append((line["source_id"], new["month_start_date"], amount))
    assert len(own) == 1
    for lines, sign in ((before, -1), (after, 1)):
        month = min(month for _, month, _ in lines) if lines else line["posted_on"].replace(day=1)
        name = "receivables" if owed else "invoices_without_receivable"
        if not lines:
            name = "receivables_without_invoice"
        invoiced = sum(amount for _, _, amount in lines) * sign
        owing = sum(amount for (amount,) in owed) * sign
        if lines or owed:
            expected.move("sub-ledger line", line["entity_id"], month, name, invoiced)
            expected.move("ledger line", line["entity_id"], month, name, owing)
            expected.move("T3", line["entity_id"], month, name, owing - invoiced)


def line_amount(company, chance, entity, expected):
    line = a_line(company, chance, entity)
    delta = abs(amount_of(chance))
    raw = {"net_amount": line["net_amount"] + delta}
    company.change("revenue_lines", entity, line["source_id"], raw)
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "revenue_lines", line["currency"], delta)
    nothing = dict.fromkeys(
        [c for c in line if c.endswith("_amount")],
        Decimal(0),
    )
    sale(expected, entity, line["month_start_date"], line | nothing | {"net_amount": delta}, 1)
    documents(expected, company, line, raw)
    return {"revenue_lines"}


def line_refused(company, chance, entity, expected):
    """The amount is gone: the row is kept in quarantine, and its total with it."""
    line = a_line(company, chance, entity)
    company.change("revenue_lines", entity, line["source_id"], {"net_amount": None})
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "revenue_lines", line["currency"], -line["net_amount"])
    sale(expected, entity, line["month_start_date"], line, -1)
    documents(expected, company, line, None)
    rows = company.rows(f"{TOTALS['rows']} having entity_id = '{entity}'")
    for row in rows:
        if row[1] == "revenue_lines":
            expected.move("rows", *row[:-1], -1)
            expected.move("rows", *row[:2], row[2], row[3] - 1, row[4] + 1, 1)
    return {"revenue_lines"}


def line_customer(company, chance, entity, expected):
    line = a_line(company, chance, entity)
    others = [a_line(company, chance, entity)["customer_id"] for _ in range(20)]
    customer = next(c for c in others if c != line["customer_id"])
    company.change("revenue_lines", entity, line["source_id"], {"customer_id": customer})
    sale(expected, entity, line["month_start_date"], line, -1)
    sale(expected, entity, line["month_start_date"], line | {"customer_id": customer}, 1)
    return {"revenue_lines"}


def line_date(company, chance, entity, expected):
    line = a_line(company, chance, entity)
    month = chance.choice([m for m in MONTHS if m != line["month_start_date"]])
    day = month + timedelta(days=chance.randrange(28))
    company.change("revenue_lines", entity, line["source_id"], {"posted_on": day})
    sale(expected, entity, line["month_start_date"], line, -1)
    sale(expected, entity, month, line, 1)
    documents(expected, company, line, {"month_start_date": month})
    return {"revenue_lines"}


def an_activity(company: Company, chance: random.Random, entity: str) -> dict:
    return pick(
        company,
        chance,
        f"select * from input.input_activities where entity_id = '{entity}'"
        " and customer_id is not null and occurred_at < timestamp '2023-04-01'",
    )


def activity_customer(company, chance, entity, expected):
    row = an_activity(company, chance, entity)
    customer = a_line(company, chance, entity)["customer_id"]
    company.change("activities", entity, row["source_id"], {"customer_id": customer})
    expected.spread_from[entity] = row["occurred_at"].date().replace(day=1)
    return {"activities"}


def activity_amount(company, chance, entity, expected):
    row = an_activity(company, chance, entity)
    company.change("activities", entity, row["source_id"], {"quantity": row["quantity"] + 3})
    expected.spread_from[entity] = row["occurred_at"].date().replace(day=1)
    return {"activities"}


def activity_date(company, chance, entity, expected):
    row = an_activity(company, chance, entity)
    day = date(2023, chance.randint(1, 3), 15)
    company.change("activities", entity, row["source_id"], {"occurred_at": f"{day} 10:00:00"})
    expected.spread_from[entity] = min(row["occurred_at"].date(), day).replace(day=1)
    return {"activities"}


def a_receivable(company: Company, chance: random.Random, entity: str) -> dict:
    """An item in the entity's currency, of a document whose lines are known."""
    return pick(
        company,
        chance,
        f"""
        select receivables.* from input.input_receivables as receivables
        inner join intermediate.int_entities as entities using (entity_id, currency)
        where
            entity_id = '{entity}'
            and document_id in (select document_id from intermediate.int_revenue_lines)
        """,
    )


def receivable_amount(company, chance, entity, expected):
    row, delta = a_receivable(company, chance, entity), amount_of(chance)
    raw = {"open_amount": row["open_amount"] + delta}
    company.change("receivables", entity, row["source_id"], raw)
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "receivables", row["currency"], delta)
    month = row["issued_on"].replace(day=1)
    expected.move("ledger line", entity, month, "receivables", delta)
    expected.move("T3", entity, month, "receivables", delta)
    expected.spread_from[entity] = month
    return {"receivables"}


def receivable_customer(company, chance, entity, expected):
    row = a_receivable(company, chance, entity)
    customer = a_line(company, chance, entity)["customer_id"]
    company.change("receivables", entity, row["source_id"], {"customer_id": customer})
    expected.spread_from[entity] = row["issued_on"].replace(day=1)
    return {"receivables"}


def receivable_date(company, chance, entity, expected):
    """The document keeps its period; what it costs to wait for the money changes."""
    row = a_receivable(company, chance, entity)
    day = date(2023, chance.randint(1, 3), 15)
    company.change("receivables", entity, row["source_id"], {"issued_on": day})
    expected.spread_from[entity] = min(row["issued_on"], day).replace(day=1)
    return {"receivables"}


MUTATIONS: tuple[Mutation, ...] = (
    posting_amount,
    line_amount,
    balance_amount,
    posting_account,
    line_customer,
    activity_customer,
    posting_date,
    line_date,
    balance_account,
    posting_customer,
    line_refused,
    activity_amount,
    receivable_amount,
    activity_date,
    receivable_customer,
    receivable_date,
)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_one_raw_row_moves_totals_by_exactly_its_amount(company: Company, seed: int) -> None:
    chance = random.Random(seed)
    before = company.totals()
    spread = {row[:-1]: row[-1] for row in company.rows(SPREAD)}
    kept = {
        (entity, path): path.read_bytes()
        for entity in ENTITIES
        for table in RAW_TABLES
        for path in company.files(table, entity)
    }
    expected, tables, told = Expected(), set(), []
    for place, entity in enumerate(ENTITIES):
        # every kind turns up in the first rounds, whatever chance has in mind
        mutation = MUTATIONS[(seed * len(ENTITIES) + place) % len(MUTATIONS)]
        told.append(f"{mutation.__name__} in {entity}")
        tables |= mutation(company, chance, entity, expected)
    # what the round makes is taken back at its end
    company.connection.begin()
    try:
        touched = company.build(tables)
        after = company.totals()
        moved = {
            key: amount
            for key in before.keys() | after.keys()
            if (amount := after.get(key, Decimal(0)) - before.get(key, Decimal(0)))
        }
        assert moved == {key: amount for key, amount in expected.moves.items() if amount}, told
        for key, amount in expected.moves.items():
            # a line of the sub-ledger that moved by more than its ledger line lets pass
            if key[0] == "T3" and key[3] not in SIGNABLE and abs(amount) > 1_000_000:
                expected.open_tie_outs.add((key[1], key[2], f"T3 {key[3]}"))
        open_now = set(company.rows(OPEN))
        assert expected.open_tie_outs - open_now == set(), told
        may_be_open = {(k[1], k[2], f"{k[0]} {k[3]}") for k in moved if k[0] in ("T1", "T3")}
        assert open_now - may_be_open == set(), told
        assert set(company.rows(UNSIGNED)) == {(entity, month) for entity, month, _ in open_now}
        spread_now = {row[:-1]: row[-1] for row in company.rows(SPREAD)}
        elsewhere = {
            key
            for key in spread.keys() | spread_now.keys()
            if spread.get(key) != spread_now.get(key)
            and key[1] < expected.spread_from.get(key[0], date.max)
        }
        assert elsewhere == set(), told
        assert company.failing(touched) == set(), told
    finally:
        for (_, path), content in kept.items():
            path.write_bytes(content)
        company.connection.rollback()
