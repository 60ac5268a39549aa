"""The same P&L in pandas, as an analyst would write it who wants exact cents.

Money is whole units of 10^-4 in int64 throughout; products are checked to fit.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from benchmarks.tables import MONEY, RATE, TABLES, files_of, policies

GRAIN = ["entity_id", "customer_id", "month_start_date"]
POOL = ["entity_id", "month_start_date", "pnl_line", "pool_id"]
DIGITS = {MONEY: 4, RATE: 12}
RATE_UNITS = 10**12


def read(landing: Path, table: str) -> pd.DataFrame:
    """One raw table, amounts as whole units (Int64, so that missing stays missing)."""
    columns = TABLES[table]
    files = [parquet.read_table(f, columns=list(columns)) for f in files_of(landing, table)]
    rows = pa.concat_tables(files, promote_options="permissive")
    for position, (name, kind) in enumerate(columns.items()):
        if kind in DIGITS:
            # narrowed first: Arrow gives a product the digits of both factors
            narrow = pc.cast(rows[name], pa.decimal128(18, DIGITS[kind]))
            whole = pc.multiply(narrow, pa.scalar(10 ** DIGITS[kind], pa.int64()))
            rows = rows.set_column(position, name, pc.cast(whole, pa.int64()))
        elif kind == "date":
            rows = rows.set_column(position, name, pc.cast(rows[name], pa.timestamp("us")))
    return rows.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def month_of(days: pd.Series) -> pd.Series:
    """The first day of each day's month."""
    return days.dt.to_period("M").dt.to_timestamp()


def rounded(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Quotient rounded half away from zero."""
    sign = np.sign(numerator)
    return sign * ((2 * numerator.abs() + denominator) // (2 * denominator))


def sound_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """What staging would accept, the line key checked."""
    for name in ("discount_amount", "rebate_amount", "freight_charged_amount"):
        lines[name] = lines[name].fillna(0)
    lines["document_type"] = lines["document_type"].fillna("invoice")
    lines["customer_id"] = lines["customer_id"].fillna("(unknown)")
    lines["recorded_at"] = lines["recorded_at"].fillna(lines["posted_on"])
    given = lines[["document_id", "line_number", "posted_on", "net_amount", "currency"]]
    credit = lines["document_type"].isin(["credit_note", "return"])
    known = credit | lines["document_type"].isin(["invoice", "rebate_settlement"])
    lines = lines[given.notna().all(axis=1) & known & ~(credit & (lines["net_amount"] > 0))]
    key = ["entity_id", "document_id", "line_number"]
    contested = lines[lines.duplicated(key, keep=False)]
    latest = contested.groupby(key)["recorded_at"].transform("max")
    ties = contested.duplicated([*key, "recorded_at"], keep=False)
    return lines.drop(contested.index[(contested["recorded_at"] < latest) | ties])


def entities_of(lines: pd.DataFrame, ledger: pd.DataFrame, organisations: pd.DataFrame):
    """Each entity with its policy and the months that revenue and ledger both reached."""
    reach = pd.concat(
        [
            lines.groupby("entity_id")["posted_on"].agg(["min", "max"]),
            ledger.groupby("entity_id")["posted_on"].agg(["min", "max"]),
        ]
    ).groupby(level=0)
    months = pd.DataFrame(
        {"first_month": month_of(reach["min"].min()), "last_month": month_of(reach["max"].min())}
    )
    return organisations.merge(months, left_on="entity_id", right_index=True)


def rates_of(fx: pd.DataFrame, entities: pd.DataFrame) -> pd.DataFrame:
    """Mean daily rate of a month; a pair quoted the other way round is inverted."""
    fx = fx.merge(entities[["entity_id", "currency"]], on="entity_id")
    fx["is_direct"] = fx["quote_currency"] == fx["currency"]
    fx = fx[
        (fx["is_direct"] | (fx["base_currency"] == fx["currency"]))
        & (fx["base_currency"] != fx["quote_currency"])
    ]
    fx["currency"] = fx["base_currency"].where(fx["is_direct"], fx["quote_currency"])
    fx["month_start_date"] = month_of(fx["rate_date"])
    keys = ["entity_id", "month_start_date", "currency", "is_direct"]
    means = fx.groupby(keys)["average_rate"].agg(["sum", "count"]).reset_index()
    means["rate"] = rounded(means["sum"], means["count"])
    means = means.sort_values("is_direct").drop_duplicates(keys[:3], keep="last")
    means["numerator"] = means["rate"].where(means["is_direct"], RATE_UNITS)
    means["denominator"] = means["rate"].where(~means["is_direct"], RATE_UNITS)
    # in lowest terms, so that products stay within 63 bits
    common = np.gcd(means["numerator"].astype("int64"), means["denominator"].astype("int64"))
    means["numerator"] //= common
    means["denominator"] //= common
    return means[[*keys[:3], "numerator", "denominator"]]


def in_entity_currency(lines: pd.DataFrame, names: list[str]) -> None:
    """Convert the named amounts of foreign lines, in place."""
    foreign = lines["is_foreign"]
    part = lines[foreign]
    booked = part["functional_amount"].notna() & (part["net_amount"] != 0)
    numerator = part["functional_amount"].abs().where(booked, part["numerator"])
    denominator = part["net_amount"].abs().where(booked, part["denominator"])
    converted = {}
    for name in names:
        widest = part[name].abs().max() * max(numerator.max(), 1) * 2
        if not pd.isna(widest) and widest >= 2**63:
            raise OverflowError(f"{name}: a converted amount needs more than 63 bits")
        converted[name] = rounded(part[name] * numerator, denominator)
    converted["net_amount"] = part["functional_amount"].fillna(converted["net_amount"])
    for name, amounts in converted.items():
        lines.loc[foreign, name] = amounts


def revenue_months(landing: Path, entities: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The sub-ledger by customer and month."""
    lines["month_start_date"] = month_of(lines["posted_on"])
    own = entities.rename(columns={"currency": "entity_currency"})
    lines = lines.merge(own, on="entity_id")
    lines = lines[lines["month_start_date"].between(lines["first_month"], lines["last_month"])]
    rates = rates_of(read(landing, "fx_rates"), entities)
    lines = lines.merge(rates, on=["entity_id", "month_start_date", "currency"], how="left")
    lines["is_foreign"] = lines["currency"] != lines["entity_currency"]

    # a line without a cost of its own takes the product's of the day, in the entity's currency
    unpriced = lines["direct_cost_amount"].isna()
    free = unpriced & lines["document_type"].isin(["credit_note", "rebate_settlement"])
    products = read(landing, "products").merge(entities[["entity_id", "currency"]], on="entity_id")
    products = products[
        products["currency_x"].fillna(products["currency_y"]) == products["currency_y"]
    ]
    products = products.sort_values("valid_from")
    following = products.groupby(["entity_id", "product_id"])["valid_from"].shift(-1)
    far = pd.Timestamp("2262-01-01")
    products["until"] = np.minimum(
        products["valid_to"].fillna(far), (following - pd.Timedelta(days=1)).fillna(far)
    )
    missing = lines.loc[
        unpriced & ~free, ["entity_id", "product_id", "posted_on", "quantity"]
    ].reset_index()
    priced = missing.merge(products, on=["entity_id", "product_id"])
    priced = priced[priced["posted_on"].between(priced["valid_from"], priced["until"])]
    standard = rounded(
        priced["quantity"] * priced["standard_cost"], pd.Series(10_000, index=priced.index)
    )
    amounts = ["discount_amount", "rebate_amount", "net_amount", "freight_charged_amount"]
    in_entity_currency(lines, [*amounts, "freight_paid_amount", "direct_cost_amount"])
    lines.loc[priced["index"], "direct_cost_amount"] = standard.to_numpy()
    lines.loc[free, "direct_cost_amount"] = 0
    policy = lines["freight_policy"]
    lines["freight_paid_amount"] = (
        lines["freight_paid_amount"]
        .where(policy != "pass_through", lines["freight_charged_amount"])
        .where(policy != "in_pool", 0)
    )

    kind = lines["document_type"]
    lines["invoiced_discount_amount"] = lines["discount_amount"].where(kind == "invoice", 0)
    lines["returned_amount"] = lines["net_amount"].where(kind.isin(["return", "credit_note"]), 0)
    settled = lines["net_amount"].where(kind == "rebate_settlement", 0)
    lines["net_amount"] -= settled
    lines["rebate_amount"] -= settled
    sums = [*amounts, "freight_paid_amount", "direct_cost_amount", "invoiced_discount_amount"]
    months = lines.groupby(GRAIN, sort=False)
    result = months[[*sums, "returned_amount"]].sum()
    counted = months[["net_amount", "freight_paid_amount", "direct_cost_amount"]].count()
    result["lines_count"] = counted["net_amount"]
    for name in ("freight_paid_amount", "direct_cost_amount"):
        result[name] = result[name].where(counted[name] == counted["net_amount"])
    documents = lines[[*GRAIN, "document_id", "document_type"]].drop_duplicates()
    for name, wanted in (("orders_count", "invoice"), ("returns_count", "return")):
        of_kind = documents[documents["document_type"] == wanted]
        result[name] = of_kind.groupby(GRAIN).size()
    result[["orders_count", "returns_count"]] = result[["orders_count", "returns_count"]].fillna(0)
    return result.reset_index()


def ledger_of(ledger: pd.DataFrame, entities: pd.DataFrame, mapping: pd.DataFrame) -> pd.DataFrame:
    """The ledger's pool cost by P&L line, pool and the customer it names."""
    ledger = ledger.merge(entities, on="entity_id")
    ledger["month_start_date"] = month_of(ledger["posted_on"])
    ledger = ledger[
        ledger["month_start_date"].between(ledger["first_month"], ledger["last_month"])
        & ledger["partner_entity_id"].isna()
    ]
    by_account = mapping[mapping["cost_centre_id"].isna()].drop(columns="cost_centre_id")
    account = ["chart_id", "account_code"]
    ledger = ledger.merge(by_account, on=account, how="left")
    by_centre = mapping[mapping["cost_centre_id"].notna()]
    ledger = ledger.merge(
        by_centre, on=[*account, "cost_centre_id"], how="left", suffixes=("_account", "")
    )
    is_central = ledger["pnl_line"].isna()
    for name in ("pnl_line", "pool_id"):
        ledger[name] = ledger[name].where(~is_central, ledger[f"{name}_account"])
    ledger = ledger[ledger["pnl_line"].isin(["cost_to_serve", "customer_sustaining"])]
    keys = [*POOL, "chart_id", "customer_id"]
    return ledger.groupby(keys, dropna=False)["amount"].sum().reset_index()


def shared_out(
    landing: Path, revenue: pd.DataFrame, ledger: pd.DataFrame, pools: pd.DataFrame
) -> pd.DataFrame:
    """Pool cost by customer, in whole cents by largest remainder."""
    untraced = ledger[ledger["customer_id"].isna()].drop(columns="customer_id")
    untraced = untraced.merge(pools, on=["chart_id", "pool_id"])
    untraced["cents"] = untraced["amount"] // 100
    untraced = untraced[untraced["cents"] > 0]
    events = read(landing, "activities")
    events["quantity"] = events["quantity"].fillna(10_000)
    events = events[
        events["customer_id"].notna()
        & (events["quantity"] >= 0)
        & (events["minutes"].fillna(0) >= 0)
    ]
    events["month_start_date"] = month_of(events["occurred_at"])
    work = events.groupby([*GRAIN, "activity_type"])[["quantity", "minutes"]].sum().reset_index()
    orders = revenue[[*GRAIN, "orders_count"]].assign(driver="orders")
    orders["units"] = orders.pop("orders_count") * 10_000
    parts = [orders]
    for prefix, measure in (("activity:", "quantity"), ("activity_minutes:", "minutes")):
        part = work[GRAIN].copy()
        part["driver"], part["units"] = prefix + work["activity_type"], work[measure]
        parts.append(part)
    drivers = pd.concat(parts)
    drivers = drivers[drivers["units"] > 0]
    shares = untraced.merge(drivers, on=["entity_id", "month_start_date", "driver"])
    # pools costed by time have no quantity driver, and here nobody else's do either
    if len(shares) and float(shares["cents"].max()) * float(shares["units"].max()) >= 2**63:
        raise OverflowError("a pool's cents times a driver need more than 63 bits")
    product = shares["cents"] * shares["units"]
    total = shares.groupby(POOL)["units"].transform("sum")
    shares["share"], shares["remainder"] = product // total, product % total
    left = shares["cents"] - shares.groupby(POOL)["share"].transform("sum")
    order = shares.sort_values(
        [*POOL, "remainder", "customer_id"], ascending=[True] * 4 + [False, True]
    )
    rank = order.groupby(POOL).cumcount()
    shares["share"] += (rank.reindex(shares.index) < left).astype("int64")
    shares["amount"] = shares["share"] * 100
    traced = ledger[ledger["customer_id"].notna()]
    both = pd.concat([shares, traced])[[*GRAIN, "pnl_line", "amount"]]
    both = both[both["amount"] != 0]
    wide = both.pivot_table("amount", GRAIN, "pnl_line", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=["cost_to_serve", "customer_sustaining"], fill_value=0)
    return wide.add_suffix("_amount").reset_index()


def compute(landing: Path, out: Path) -> None:
    """The P&L from the raw files below ``landing`` into ``out``."""
    own = {name: table.to_pandas() for name, table in policies().items()}
    lines = sound_lines(read(landing, "revenue_lines"))
    postings = read(landing, "cost_entries")
    postings = postings[postings["scenario"].fillna("actual") == "actual"]
    entities = entities_of(lines, postings, own["organisations"])
    revenue = revenue_months(landing, entities, lines)
    del lines
    ledger = ledger_of(postings, entities, own["account_mapping"])
    costs = shared_out(landing, revenue, ledger, own["cost_pools"])
    months = revenue.merge(costs, on=GRAIN, how="outer", indicator=True)
    amounts = [c for c in months.columns if c.endswith(("_amount", "_count"))]
    only_cost = months["_merge"] == "right_only"
    never_missing = [c for c in amounts if c not in ("freight_paid_amount", "direct_cost_amount")]
    months[never_missing] = months[never_missing].fillna(0)
    months.loc[only_cost, ["freight_paid_amount", "direct_cost_amount"]] = 0
    has_ledger = postings.assign(month_start_date=month_of(postings["posted_on"]))
    has_ledger = has_ledger[GRAIN[::2]].drop_duplicates()
    months = months.merge(has_ledger, on=GRAIN[::2], how="left", indicator="ledger")
    costed = ["cost_to_serve_amount", "customer_sustaining_amount"]
    months.loc[months["ledger"] == "left_only", costed] = pd.NA
    months = months.merge(entities[["entity_id", "currency"]], on="entity_id")
    m = months
    m["list_amount"] = m["net_amount"] + m["discount_amount"]
    m["pocket_amount"] = m["net_amount"] - m["rebate_amount"]
    m["gross_margin_amount"] = (
        m["pocket_amount"]
        + m["freight_charged_amount"]
        - m["freight_paid_amount"]
        - m["direct_cost_amount"]
    )
    m["contribution_amount"] = m["gross_margin_amount"] - m["cost_to_serve_amount"]
    m["operating_profit_amount"] = m["contribution_amount"] - m["customer_sustaining_amount"]
    m["profit_level"] = np.select(
        [m["operating_profit_amount"].notna(), m["gross_margin_amount"].notna()],
        ["operating_profit", "gross_margin"],
        "pocket",
    )
    write(months.rename(columns={"net_amount": "invoice_amount"}).sort_values(GRAIN), out)


def write(months: pd.DataFrame, out: Path) -> None:
    """Whole units back into decimals, as one sorted Parquet file."""
    names = [*GRAIN, "currency", "profit_level"]
    names += [c for c in months.columns if c.endswith(("_amount", "_count"))]
    table = pa.Table.from_pandas(months[names], preserve_index=False)
    for position, name in enumerate(names):
        if name.endswith("_amount"):
            whole = pc.cast(table[name], pa.decimal128(19, 0))
            money = pc.multiply(whole, pa.scalar("0.0001").cast(pa.decimal128(5, 4)))
            table = table.set_column(position, name, pc.cast(money, pa.decimal128(18, 4)))
        elif name.endswith("_count"):
            table = table.set_column(position, name, pc.cast(table[name], pa.int64()))
        elif name == "month_start_date":
            table = table.set_column(position, name, pc.cast(table[name], pa.date32()))
    out.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, out / "customer_months.parquet", compression="zstd")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pandas_pnl", description=__doc__)
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    compute(given.landing, given.out)


if __name__ == "__main__":
    main()
