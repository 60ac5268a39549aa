"""The synthetic company: complete, reproducible, and honest about its own truth."""

import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import TYPES, contract_tables
from synthetic import meridian

CUSTOMERS, MONTHS = 1000, 14


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company, long enough for settlements, a new year and the booking that came late."""
    folder = tmp_path_factory.mktemp("meridian")
    meridian.generate(folder, CUSTOMERS, MONTHS, threads=2)
    return folder


@pytest.fixture(scope="module")
def raw(world: Path) -> duckdb.DuckDBPyConnection:
    """The files as views named after the contract's tables, the truth as truth_*."""
    connection = duckdb.connect()
    for table in contract_tables():
        files = [str(f) for f in sorted(world.glob(f"meridian_*/{table}.parquet"))]
        files += [str(f) for f in sorted(world.glob(f"meridian_*/{table}/*.parquet"))]
        connection.execute(
            f"create view {table} as select * from read_parquet({files}, filename=true)"
        )
    for file in (world / "_truth").glob("*.parquet"):
        connection.execute(f"create view truth_{file.stem} as select * from read_parquet('{file}')")
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """The result of a query."""
    return connection.execute(query).fetchall()


def digests(folder: Path) -> dict[str, str]:
    """Every file below the folder with the hash of its bytes."""
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(folder.rglob("*"))
        if f.is_file()
    }


def test_same_seed_gives_the_same_bytes_on_one_thread_and_on_two(tmp_path: Path) -> None:
    meridian.generate(tmp_path / "two", 300, 8, threads=2)
    meridian.generate(tmp_path / "one", 300, 8, threads=1)
    assert digests(tmp_path / "two") == digests(tmp_path / "one")


def test_batches_change_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meridian.generate(tmp_path / "whole", 300, 8)
    # so few lines at once that every month is made by itself
    monkeypatch.setattr(meridian, "BATCH_LINES", 100)
    meridian.generate(tmp_path / "monthly", 300, 8)
    whole, monthly = tmp_path / "whole", tmp_path / "monthly"
    for file in sorted(f for f in whole.rglob("*") if f.is_file()):
        same = monthly / file.relative_to(whole)
        assert duckdb.sql(f"from '{file}'").fetchall() == duckdb.sql(f"from '{same}'").fetchall()


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    meridian.generate(tmp_path / "a", 100, 2, seed=1)
    meridian.generate(tmp_path / "b", 100, 2, seed=2)
    a, b = digests(tmp_path / "a"), digests(tmp_path / "b")
    lines = "meridian_de/revenue_lines/2023-01.parquet"
    assert a[lines] != b[lines]


def test_large_company_comes_in_part_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: Path
) -> None:
    monkeypatch.setattr(meridian, "LARGE", 1)
    meridian.generate(tmp_path, 300, 3)
    for table in meridian.MONTHLY_TABLES:
        names = [f.name for f in sorted((tmp_path / "meridian_de" / table).iterdir())]
        assert names == ["2023-01.parquet", "2023-02.parquet", "2023-03.parquet"]
    assert (world / "meridian_de" / "activities.parquet").is_file()


def test_number_of_lines_is_an_option(tmp_path: Path) -> None:
    meridian.generate(tmp_path, 1000, 6, lines=60_000)
    found = duckdb.sql(f"select count(*) from '{tmp_path}/meridian_*/revenue_lines/*.parquet'")
    assert found.fetchall()[0][0] == pytest.approx(60_000, rel=0.15)


@pytest.mark.parametrize("table", sorted(contract_tables()))
def test_every_contract_table_is_filled_in_its_types(
    table: str, raw: duckdb.DuckDBPyConnection
) -> None:
    entities = rows(raw, f"select distinct entity_id from {table} order by 1")
    assert [e for (e,) in entities] == ["meridian_de", "meridian_uk", "meridian_us"]
    wanted = {c.name: c for c in contract_tables()[table].columns}
    found = {name: kind.lower() for name, kind, *_ in rows(raw, f"describe {table}")}
    assert set(found) - {"filename"} <= set(wanted)
    assert {c.name for c in wanted.values() if c.required} <= set(found)
    for name, kind in found.items():
        if name != "filename":
            spelled = wanted[name].data_type
            assert kind == TYPES["duckdb"].get(spelled, spelled), name


def test_mean_of_a_months_rates_has_two_decimals(raw: duckdb.DuckDBPyConnection) -> None:
    means = rows(
        raw,
        "select sum(average_rate), count(*) from fx_rates"
        " group by entity_id, base_currency, date_trunc('month', rate_date)",
    )
    assert means
    for total, days in means:
        mean = Decimal(total) / days
        assert mean == mean.quantize(Decimal("0.01"))


LINES_AS_BOOKED = """
    create or replace temp view rates as
    select entity_id, base_currency, date_trunc('month', rate_date) as month_start,
        cast(round(sum(average_rate) / count(*), 2) as decimal(9, 2)) as rate
    from fx_rates group by all;

    -- the last version of each line; two rows under one number are both kept, since both are booked
    create or replace temp view booked as
    select l.*, date_trunc('month', l.posted_on) as month_start, coalesce(r.rate, 1) as rate,
        coalesce(l.direct_cost_amount, l.quantity * p.standard_cost) as cost
    from (
        select * from revenue_lines
        qualify rank() over (
            partition by entity_id, document_id, line_number order by recorded_at desc
        ) = 1
    ) as l
    left join rates as r on l.entity_id = r.entity_id and l.currency = r.base_currency
        and date_trunc('month', l.posted_on) = r.month_start
    left join products as p on l.entity_id = p.entity_id and l.product_id = p.product_id
        and l.posted_on between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
    left join customers as c on l.entity_id = c.entity_id and l.customer_id = c.customer_id
        and c.partner_entity_id is not null
    where c.customer_id is null;
"""

DIFFERENCES = """
    with amounts as (
        select entity_id, month_start, document_type,
            cast(list_amount * rate as decimal(18, 4)) as list_amount,
            cast(discount_amount * rate as decimal(18, 4)) as discount_amount,
            cast(rebate_amount * rate as decimal(18, 4)) as rebate_amount,
            cast(net_amount * rate as decimal(18, 4)) as net_amount,
            cast(freight_charged_amount * rate as decimal(18, 4)) as freight_charged_amount,
            cast(freight_paid_amount * rate as decimal(18, 4)) as freight_paid_amount,
            cast(cost * rate as decimal(18, 4)) as cost
        from booked
    ),
    sides as (
        select entity_id, month_start,
            unnest([
                {'account': '4000', 'amount':
                    case when document_type in ('invoice', 'down_payment') then -list_amount end},
                {'account': '4100', 'amount':
                    case when document_type = 'invoice' then discount_amount end},
                {'account': '4200', 'amount':
                    case when document_type in ('return', 'credit_note') then -net_amount end},
                {'account': '4300', 'amount': rebate_amount
                    - case when document_type = 'rebate_settlement' then net_amount else 0 end},
                {'account': '4400', 'amount': -freight_charged_amount},
                {'account': '5000', 'amount': cost},
                {'account': '5100', 'amount': freight_paid_amount}
            ], recursive := true),
            1 as side
        from amounts
        union all
        select entity_id, date_trunc('month', posted_on), account_code, amount, -1
        from cost_entries
        where scenario = 'actual' and partner_entity_id is null
            and account_code in ('4000', '4100', '4200', '4300', '4400', '5000', '5100')
    )
    select entity_id, cast(month_start as date), account, -sum(amount * side) as difference
    from sides group by all having sum(amount * side) <> 0 order by 1, 2
"""


def test_ledger_ties_to_the_lines_except_for_the_documented_timing(
    raw: duckdb.DuckDBPyConnection,
) -> None:
    raw.execute(LINES_AS_BOOKED)
    expected = rows(
        raw,
        "select entity_id, month_start, '5100', ledger_less_subledger_amount"
        " from truth_timing_differences order by month_start",
    )
    assert len(expected) == 2
    assert rows(raw, DIFFERENCES) == expected


def test_postings_of_a_month_add_to_nothing_and_balances_are_their_sum(
    raw: duckdb.DuckDBPyConnection,
) -> None:
    assert not rows(
        raw,
        "select entity_id, posted_on - day(posted_on)::int, currency from cost_entries"
        " where scenario = 'actual' and account_code <> '9000'"
        " group by all having sum(amount) <> 0",
    )
    assert not rows(
        raw,
        "select * from (select entity_id, account_code, currency,"
        " cast(date_trunc('month', posted_on) as date) as period, sum(amount) as amount"
        " from cost_entries where scenario = 'actual' group by all) as e full join ledger_balances"
        " as b using (entity_id, account_code, currency, period)"
        " where e.amount is distinct from b.amount",
    )
    assert rows(raw, "select count(*) > 0 from cost_entries where scenario = 'budget'") == [(True,)]
    assert rows(
        raw, "select count(*) - count(distinct (entity_id, source_id)) from cost_entries"
    ) == [(0,)]


def test_the_sales_plan_and_the_ledgers_budget_are_one_plan(raw: duckdb.DuckDBPyConnection) -> None:
    plans = rows(
        raw,
        "select * from (select entity_id, period, sum(net_amount), sum(freight_charged_amount),"
        " sum(direct_cost_amount) from budgets group by all) full join ("
        "select entity_id, posted_on as period,"
        " -sum(amount) filter (account_code between '4000' and '4400'),"
        " -sum(amount) filter (account_code = '4400'),"
        " sum(amount) filter (account_code in ('5000', '5100'))"
        " from cost_entries where scenario = 'budget' group by all) using (entity_id, period)",
    )
    assert len(plans) == 3 * MONTHS
    for _, _, sales, freight, cost, *ledger in plans:
        assert [sales, freight, cost] == ledger
        assert sales > cost > freight > 0


def test_cut_off_is_material_where_it_is_planted_and_seldom_elsewhere(
    raw: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        raw,
        "select entity_id, strftime(posted_on, '%Y-%m') as month, sum(amount) filter ("
        "service_period is null and strftime(delivered_on, '%Y-%m') is distinct from month)"
        " / sum(amount) > 0.005 from (select entity_id, document_id, max(posted_on) as posted_on,"
        " max(service_period) as service_period,"
        " sum(coalesce(functional_amount, net_amount)) as amount from revenue_lines"
        " where document_type = 'invoice' group by all) inner join ("
        "select entity_id, document_id, max(delivered_on) as delivered_on from deliveries group by"
        " all) using (entity_id, document_id) group by all",
    )
    material = {(entity, month) for entity, month, is_material in found if is_material}
    planted = {
        ("meridian_de", "2023-12"),
        ("meridian_us", "2023-10"),
        ("meridian_uk", "2023-08"),
    }
    assert planted <= material
    assert len(material) < len(found) / 3


DIRT = {
    ("revenue_lines", "missing_customer"): "customer_id is null and document_type in "
    "('invoice', 'return', 'credit_note')",
    ("revenue_lines", "positive_credit_note"): "document_type = 'credit_note' and net_amount > 0",
    ("revenue_lines", "unknown_document_type"): "document_type = 'down_payment'",
    ("activities", "negative_driver"): "quantity < 0",
    ("deliveries", "no_attempt"): "attempts < 1",
    ("customers", "unknown_party_type"): "party_type not in ('person', 'organisation')",
    ("survey_responses", "score_outside_scale"): "score > scale_max",
}


def test_dirt_is_there_and_counted(raw: duckdb.DuckDBPyConnection) -> None:
    told = {
        (table, kind): count
        for table, kind, count in rows(
            raw, "select table_name, kind, sum(rows_count)::int from truth_dirt group by all"
        )
    }
    for (table, kind), condition in DIRT.items():
        if kind == "missing_customer":
            condition += " and not (document_type = 'credit_note' and net_amount > 0)"
        found = rows(raw, f"select count(*) from {table} where {condition}")[0][0]
        assert found == told.pop((table, kind)) > 0, (table, kind)
    doubled = rows(
        raw,
        "select coalesce(sum(n) filter (moments = 1), 0)::int,"
        " coalesce(sum(n - 1) filter (moments = 2), 0)::int from ("
        " select count(*) as n, count(distinct recorded_at) as moments from revenue_lines"
        " group by entity_id, document_id, line_number having count(*) > 1)",
    )[0]
    assert doubled == (
        told.pop(("revenue_lines", "duplicate_key")),
        told.pop(("revenue_lines", "superseded")),
    )
    assert not told
    share = rows(
        raw,
        "select sum(rows_count) / (select count(*) from revenue_lines) from truth_dirt"
        " where table_name = 'revenue_lines' and kind <> 'superseded'",
    )[0][0]
    assert 0.0005 < share < 0.005


def test_dirty_names_are_customers_and_not_dirt(raw: duckdb.DuckDBPyConnection) -> None:
    names = {"O'Brien; DROP TABLE", "<script>alert(1)</script>", "=1+1"}
    found = {n for (n,) in rows(raw, "select distinct name from customers")}
    assert names <= found


def test_late_and_corrected_lines_lie_in_a_later_file(raw: duckdb.DuckDBPyConnection) -> None:
    astray = rows(
        raw,
        "select count(*) filter (strftime(recorded_at, '%Y-%m') <> file),"
        " count(*) filter (strftime(posted_on, '%Y-%m') < file)"
        " from (select *, regexp_extract(filename, '([0-9-]+).parquet', 1) as file"
        " from revenue_lines)",
    )[0]
    assert astray[0] == 0
    assert astray[1] > 0


def test_those_with_more_value_and_lock_in_stay(raw: duckdb.DuckDBPyConnection) -> None:
    assert not rows(
        raw,
        "select 1 from (select stays_a_year - lag(stays_a_year) over (partition by lock_in_level"
        " order by true_value) as step from truth_staying_response) where step < 0",
    )
    left = rows(
        raw,
        "select true_value > 0 as is_high, avg((leave_month is not null)::int) from truth_customers"
        " where first_month = 1 and lock_in_level = 'none' group by all order by 1",
    )
    assert left[0][1] > 1.3 * left[1][1]


def test_duplicates_share_tax_number_or_telephone(raw: duckdb.DuckDBPyConnection) -> None:
    pairs = rows(
        raw,
        "select count(*), count(*) filter (exists (select 1 from identities as a, identities as b"
        " where a.customer_id = d.true_customer_id and b.customer_id = d.duplicate_customer_id"
        " and (a.tax_id = b.tax_id or replace(a.phone, ' ', '') = replace(b.phone, ' ', ''))))"
        " from truth_duplicates as d",
    )[0]
    assert pairs[0] > 5
    assert pairs[1] > 0.6 * pairs[0]


def test_landing_accepts_the_folder(world: Path) -> None:
    from orchestration.landing import discover

    found = discover(world)
    assert found.entities == ("meridian_de", "meridian_uk", "meridian_us")
    assert {t.name for t in found.groups} == set(contract_tables())


def test_too_small_a_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 100 customers"):
        meridian.generate(tmp_path, 10, 1)
