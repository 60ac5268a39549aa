"""Books that close: what is frozen stays, and what comes late goes to the open period.

On a small company. Nights are run up to the publication, without tests of dbt, the other gates
and the site; the tests run in order, each on what the one before has left.
"""

import csv
import io
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import books, changes, dbt_run, policies, publish
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import GateError, InputError, Settings
from synthetic import meridian

ENTITY, JANUARY, FEBRUARY = "meridian_de", date(2023, 1, 1), date(2023, 2, 1)
CLOSED_AT = datetime(2024, 6, 1)
FROZEN = (
    "fct_customer_profitability_monthly",
    "fct_customer_pnl_lines_monthly",
    "fct_cost_assignments_monthly",
    "fct_capacity_monthly",
    "fct_product_profitability_monthly",
    "rpt_adjustments",
    "rpt_group_aggregate",
    "rpt_ledger_reconciliation",
    "rpt_unassigned_rows",
)


@dataclass
class Company:
    """A landing folder, own policies, and the warehouse built from them."""

    settings: Settings

    def night(self) -> None:
        """Build what changed, judge the candidate by the books and publish it.

        Raises:
            GateError: a closed period comes out otherwise.
        """
        settings = self.settings
        policies.compose(settings)
        register(discover(settings.landing), settings)
        with duckdb.connect(str(settings.build_db)) as connection:
            standing = changes.since_last_build(connection, "code", policies.digests(settings))
            changes.forget_standing(connection)
        part = [dbt_run.with_all_that_follows(name) for name in standing.changed or ()]
        if standing.changed is None or part:
            select = ("--select", *part) if part else ()
            dbt_run.build(settings, "--exclude-resource-type", "test", *select)
        with duckdb.connect(str(settings.build_db)) as connection:
            changes.keep_standing(connection, "code", policies.digests(settings), {})
        run_id = f"run{len(publish.publications(settings)):02d}"
        manifest = settings.dbt_target / "manifest.json"
        entries = len(books.read(settings))
        candidate = publish.export_candidate(settings, run_id, manifest)
        books.refuse_unexplained(settings, candidate)
        books.complete_restatements(settings, candidate)
        publish.publish(settings, candidate, run_id, {"books_entries": entries})

    def query(self, sql: str) -> list[tuple]:
        """Ask the published file."""
        with duckdb.connect(
            str(self.settings.current / "twofold.duckdb"), read_only=True
        ) as connection:
            return connection.execute(sql).fetchall()

    def policy(self, name: str, added: str) -> None:
        """The shipped policy with rows more, in place of any of the test's own."""
        shipped = (policies.SHIPPED / "policies" / f"{name}.csv").read_text()
        (self.settings.policies / f"{name}.csv").write_text(shipped + added)

    def january(self) -> dict[str, list[tuple]]:
        """Every published row of the entity's January."""
        return {
            mart: self.query(
                f"select * from {mart} where entity_id = '{ENTITY}'"
                f" and month_start_date = date '{JANUARY}' order by all"
            )
            for mart in FROZEN
        }

    def change(self, table: str, query: str) -> None:
        """Write the rows of a query over a file; ``{old}`` is the file as it stands."""
        path = self.settings.landing / ENTITY / f"{table}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query.format(old=path)}) to '{path}.new' (format parquet)")
        Path(f"{path}.new").replace(path)


def other_readings_of_profit(settings: Settings) -> tuple[int, int, list[tuple]]:
    """Whether documents and the group speak of the customers' profit as the marts have it.

    Returns:
        customer-months compared; those in which documents are not the contribution before
        adjustments; periods whose pools or lines the group has otherwise than the tie-outs.
    """
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        compared, astray = connection.execute(
            """
            with documents as (
                select
                    entity_id, month_start_date, customer_id,
                    sum(contribution_amount) as contribution_amount,
                    sum(frozen_difference_amount) as frozen_difference_amount
                from marts.rpt_document_profitability
                group by all
            )
            select count(*), count(*) filter (
                customers.contribution_amount + adjustment_amount <>
                coalesce(documents.contribution_amount, 0)
                + coalesce(frozen_difference_amount, 0)
            )
            from marts.fct_customer_profitability_monthly as customers
            left join documents using (entity_id, month_start_date, customer_id)
            """
        ).fetchall()[0]
        group = connection.execute(
            """
            with aggregate as (
                select
                    entity_id, month_start_date,
                    sum(amount) filter (line in ('reported', 'intercompany')) as lines,
                    sum(amount) filter (line = 'assigned') as assigned,
                    sum(amount) filter (line in ('unused_capacity', 'unassigned')) as kept
                from marts.rpt_group_aggregate where statement = 'ledger' group by all
            ),
            tie_outs as (
                select
                    entity_id, month_start_date,
                    sum(ledger_amount * case when pnl_line in ('freight_paid', 'direct_cost')
                        then 1 else -1 end) filter (
                        tie_out = 'T3' and pnl_line not like '%receivable%') as lines,
                    sum(assigned_amount) filter (tie_out = 'T2') as assigned,
                    sum(unused_capacity_amount + unassigned_amount) filter (tie_out = 'T2')
                        as kept
                from marts.rpt_ledger_reconciliation group by all
            )
            (from aggregate except all from tie_outs)
            union all (from tie_outs except all from aggregate)
            """
        ).fetchall()
    return compared, astray, group


def adjustment(document: str, day: date, approved_at: str, amount: int) -> str:
    """A document that moves cost of picking from one customer to another."""
    rest = f"EUR,test,Ann,2023-02-01,Bob,{approved_at},finance,assumed,Test\n"
    return (
        f"{ENTITY},{document},1,{day},picking,DE-0000003,,{amount},{rest}"
        f"{ENTITY},{document},2,{day},picking,DE-0000005,,{-amount},{rest}"
    )


# booked in January before it closes
BOOKED = adjustment("BOOKED", JANUARY, "2023-02-02", 3)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company of 100 customers and five months, published once, January closed."""
    root = tmp_path_factory.mktemp("books")
    meridian.generate(root / "landing", customers=100, months=5)
    (root / "policies").mkdir()
    made = Company(
        Settings(
            landing=root / "landing",
            warehouse=root / "warehouse",
            policies=root / "policies",
            keep=50,
        )
    )
    made.policy("policy_adjustments", BOOKED)
    made.night()
    books.close(made.settings, ENTITY, JANUARY, "Ann", reason="closed for the test", at=CLOSED_AT)
    return made


@pytest.fixture(scope="module")
def january(company: Company) -> dict[str, list[tuple]]:
    """What January reported when it closed."""
    rows = company.january()
    assert all(rows.values())
    return rows


def test_closing_changes_no_published_row(company, january):
    company.night()
    assert company.january() == january
    assert company.query(
        "select period_state, book_version, acted_by from rpt_period_close where entity_id ="
        f" '{ENTITY}' and month_start_date = date '{JANUARY}' order by kind"
    ) == [("open", None, None), ("closed", 1, "Ann")]


def test_late_postings_are_booked_in_the_open_period_and_keep_their_own(company, january):
    revenue = (
        "select sum(invoice_amount) from fct_customer_profitability_monthly"
        f" where entity_id = '{ENTITY}' and month_start_date ="
    )
    before = company.query(f"{revenue} date '{FEBRUARY}'")
    lines = sorted((company.settings.landing / ENTITY / "revenue_lines").glob("*.parquet"))[0]
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select * replace ('LATE' as document_id, 'LATE' as source_id,"
            " timestamp '2024-06-20' as recorded_at, net_amount + 0 as net_amount)"
            f" from '{lines}' where document_type = 'invoice' and line_number = 1"
            " and currency = 'EUR' order by document_id limit 1)"
            f" to '{lines.with_name('late.parquet')}' (format parquet)"
        )
        late = connection.execute(
            f"select net_amount from '{lines.with_name('late.parquet')}'"
        ).fetchall()[0][0]
    company.change(
        "cost_entries",
        "from '{old}' union all by name (select * replace ('LATE' as source_id,"
        " timestamp '2024-06-20' as recorded_at, 30 as amount) from '{old}'"
        " where account_code = '6400' and scenario = 'actual' and posted_on between"
        " date '2023-01-01' and date '2023-01-31' and customer_id is null and currency = 'EUR'"
        " order by source_id limit 1)",
    )
    company.night()
    assert company.january() == january
    assert company.query(f"{revenue} date '{FEBRUARY}'")[0][0] == before[0][0] + late
    assert company.query(
        "select posting_type, month_start_date, original_month_start_date, amount"
        " from rpt_late_postings order by 1 desc"
    ) == [("revenue", FEBRUARY, JANUARY, late), ("ledger", FEBRUARY, JANUARY, 30)]
    assert company.query("select count(*) from rpt_restatements") == [(0,)]
    compared, *differing = other_readings_of_profit(company.settings)
    assert compared > 100 and differing == [0, []]
    # as reported, and by the period it belongs to: the same in total
    assert company.query(
        "select sum(original_revenue_amount - posted_revenue_amount),"
        " sum(original_cost_amount - posted_cost_amount), sum(late_cost_out_amount)"
        f" from rpt_period_close where entity_id = '{ENTITY}'"
    ) == [(0, 0, 30)]


def test_adjustment_of_a_closed_period_is_booked_in_the_open_one_and_none_is_slipped_in(
    company, january
):
    late = BOOKED + adjustment("LATE", JANUARY, "2024-06-20", 7)
    company.policy("policy_adjustments", late)
    company.night()
    assert company.january() == january
    assert company.query(
        "select month_start_date, original_month_start_date, adjustment_status,"
        " adjustment_amount from rpt_adjustments where document_id = 'LATE' order by line_number"
    ) == [(FEBRUARY, JANUARY, "booked", 7), (FEBRUARY, JANUARY, "booked", -7)]
    assert company.query(
        "select customer_id, adjustment_amount, net_amount from fct_cost_assignments_monthly"
        f" where entity_id = '{ENTITY}' and month_start_date = date '{FEBRUARY}'"
        " and adjustment_amount <> 0 order by 1"
    ) == [("DE-0000003", 7, 7), ("DE-0000005", -7, -7)]
    # approved, it is said, before the close: the closed period would come out otherwise
    slipped = adjustment("SLIPPED", JANUARY, "2024-05-01", 9)
    company.policy("policy_adjustments", late + slipped)
    with pytest.raises(GateError) as refused:
        company.night()
    assert f"{ENTITY} 2023-01-01 is closed" in str(refused.value)
    assert "for 2 customers" in str(refused.value)
    company.policy("policy_adjustments", late)
    company.night()
    assert company.january() == january


def test_customers_merged_after_the_close_are_merged_in_the_bridge_alone(company, january):
    identities = company.settings.landing / ENTITY / "identities.parquet"
    with duckdb.connect() as connection:
        (kept, tax), (merged, _) = connection.execute(
            f"select customer_id, min(tax_id) from '{identities}' where tax_id is not null"
            " and customer_id is not null group by 1 order by 1 limit 2"
        ).fetchall()
    told = (
        "select distinct customer_id from bridge_customer_identities where entity_id ="
        f" '{ENTITY}' and party_id in ('{kept}', '{merged}') order by 1"
    )
    assert company.query(told) == [(kept,), (merged,)]
    original = identities.read_bytes()
    company.change(
        "identities",
        f"select * replace (case when customer_id = '{merged}' then '{tax}' else tax_id end"
        " as tax_id) from '{old}'",
    )
    company.night()
    assert company.query(told) == [(kept,)]
    assert company.january() == january
    assert company.query("select count(*) from rpt_restatements") == [(0,)]
    identities.write_bytes(original)


def test_lines_of_a_merged_customer_delivered_anew_stop_the_night(company, january):
    published = company.settings.current.resolve()
    kept, merged = (
        name
        for (name,) in company.query(
            "select customer_id from fct_customer_profitability_monthly where entity_id ="
            f" '{ENTITY}' and month_start_date = date '{JANUARY}' and invoice_amount > 0"
            " and customer_id like 'DE-0%' order by 1 limit 2"
        )
    )
    files = sorted((company.settings.landing / ENTITY / "revenue_lines").glob("*.parquet"))
    original = {path: path.read_bytes() for path in files}
    for path in files:
        company.change(
            f"revenue_lines/{path.stem}",
            f"select * replace (case when customer_id = '{merged}' then '{kept}' else customer_id"
            " end as customer_id) from '{old}'",
        )
    with pytest.raises(GateError, match=f"{ENTITY} 2023-01-01 is closed"):
        company.night()
    # what was computed otherwise is in documents, and in the bridge, under a name of its own
    compared, *differing = other_readings_of_profit(company.settings)
    assert compared > 100 and differing == [0, []]
    with duckdb.connect(str(company.settings.build_db), read_only=True) as connection:
        assert connection.execute(
            "select count(*) filter (frozen_difference_amount <> 0) > 0,"
            " sum(frozen_difference_amount) filter (base_month_start_date = date '2023-01-01')"
            f" from marts.rpt_profit_bridge where entity_id = '{ENTITY}'"
            " and comparison = 'previous_period'"
        ).fetchall()[0][0]
        assert (
            connection.execute(
                "select sum(base_profit_amount) from marts.rpt_profit_bridge where"
                f" entity_id = '{ENTITY}' and comparison = 'previous_period'"
                f" and base_month_start_date = date '{JANUARY}' and customer_id is not null"
                " and profit_level = 'operating_profit'"
            ).fetchall()
            == connection.execute(
                "select sum(operating_profit_amount) from"
                " marts.fct_customer_profitability_monthly"
                f" where entity_id = '{ENTITY}' and month_start_date = date '{JANUARY}'"
            ).fetchall()
        )
        assert connection.execute(
            "select count(*) filter (frozen_difference_amount <> 0) from"
            " marts.rpt_document_profitability"
        ).fetchall() != [(0,)]
    assert company.settings.current.resolve() == published
    for path, content in original.items():
        path.write_bytes(content)
    company.night()
    assert company.january() == january


def test_a_later_segment_does_not_touch_frozen_rows(company, january):
    customer, segment = company.query(
        "select customer_id, segment from fct_customer_profitability_monthly where entity_id ="
        f" '{ENTITY}' and month_start_date = date '{JANUARY}' and segment is not null"
        " and customer_id in (select customer_id from fct_customer_profitability_monthly"
        f" where entity_id = '{ENTITY}' and month_start_date = date '{FEBRUARY}')"
        " order by 1 limit 1"
    )[0]
    company.change(
        "customers",
        f"select * replace (case when customer_id = '{customer}' then 'moved' else segment end"
        " as segment) from '{old}'",
    )
    company.night()
    assert company.january() == january
    assert company.query(
        "select distinct segment from fct_customer_profitability_monthly where entity_id ="
        f" '{ENTITY}' and customer_id = '{customer}' and month_start_date > date '{JANUARY}'"
    ) == [("moved",)]
    assert segment != "moved"


def later_policy(company: Company, valid_from: str) -> None:
    row = f"{ENTITY},capital_charge_rate,0.16,{valid_from},,finance,assumed,Test\n"
    company.policy("policy_costing_parameters", row)


# policy, the rows that change in April, the column, and what it becomes
IN_APRIL = [
    ("policy_costing_parameters", {"parameter": "rate_basis"}, "value", "year_to_date"),
    ("policy_costing_parameters", {"parameter": "capital_charge_rate"}, "value", "0.16"),
    ("policy_cost_pools", {"chart_id": "meridian", "pool_id": "picking"}, "avoidability", "fixed"),
    (
        "policy_time_equations",
        {"chart_id": "meridian", "activity_type": "order_entry", "term": "intercept"},
        "coefficient_minutes",
        "5",
    ),
    ("policy_activity_drivers", {"chart_id": "meridian", "driver": "returns"}, "weight", "2"),
    (
        "policy_account_mapping",
        {"chart_id": "meridian", "account_code": "6500"},
        "pnl_line",
        "unmapped",
    ),
    ("policy_reporting", {"parameter": "materiality_amount"}, "value", "5"),
    ("policy_reconciling_items", {"pnl_line": "intercompany"}, "is_signable", "false"),
    ("policy_minute_values", {"currency": "EUR"}, "minute_value_amount", "0.7"),
    ("policy_contact_caps", {"channel": "*"}, "contacts_at_most", "2"),
    ("policy_contact_parameters", {"parameter": "incremental_share"}, "value", "0.2"),
    ("policy_satisfaction_bands", {"segment": "*"}, "lower_index", "0.95"),
    ("policy_customer_strategies", {"quadrant": "too_new"}, "customer_strategy", "court"),
]


def change_in_april(company: Company) -> None:
    """End policy rows with March and let others take their place."""
    for name in sorted({policy for policy, *_ in IN_APRIL}):
        shipped = (policies.SHIPPED / "policies" / f"{name}.csv").read_text()
        rows = list(csv.DictReader(io.StringIO(shipped)))
        added = []
        for _, matches, column, value in (change for change in IN_APRIL if change[0] == name):
            found = [row for row in rows if matches.items() <= row.items()]
            assert found, (name, matches)
            for row in found:
                added.append(row | {"valid_from": "2023-04-01", column: value})
                row["valid_to"] = "2023-03-31"
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows + added)
        (company.settings.policies / f"{name}.csv").write_text(out.getvalue())


def test_policy_of_a_later_month_leaves_earlier_months_as_they_were(company):
    before = company.settings.current.resolve()
    change_in_april(company)
    company.night()
    after = company.settings.current.resolve()
    names = sorted(p.relative_to(before).as_posix() for p in before.glob("parquet/**/2023-0*"))
    changed = {n for n in names if (before / n).read_bytes() != (after / n).read_bytes()}
    assert len(names) > 50
    assert {Path(name).stem for name in changed} == {"2023-04-01", "2023-05-01"}
    # tables of few rows are one file: their rows of earlier periods, in every mart that has periods
    marts = [
        name
        for (name,) in company.query(
            "select distinct table_name from duckdb_columns() where column_name ="
            " 'month_start_date' order by 1"
        )
    ]
    with duckdb.connect() as connection:
        for place, folder in (("old", before), ("new", after)):
            connection.execute(f"attach '{folder / 'twofold.duckdb'}' as {place} (read_only)")
        earlier = "month_start_date < date '2023-04-01'"
        differing = [
            mart
            for mart in marts
            if connection.execute(
                f"(from old.{mart} where {earlier} except all from new.{mart} where {earlier})"
                f" union all"
                f" (from new.{mart} where {earlier} except all from old.{mart} where {earlier})"
                " limit 1"
            ).fetchall()
        ]
        later = [
            mart
            for mart in marts
            if connection.execute(f"from old.{mart} except all from new.{mart} limit 1").fetchall()
        ]
    assert len(marts) > 25
    assert differing == []
    # and the changes did change something in what they govern
    assert {
        "dim_months",
        "fct_capacity_monthly",
        "fct_contact_pressure_monthly",
        "fct_cost_assignments_monthly",
        "fct_customer_profitability_monthly",
        "fct_customer_value_monthly",
        "fct_hassle_events",
        "rpt_ledger_reconciliation",
        "rpt_profit_bridge",
    } - set(later) <= {"dim_months"}


def test_policy_that_reaches_into_a_closed_period_stops_the_night_with_amounts(company, january):
    published = company.settings.current.resolve()
    later_policy(company, "2023-01-01")
    with pytest.raises(GateError) as refused:
        company.night()
    said = str(refused.value)
    assert f"{ENTITY} 2023-01-01 is closed" in said
    assert "capital_charge in EUR: -" in said
    assert company.settings.current.resolve() == published
    assert company.january() == january


def test_approved_restatement_publishes_old_to_new_and_freezes_the_next_version(company, january):
    settings = company.settings
    with pytest.raises(GateError) as refused:
        company.night()
    mark = str(refused.value).split("--difference ")[1].split()[0]
    why = "the rate had been agreed for the whole year"
    with pytest.raises(InputError, match="same person"):
        books.restate(settings, ENTITY, JANUARY, mark, "Ann", "Ann", why)
    books.restate(settings, ENTITY, JANUARY, mark, "Ann", "Bob", why)
    company.night()
    restated = company.january()
    assert restated != january
    told = (
        "select pnl_line, sum(old_amount), sum(new_amount), min(restatement_status),"
        " min(approved_by), min(old_version) from rpt_restatements"
        " where compared = 'customers' group by 1"
    )
    [(line, old, new, *who)] = company.query(told)
    assert (line, who) == ("capital_charge", ["approved", "Bob", 1])
    # twice the rate; each customer's charge is rounded by itself
    assert abs(new - 2 * old) < 1 < abs(new - old)
    # from now on the second version is served, and the first still told
    company.night()
    assert company.january() == restated
    assert company.query(told) == [(line, old, new, *who)]
    assert company.query(
        "select book_version, is_restated from rpt_period_close where kind = 'profit' and"
        f" entity_id = '{ENTITY}' and month_start_date = date '{JANUARY}'"
    ) == [(2, True)]


def test_perceived_value_closes_by_itself_and_is_restated_when_answers_change(company):
    settings, april = company.settings, date(2023, 4, 1)
    values = (
        "select * from fct_customer_perceived_value_monthly where entity_id ="
        f" '{ENTITY}' and month_start_date = date '{april}' order by all"
    )
    before = company.query(values)
    books.close(settings, ENTITY, april, "Ann", kind="perceived_value", at=CLOSED_AT)
    company.night()
    assert company.query(values) == before
    assert company.query(
        "select kind, period_state, book_version from rpt_period_close where entity_id ="
        f" '{ENTITY}' and month_start_date = date '{april}' order by 1"
    ) == [("perceived_value", "closed", 1), ("profit", "open", None)]
    company.change("survey_responses", "from '{old}' where hash(response_id) % 2 = 0")
    with pytest.raises(GateError) as refused:
        company.night()
    said = str(refused.value)
    assert f"{ENTITY} 2023-04-01 (perceived_value) is closed" in said
    assert "index of DE-" in said
    # the candidate that was refused serves what was frozen
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        assert connection.execute(values.replace("from fct", "from marts.fct")).fetchall() == before
    mark = said.split("--difference ")[1].split()[0]
    why = "answers were counted twice"
    books.restate(settings, ENTITY, april, mark, "Ann", "Bob", why, kind="perceived_value")
    company.night()
    assert company.query(values) != before
    told = (
        "select min(restatement_status), min(approved_by), min(old_version), count(*) > 0"
        " from rpt_value_restatements"
    )
    assert company.query(told) == [("approved", "Bob", 1, True)]
    company.night()
    assert company.query(told) == [("approved", "Bob", 1, True)]


def test_steps_and_one_build_from_nothing_publish_the_same_bytes(company, tmp_path):
    def parquet(settings: Settings) -> dict[str, bytes]:
        root = settings.current / "parquet"
        return {
            p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*.parquet"))
        }

    fresh = Company(
        Settings(
            landing=company.settings.landing,
            warehouse=tmp_path / "fresh",
            policies=company.settings.policies,
        )
    )
    shutil.copytree(company.settings.books, fresh.settings.books)
    fresh.night()
    by_steps, at_once = parquet(company.settings), parquet(fresh.settings)
    assert by_steps.keys() == at_once.keys()
    assert [name for name in at_once if by_steps[name] != at_once[name]] == []
