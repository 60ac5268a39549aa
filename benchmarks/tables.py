"""What the P&L reads: raw tables with their types, and the policies it needs.

Belongs here: names, types, finding files. Does not: reading them; each engine does that its way.
"""

import csv
from pathlib import Path

import pyarrow

from orchestration.settings import PROJECT

MONEY = "decimal(18,4)"
RATE = "decimal(28,12)"

# only what pnl.sql reads; the contract has more columns
TABLES = {
    "revenue_lines": {
        "entity_id": "varchar",
        "document_id": "varchar",
        "line_number": "bigint",
        "document_type": "varchar",
        "posted_on": "date",
        "customer_id": "varchar",
        "product_id": "varchar",
        "quantity": MONEY,
        "discount_amount": MONEY,
        "rebate_amount": MONEY,
        "net_amount": MONEY,
        "functional_amount": MONEY,
        "freight_charged_amount": MONEY,
        "freight_paid_amount": MONEY,
        "direct_cost_amount": MONEY,
        "currency": "varchar",
        "recorded_at": "timestamp",
    },
    "activities": {
        "entity_id": "varchar",
        "activity_type": "varchar",
        "occurred_at": "timestamp",
        "customer_id": "varchar",
        "quantity": MONEY,
        "minutes": MONEY,
    },
    "cost_entries": {
        "entity_id": "varchar",
        "posted_on": "date",
        "account_code": "varchar",
        "cost_centre_id": "varchar",
        "amount": MONEY,
        "customer_id": "varchar",
        "partner_entity_id": "varchar",
        "scenario": "varchar",
    },
    "fx_rates": {
        "entity_id": "varchar",
        "base_currency": "varchar",
        "quote_currency": "varchar",
        "rate_date": "date",
        "average_rate": RATE,
    },
    "products": {
        "entity_id": "varchar",
        "product_id": "varchar",
        "standard_cost": MONEY,
        "currency": "varchar",
        "valid_from": "date",
        "valid_to": "date",
    },
}

POLICIES = {
    "organisations": (
        "policy_organisations",
        ("entity_id", "currency", "freight_policy", "chart_id"),
    ),
    "account_mapping": (
        "policy_account_mapping",
        ("chart_id", "account_code", "cost_centre_id", "pnl_line", "pool_id"),
    ),
    "cost_pools": ("policy_cost_pools", ("chart_id", "pool_id", "driver")),
}


def files_of(landing: Path, table: str) -> list[Path]:
    """The Parquet files of one table, of every entity."""
    whole = landing.glob(f"[!._]*/{table}.parquet")
    parts = landing.glob(f"[!._]*/{table}/*.parquet")
    return sorted([*whole, *parts])


def policies() -> dict[str, pyarrow.Table]:
    """The policies that pnl.sql reads, all text."""
    found = {}
    for name, (seed, columns) in POLICIES.items():
        path = PROJECT / "seeds" / "policies" / f"{seed}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found[name] = pyarrow.table(
            {c: pyarrow.array([r[c] or None for r in rows], pyarrow.string()) for c in columns}
        )
    return found
