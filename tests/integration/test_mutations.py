"""One raw row changed: totals move by exactly that amount, and exactly the expected checks fail.

Random accepted rows of a small company are changed in their files (amount, account, customer,
date; of a delivery its attempts, document and day, of a plan its amount and period, of a rate of
exchange its amount and day), one row an entity at a time. The compiled SQL of the models then runs
again on what changed, and of all data tests. What is expected is worked out here, from the row and
the policy files alone, and compared with every total: control totals, accounts, pools, the three
tie-outs, customers' P&L lines, deliveries, plans, period status. TWOFOLD_MUTATIONS says how many
rounds of three rows (default 8: every kind).
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
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from orchestration import policies
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import Settings
from synthetic import meridian

ROUNDS = int(os.environ.get("TWOFOLD_MUTATIONS", "8"))
MONTHS = [date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1)]
# the first day that is not shown
HORIZON = date(2023, 4, 1)
ENTITIES = tuple(meridian.ENTITIES.values())
RAW_TABLES = (
    "cost_entries",
    "ledger_balances",
    "revenue_lines",
    "activities",
    "receivables",
    "deliveries",
    "budgets",
    "fx_rates",
)
MARTS = (
    "rpt_source_control_totals",
    "rpt_ledger_reconciliation",
    "rpt_unassigned_rows",
    "fct_cost_assignments_monthly",
    "fct_customer_pnl_lines_monthly",
    "fct_product_profitability_monthly",
    "rpt_plan_reconciliation",
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
    "deliveries": "select entity_id, month_start_date, customer_id, deliveries_count"
    " from intermediate.int_customer_deliveries_monthly",
    "attempts": "select entity_id, month_start_date, customer_id, attempts_count"
    " from intermediate.int_customer_deliveries_monthly",
    "sales plan": "select entity_id, month_start_date, plan_line, sales_plan_amount"
    " from marts.rpt_plan_reconciliation",
    "plans apart": "select entity_id, month_start_date, plan_line, difference_amount"
    " from marts.rpt_plan_reconciliation",
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
    # data tests that are to fail
    failing: set[str] = field(default_factory=set)

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


def balance_date(company, chance, entity, expected):
    """Another day of another month: the key is new, so that no two rows share it."""
    row = a_balance(company, chance, entity)
    month = chance.choice([m for m in MONTHS if m != row["period"]])
    company.change(
        "ledger_balances", entity, row["source_id"], {"period": month + timedelta(days=14)}
    )
    balance(expected, entity, row["period"], row, -row["amount"])
    balance(expected, entity, month, row, row["amount"])
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


def carried(
    expected: Expected, company: Company, line: dict, customer: str | None, unknown="(unknown)"
) -> None:
    """Whose deliveries are whose, when a line is another customer's (None: when it is refused)."""
    about = f"entity_id = '{line['entity_id']}' and document_id = '{line['document_id']}'"
    before = company.rows(
        f"select source_id, customer_id from intermediate.int_revenue_lines where {about}"
    )
    after = [c for source_id, c in before if source_id != line["source_id"]]
    after += [customer] if customer else []
    known = [min([c for c in side if c != unknown], default=unknown) for side in (
        [c for _, c in before], after
    )]  # fmt: skip
    for day, attempts in company.rows(
        f"select delivered_on, attempts from input.input_deliveries where {about}"
        f" and delivered_on < date '{HORIZON}'"
    ):
        delivery(expected, line["entity_id"], day, known[0], attempts, -1)
        delivery(expected, line["entity_id"], day, known[1], attempts, 1)


def delivery(
    expected: Expected, entity: str, day: date, customer: str, attempts: int, sign: int
) -> None:
    """What a delivery adds to the drivers of its customer."""
    month = day.replace(day=1)
    expected.move("deliveries", entity, month, customer, sign)
    expected.move("attempts", entity, month, customer, sign * attempts)
    first = expected.spread_from.get(entity, month)
    expected.spread_from[entity] = min(first, month)


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
    carried(expected, company, line, None)
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
    carried(expected, company, line, customer)
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


def a_delivery(company: Company, chance: random.Random, entity: str) -> dict:
    """A delivery that happened, with the customer of its document."""
    return pick(
        company,
        chance,
        f"""
        select deliveries.*, documents.customer_id
        from input.input_deliveries as deliveries
        inner join (
            select entity_id, document_id, min(customer_id) as customer_id
            from intermediate.int_revenue_lines
            where customer_id <> '(unknown)' group by 1, 2
        ) as documents using (entity_id, document_id)
        where entity_id = '{entity}' and delivered_on < date '{HORIZON}'
        """,
    )


def delivery_amount(company, chance, entity, expected):
    row = a_delivery(company, chance, entity)
    raw = {"attempts": row["attempts"] + 2}
    company.change("deliveries", entity, row["source_id"], raw)
    delivery(expected, entity, row["delivered_on"], row["customer_id"], row["attempts"], -1)
    delivery(expected, entity, row["delivered_on"], row["customer_id"], row["attempts"] + 2, 1)
    return {"deliveries"}


def delivery_customer(company, chance, entity, expected):
    """A delivery is of the customer whose document it names."""
    row, other = (a_delivery(company, chance, entity) for _ in range(2))
    company.change("deliveries", entity, row["source_id"], {"document_id": other["document_id"]})
    for customer, sign in ((row["customer_id"], -1), (other["customer_id"], 1)):
        delivery(expected, entity, row["delivered_on"], customer, row["attempts"], sign)
    return {"deliveries"}


def delivery_date(company, chance, entity, expected):
    row = a_delivery(company, chance, entity)
    day = date(2023, chance.randint(1, 3), 15)
    company.change("deliveries", entity, row["source_id"], {"delivered_on": day})
    for when, sign in ((row["delivered_on"], -1), (day, 1)):
        delivery(expected, entity, when, row["customer_id"], row["attempts"], sign)
    return {"deliveries"}


def a_budget(company: Company, chance: random.Random, entity: str) -> dict:
    return pick(company, chance, f"select * from input.input_budgets where entity_id = '{entity}'")


def plan(expected: Expected, entity: str, month: date, sales: Decimal, cost: Decimal) -> None:
    """What a planned amount adds to the sales plan; the ledger's plan does not know of it."""
    for line, amount in (("sales", sales), ("direct_cost", -cost), ("gross_margin", sales - cost)):
        expected.move("sales plan", entity, month, line, amount)
        expected.move("plans apart", entity, month, line, amount)


def budget_amount(company, chance, entity, expected):
    row, sales, cost = a_budget(company, chance, entity), amount_of(chance), amount_of(chance)
    raw = {
        "net_amount": row["net_amount"] + sales,
        "direct_cost_amount": row["direct_cost_amount"] + cost,
    }
    company.change("budgets", entity, row["source_id"], raw)
    for kind in ("raw", "accepted"):
        expected.move(kind, entity, "budgets", row["currency"], sales)
    plan(expected, entity, row["period"], sales, cost)
    return {"budgets"}


def budget_date(company, chance, entity, expected):
    row = a_budget(company, chance, entity)
    month = chance.choice([m for m in MONTHS if m != row["period"]])
    company.change("budgets", entity, row["source_id"], {"period": month + timedelta(days=14)})
    for when, sign in ((row["period"], -1), (month, 1)):
        plan(expected, entity, when, sign * row["net_amount"], sign * row["direct_cost_amount"])
    return {"budgets"}


def rounded(amount: Fraction) -> Decimal:
    """Four decimals, halves away from zero."""
    units = int(abs(amount) * 20_000 + 1) // 2
    return Decimal(units if amount >= 0 else -units) / 10_000


def a_rate(company: Company, chance: random.Random, entity: str, where: str = "true") -> dict:
    """A daily rate of a currency and month in which something was sold at the mean rate."""
    return pick(
        company,
        chance,
        f"""
        select rates.*, date_trunc('month', rate_date)::date as month
        from input.input_fx_rates as rates
        where entity_id = '{entity}' and {where}
        and (base_currency, date_trunc('month', rate_date)) in (
            select transaction_currency, month_start_date from intermediate.int_revenue_lines
            where entity_id = '{entity}' and transaction_currency <> currency
        )
        """,
    )


def mean_rates(company: Company, row: dict, values: list) -> tuple[Fraction, Fraction]:
    """Mean of the month's daily rates, before and with other values of this day's row."""
    days = company.rows(
        "select source_id, average_rate from input.input_fx_rates"
        f" where entity_id = '{row['entity_id']}' and base_currency = '{row['base_currency']}'"
        f" and date_trunc('month', rate_date) = date '{row['month']}'"
    )
    others = [rate for source_id, rate in days if source_id != row["source_id"]]
    before = [*others, row["average_rate"]]
    return tuple(
        Fraction(int(Fraction(sum(side)) / len(side) * 10**12 + Fraction(1, 2)), 10**12)
        for side in (before, others + values)
    )


def translated(company: Company, expected: Expected, row: dict, rates: tuple) -> None:
    """What another mean rate does to all that was sold, posted and owed in that currency."""
    entity, month, currency = row["entity_id"], row["month"], row["base_currency"]
    about = f"entity_id = '{entity}' and currency = '{currency}'"
    names = ("net", "discount", "rebate", "freight_charged", "freight_paid", "direct_cost")
    for document_type, customer, basis, functional, *amounts in company.rows(
        "select lines.document_type, lines.customer_id, lines.direct_cost_basis,"
        f" raw.functional_amount, {', '.join(f'raw.{name}_amount' for name in names)}"
        " from intermediate.int_revenue_lines as lines"
        " inner join input.input_revenue_lines as raw using (entity_id, document_id, line_number)"
        f" where raw.{about.replace(' and ', ' and raw.')} and month_start_date = date '{month}'"
    ):
        if functional is not None:
            continue
        before, after = (
            {
                name: rounded(Fraction(amount or 0) * rate)
                for name, amount in zip(names, amounts, strict=True)
                if name != "direct_cost" or basis == "traced"
            }
            for rate in rates
        )
        moved = defaultdict(Decimal, {name: after[name] - before[name] for name in before})
        lines = {
            "rebates": -moved["rebate"],
            "freight_charged": moved["freight_charged"],
            "freight_paid": -moved["freight_paid"],
            "direct_cost": -moved["direct_cost"],
        }
        if document_type == "invoice":
            lines |= {
                "revenue": moved["net"] + moved["discount"], "discounts": -moved["discount"]
            }  # fmt: skip
        elif document_type == "rebate_settlement":
            lines["rebates"] += moved["net"]
        else:
            lines["returns"] = moved["net"]
        for name, amount in lines.items():
            expected.move("customer", entity, month, customer, name, amount)
            shown = -amount if name in COST_LINES else amount
            expected.move("sub-ledger line", entity, month, name, shown)
            expected.move("T3", entity, month, name, -shown)
    for account, centre, partner, amount in company.rows(
        "select account_code, cost_centre_id, partner_entity_id, amount"
        f" from input.input_cost_entries where {about} and scenario = 'actual'"
        f" and date_trunc('month', posted_on) = date '{month}'"
    ):
        before, after = (rounded(Fraction(amount) * rate) for rate in rates)
        # the account's total, and where it went; control totals are in the currency of the posting
        told = Expected()
        where = {"cost_centre_id": centre, "partner_entity_id": partner, "currency": currency}
        posting(told, entity, month, account, where, after - before)
        for key, moved in told.moves.items():
            if key[0] not in ("T1", "postings"):
                expected.moves[key] += moved
        expected.open_tie_outs |= {o for o in told.open_tie_outs if not o[2].startswith("T1")}
    for (line, side), amounts in owed_in(company, about, month).items():
        before, after = (rounded(Fraction(amounts) * rate) for rate in rates)
        if side == "ledger line" or side == "sub-ledger line":
            expected.move(side, entity, month, line, after - before)
        sign = 1 if side == "ledger line" else -1
        expected.move("T3", entity, month, line, sign * (after - before))
    expected.spread_from[entity] = month


def owed_in(company: Company, about: str, month: date) -> dict[tuple[str, str], Decimal]:
    """What was invoiced, refused and is owed in a currency, by line of the tie-out and side."""
    value = "net_amount + freight_charged_amount + tax_amount"
    lines = company.rows(
        f"select document_id, date_trunc('month', min(posted_on))::date, sum({value})"
        f" from input.input_revenue_lines where {about} and document_type <> 'rebate_settlement'"
        f" and posted_on < date '{HORIZON}' group by 1"
    )
    items = {
        document: (when, amount)
        for document, when, amount in company.rows(
            "select document_id, date_trunc('month', issued_on)::date, open_amount"
            f" from input.input_receivables where {about}"
        )
    }
    refused = dict(
        company.rows(
            f"select document_id, sum({value}) from input.quarantine_revenue_lines where {about}"
            " and quarantine_reason <> 'superseded' group by 1"
        )
    )
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for document, when, invoiced in lines:
        if document in items:
            line = "receivables"
        else:
            line = "credits" if invoiced < 0 else "invoices"
            line += "_without_receivable"
        if when == month:
            found[(line, "sub-ledger line")] += invoiced
            if document in items:
                found[(line, "ledger line")] += items[document][1]
                found[(line, "refused")] += refused.get(document, 0)
    known = {document for document, _, _ in lines}
    for document, (when, amount) in items.items():
        if document not in known and when == month:
            found[("receivables_without_invoice", "ledger line")] += amount
            found[("receivables_without_invoice", "refused")] += refused.get(document, 0)
    return found


def rate_date(company, chance, entity, expected):
    """Moved out of the periods shown: the month has one rate less."""
    row = a_rate(company, chance, entity)
    company.change("fx_rates", entity, row["source_id"], {"rate_date": HORIZON})
    translated(company, expected, row, mean_rates(company, row, []))
    return {"fx_rates"}


def rate_turned(company, chance, entity, expected):
    """A rate quoted the other way round moves all it should, and is found out."""
    row = a_rate(company, chance, entity, "abs(average_rate - 1) > 0.15")
    rate = round(1 / row["average_rate"], 6)
    company.change("fx_rates", entity, row["source_id"], {"average_rate": rate})
    translated(company, expected, row, mean_rates(company, row, [rate]))
    expected.failing.add("rates_are_not_quoted_the_other_way_round")
    return {"fx_rates"}


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
    rate_turned,
    delivery_amount,
    budget_amount,
    balance_date,
    delivery_customer,
    rate_date,
    budget_date,
    delivery_date,
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
        assert company.failing(touched) == expected.failing, told
    finally:
        for (_, path), content in kept.items():
            path.write_bytes(content)
        company.connection.rollback()


def test_cost_of_a_customer_leads_to_the_postings_behind_it_in_two_joins(company: Company) -> None:
    """From a customer's row to the pools it was passed on from, and from these to the ledger."""
    paths = """
        from marts.fct_cost_assignments_monthly as customers
        left join marts.fct_cost_assignments_monthly as pools
            on pools.stage = 'pool' and customers.entity_id = pools.entity_id
            and customers.month_start_date = pools.month_start_date
            and customers.pool_id = pools.pool_id
        left join intermediate.int_ledger_entries_monthly as postings
            on pools.entity_id = postings.entity_id
            and pools.month_start_date = postings.month_start_date
            and pools.from_pool_id = postings.pool_id
        where customers.stage = 'customer'
    """
    assert company.rows(
        f"select customers.customer_id, customers.pool_id {paths}"
        " group by all having count(postings.account_code) = 0"
    ) == []  # fmt: skip
    # through departments too: rent and IT are behind the work of a pool
    reached = {account for (account,) in company.rows(f"select distinct account_code {paths}")}
    assert {"6000", "6200", "6600"} <= reached
    # and pools took from each ledger pool what was posted to it
    assert (
        company.rows(
            "select * from (select entity_id, month_start_date, from_pool_id as pool_id,"
            " sum(allocation_in_amount) as amount from marts.fct_cost_assignments_monthly"
            " where stage = 'pool' group by all) full join (select entity_id, month_start_date,"
            " pool_id, sum(amount) as posted from intermediate.int_ledger_entries_monthly"
            " where pnl_line in ('cost_to_serve', 'customer_sustaining', 'unallocated', 'unmapped')"
            " group by all) using (entity_id, month_start_date, pool_id)"
            " where coalesce(amount, 0) <> coalesce(posted, 0)"
        )
        == []
    )
