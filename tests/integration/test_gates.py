"""Bad data must fail: both gates, over files and over a candidate, one fixture a kind of fault.

A delivery or candidate carries several faults at once where they do not hide each other: every run
of a gate costs about a second.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from expectations.gates import landing_gate, published_gate
from expectations.outcome import GateOutcome
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import GateError, Settings

CUSTOMERS = 'customer_id,name\n1,"O\'Brien; DROP TABLE"\n2,<script>\n3,=1+1\n'
REVENUE = "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
COSTS = "posted_on,account_code,amount,currency\n2024-01-31,6000,50,EUR\n2024-02-29,6100,7.5,EUR\n"


def lines(count: int = 10, **cells: str) -> str:
    """Revenue lines, the same cells in each."""
    made = {"posted_on": "2024-01-05", "customer_id": "1", "net_amount": "5.00", "currency": "EUR"}
    made |= cells
    return REVENUE + "".join(
        f"D{n},1,{made['posted_on']},{made['customer_id']},{made['net_amount']},{made['currency']}\n"
        for n in range(count)
    )


def deliver(settings: Settings, entity: str = "acme", **tables: str) -> None:
    """Write one entity's files; the three required ones are sound unless given."""
    folder = settings.landing / entity
    folder.mkdir(parents=True, exist_ok=True)
    sound = {"customers": CUSTOMERS, "revenue_lines": lines(), "cost_entries": COSTS}
    for name, text in (sound | tables).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def judge(settings: Settings, **named) -> GateOutcome:
    landing = discover(settings.landing)
    register(landing, settings)
    return landing_gate(settings, landing, **named)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")


def only(faults: list, expected: str) -> None:
    """Exactly one kind of fault was found, and it says where."""
    assert faults, f"nothing found where {expected!r} was expected"
    assert all(expected in str(f) for f in faults), [str(f) for f in faults]


def each_once(faults: list, expected: list[str]) -> None:
    """Every fault expected was found, and none besides."""
    found = [str(f) for f in faults]
    assert [t for t in expected if not any(t in f for f in found)] == [], found
    assert [f for f in found if not any(t in f for t in expected)] == []


# -- landing gate


def test_a_sound_delivery_passes_and_absent_tables_are_named(settings: Settings):
    deliver(settings)
    outcome = judge(settings)
    outcome.raise_if_blocked()
    assert outcome.warnings == []
    assert len(outcome.suites) == 3
    assert outcome.skipped["landing__survey_responses"] == "no file was delivered"
    assert "landing__olist__orders" in outcome.skipped
    assert outcome.rows["landing.revenue_lines"] == 10
    assert (settings.data_docs / "landing" / "landing__customers.html").is_file()


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (
            {
                "customers": "customer_id,name\n,A\n,B\n",
                "revenue_lines": REVENUE,
                "cost_entries": COSTS.splitlines()[0] + "\n2024-01-31,6000,five,EUR" * 3 + "\n"
                "2024-01-31,6000,5,EUR\n",
            },
            [
                "table landing.customers, column customer_id: expected a value in at least one row",
                "table landing.revenue_lines: expected at least one row",
                "column unparsable_cells: expected cells that can be read in at least 50% of the "
                "rows; found 3 of 4 rows otherwise, such as amount=five",
            ],
        ),
        (
            {"revenue_lines": lines(posted_on="0024-01-05", net_amount="")},
            [
                "table landing.revenue_lines, column net_amount: expected a value in at least one",
                "table landing.revenue_lines, column posted_on: expected a day between 1990-01-01",
            ],
        ),
    ],
    ids=["no_keys_empty_unreadable", "never_filled_wrong_century"],
)
def test_a_broken_delivery_blocks(settings: Settings, tables: dict[str, str], expected: list[str]):
    deliver(settings, **tables)
    outcome = judge(settings)
    each_once(outcome.failures, expected)
    with pytest.raises(GateError):
        outcome.raise_if_blocked()


def test_single_bad_rows_are_left_to_quarantine(settings: Settings):
    bad = lines(2, net_amount="five") + lines(1, customer_id="").removeprefix(REVENUE)
    deliver(settings, revenue_lines=bad + lines(7).removeprefix(REVENUE))
    assert judge(settings).passed


def test_one_entity_delivered_empty_blocks(settings: Settings):
    deliver(settings)
    deliver(settings, "zenith", revenue_lines=REVENUE)
    outcome = judge(settings)
    only(outcome.failures, "rows of every entity that delivered it (acme, zenith)")
    assert "table landing.revenue_lines" in str(outcome.failures[0])


def test_a_source_in_its_own_shape_is_judged_too(settings: Settings):
    folder = settings.landing / "online_retail"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'A' as InvoiceNo, 'X' as StockCode, 'd' as Description, 1.0 as Quantity,"
            " timestamp '2011-01-05' as InvoiceDate, 2.5 as UnitPrice,"
            " cast(null as double) as CustomerID, 'France' as Country)"
            f" to '{folder / 'online_retail_2010_2011.parquet'}' (format parquet)"
        )
    outcome = judge(settings)
    only(outcome.failures, "table online_retail.invoice_lines, column CustomerID")


def test_the_unusual_warns_with_a_reason(settings: Settings):
    without_customer = lines(6, customer_id="").removeprefix(REVENUE)
    deliver(
        settings,
        customers="customer_id,party_type\n1,robot\n",
        revenue_lines=lines(4) + without_customer,
        cost_entries=COSTS.replace("EUR", "Euro"),
        wallets="customer_id,period,wallet_amount,currency\n",
        activities="activity_type,occurred_at,minutes\nvisit,2024-01-05 10:00:00,5000\n",
        survey_responses="response_id,respondent_id,survey_id,question_id,score,scale_min,scale_max"
        "\n1,1,s,recommend,99,0,10\n",
    )
    outcome = judge(settings)
    assert outcome.passed, [str(f) for f in outcome.failures]
    expected = [
        "column party_type: expected one of person, organisation; found 1 of 1 rows",
        "table landing.revenue_lines, column customer_id: expected a value in at least 50%",
        "table landing.cost_entries, column currency: expected an ISO 4217 code of three letters",
        "table landing.wallets: expected at least one row",
        "column minutes: expected at least 0 and at most 1440 in 99% of the rows",
        "found 1 rows: question_id recommend, answers 1",
    ]
    each_once(outcome.warnings, expected)
    assert all(f.reason for f in outcome.warnings)


def test_rows_lost_since_the_last_publication_warn(settings: Settings):
    deliver(settings)
    last = judge(settings)
    settings.current.mkdir(parents=True)
    manifest = {"gates": {"landing": last.summary()}}
    (settings.current / "manifest.json").write_text(json.dumps(manifest))
    deliver(settings, revenue_lines=lines(7))
    only(judge(settings).warnings, "at least 8 rows, after 10 at the last publication; found 7")


def test_a_stale_delivery_warns_by_the_given_day_only(settings: Settings):
    deliver(settings)
    assert judge(settings, judged_on=date(2024, 2, 10)).warnings == []
    landing = discover(settings.landing)
    faults = landing_gate(settings, landing, judged_on=date(2026, 1, 1)).warnings
    only(faults, "an event on or after 2025-11-17")
    assert "found 2024-01-05" in " ".join(map(str, faults))


def test_the_real_sets_are_not_blocked(settings: Settings, real_landing: Path):
    outcome = judge(replace(settings, landing=real_landing))
    outcome.raise_if_blocked()
    assert {s.split("__")[1] for s in outcome.suites} == {
        "adventureworks",
        "olist",
        "online_retail",
    }


# -- published gate

PROFIT = "fct_customer_profitability_monthly"
PERCEIVED = "fct_customer_perceived_value_monthly"
VALUE = "fct_customer_value_monthly"
# a sound candidate: mart, grain, and one row's cells as SQL
SOUND = {
    PROFIT: (
        ["entity_id", "customer_id", "month_start_date"],
        {
            "entity_id": "'acme'",
            "customer_id": "'1'",
            "month_start_date": "date '2024-01-01'",
            "invoice_amount": "100::decimal(18,4)",
            "pocket_amount": "100::decimal(18,4)",
            "gross_margin_amount": "40::decimal(18,4)",
            "lines_count": "3::bigint",
        },
    ),
    PERCEIVED: (
        ["entity_id", "customer_id", "month_start_date"],
        {
            "entity_id": "'acme'",
            "customer_id": "'1'",
            "month_start_date": "date '2024-01-01'",
            "perceived_value_index": "1.2::decimal(18,9)",
            "own_answer_share": "0.5::decimal(18,9)",
            "measurement_status": "'measured'",
        },
    ),
    VALUE: (
        ["entity_id", "customer_id", "month_start_date"],
        {
            "entity_id": "'acme'",
            "customer_id": "'1'",
            "month_start_date": "date '2024-01-01'",
            "quadrant": "'profitable_within_band'",
            "quadrant_probability": "0.7::decimal(18,9)",
        },
    ),
    "rpt_whale_curve": (
        ["entity_id", "period", "customer_id"],
        {
            "entity_id": "'acme'",
            "period": "'all'",
            "customer_id": "'1'",
            "customer_rank": "1::bigint",
        },
    ),
    "rpt_ledger_reconciliation": (
        ["entity_id", "month_start_date", "currency", "tie_out"],
        {
            "entity_id": "'acme'",
            "month_start_date": "date '2024-01-01'",
            "currency": "'EUR'",
            "tie_out": "'T2'",
            "pnl_line": "'cost_to_serve'",
            "ledger_amount": "100::decimal(18,4)",
            "unassigned_amount": "5::decimal(18,4)",
        },
    ),
    "rpt_profit_concentration": (
        ["entity_id", "period", "profit_level"],
        {
            "entity_id": "'acme'",
            "period": "'trailing_12'",
            "profit_level": "'contribution'",
            "customers_count": "10::bigint",
            "loss_making_count": "2::bigint",
            "gini_rsv_coefficient": "0.4::decimal(18,9)",
            "stobachoff_index_bounded": "0.2::decimal(18,9)",
            "peak_at_customers_share": "0.8::decimal(18,9)",
        },
    ),
    "rpt_value_map": (
        ["entity_id", "month_start_date"],
        {
            "entity_id": "'acme'",
            "month_start_date": "date '2024-01-01'",
            "value_index": "1.1::decimal(18,9)",
            "relative_quality": "1.05::decimal(18,9)",
            "relative_price": "0.95::decimal(18,9)",
        },
    ),
    "rpt_measurement_coverage": (
        ["entity_id", "month_start_date"],
        {
            "entity_id": "'acme'",
            "month_start_date": "date '2024-01-01'",
            "customers_share": "1::decimal(18,9)",
        },
    ),
    "rpt_unassigned_rows": (
        ["entity_id", "month_start_date", "pnl_line", "pool_id"],
        {
            "entity_id": "'acme'",
            "month_start_date": "date '2024-01-01'",
            "pnl_line": "'unallocated'",
            "pool_id": "'unmapped:6999'",
            "ledger_amount": "5::decimal(18,4)",
        },
    ),
    "rpt_plan_reconciliation": (
        ["entity_id", "month_start_date", "plan_line"],
        {
            "entity_id": "'acme'",
            "month_start_date": "date '2024-01-01'",
            "plan_line": "'sales'",
            "difference_amount": "0.5::decimal(18,4)",
            "plan_status": "'below_materiality'",
        },
    ),
    "rpt_source_control_totals": (
        ["entity_id", "source", "input_table", "currency"],
        {
            "entity_id": "'acme'",
            "source": "'landing'",
            "input_table": "'revenue_lines'",
            "currency": "'EUR'",
            "raw_rows": "100::bigint",
            "quarantined_rows": "1::bigint",
        },
    ),
}


def write_candidate(path: Path, changes: dict[str, dict[str, str]] | None = None) -> Path:
    """A candidate with one row a mart; ``changes`` replaces cells, ``rows`` sets how many."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        for mart, (_, cells) in SOUND.items():
            changed = dict((changes or {}).get(mart, {}))
            rows = changed.pop("rows", "1")
            cells = {k: v for k, v in (cells | changed).items() if v != "absent"}
            selected = ", ".join(f'{value} as "{name}"' for name, value in cells.items())
            connection.execute(f'create table "{mart}" as select {selected} from range({rows})')
    return path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    nodes = {
        f"model.twofold.{mart}": {
            "resource_type": "model",
            "name": mart,
            "fqn": ["twofold", "marts", "topic", mart],
            "config": {"meta": {"grain": grain}},
            "columns": {
                name: {"data_type": "bigint" if "bigint" in value else "string"}
                for name, value in cells.items()
            },
        }
        for mart, (grain, cells) in SOUND.items()
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}))
    return path


def test_a_sound_candidate_passes_given_as_file_or_folder(
    settings: Settings, manifest: Path, tmp_path: Path
):
    file = write_candidate(tmp_path / "twofold.duckdb")
    for candidate in (file, tmp_path):
        outcome = published_gate(settings, candidate, manifest, previous=candidate)
        outcome.raise_if_blocked()
        assert outcome.warnings == []
    assert outcome.suites == [f"published__{mart}" for mart in sorted(SOUND)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                PROFIT: {"lines_count": "absent"},
                PERCEIVED: {"perceived_value_index": "25::decimal(18,9)"},
                VALUE: {"quadrant_probability": "1.01::decimal(18,9)"},
                "rpt_whale_curve": {"customer_rank": "0::bigint"},
                "rpt_ledger_reconciliation": {"tie_out": "'T9'"},
                "rpt_profit_concentration": {"gini_rsv_coefficient": "1.4::decimal(18,9)"},
                "rpt_value_map": {"relative_price": "0::decimal(18,9)"},
                "rpt_measurement_coverage": {"customers_share": "1.1::decimal(18,9)"},
                "rpt_source_control_totals": {"quarantined_rows": "60::bigint"},
            },
            [
                f"table {PROFIT}: expected exactly the columns of the contract; found missing "
                "lines_count",
                f"table {PROFIT}, column lines_count: expected a count of at least 0; found that "
                "it cannot be evaluated",
                "column perceived_value_index: expected an index above 0 and below 20 (par is 1); "
                "found 1 of 1 rows otherwise, such as 25",
                "column quadrant_probability: expected a share between 0 and 1",
                "column customer_rank: expected a rank of at least 1",
                "column gini_rsv_coefficient: expected a measure between 0 and 1",
                "column relative_price: expected a ratio above 0",
                "column customers_share: expected a share between 0 and 1",
                "column tie_out: expected one of T1, T2, T3; found 1 of 1 rows otherwise",
                "of a required table in quarantine, and never all; found 1 rows: entity_id acme, "
                "source landing, input_table revenue_lines, quarantined_rows 60, raw_rows 100",
            ],
        ),
        (
            {
                PROFIT: {"customer_id": "cast(null as varchar)", "surprise": "1"},
                PERCEIVED: {
                    "perceived_value_index": "0::decimal(18,9)",
                    "measurement_status": "'guessed'",
                    "own_answer_share": "1.5::decimal(18,9)",
                },
                VALUE: {"month_start_date": "date '0024-01-01'"},
            },
            [
                f"table {PROFIT}: expected exactly the columns of the contract; found unexpected "
                "surprise",
                f"table {PROFIT}, column customer_id: expected a value in every row",
                "column perceived_value_index: expected an index above 0",
                "column measurement_status: expected one of measured, low_n",
                "column own_answer_share: expected a share between 0 and 1",
                f"table {VALUE}, column month_start_date: expected a month between",
            ],
        ),
        (
            {PROFIT: {"lines_count": "-3::bigint"}, VALUE: {"rows": "0"}},
            [
                f"table {PROFIT}, column lines_count: expected a count of at least 0",
                f"table {VALUE}: expected at least one row",
            ],
        ),
    ],
    ids=["columns_ranges_sets_quarantine", "keys_and_statuses", "counts_and_emptiness"],
)
def test_an_implausible_candidate_blocks(
    settings: Settings,
    manifest: Path,
    tmp_path: Path,
    changes: dict[str, dict[str, str]],
    expected: list[str],
):
    candidate = write_candidate(tmp_path / "candidate.duckdb", changes)
    outcome = published_gate(settings, candidate, manifest)
    each_once(outcome.failures, expected)
    with pytest.raises(GateError):
        outcome.raise_if_blocked()


def test_a_surprising_candidate_warns_with_a_reason(
    settings: Settings, manifest: Path, tmp_path: Path
):
    last = write_candidate(tmp_path / "last.duckdb")
    changes = {
        PROFIT: {
            "gross_margin_amount": "-90::decimal(18,4)",
            "customer_id": "'(unknown)'",
            "invoice_amount": "79::decimal(18,4)",
        },
        PERCEIVED: {
            "measurement_status": "'not_measured'",
            "perceived_value_index": "3::decimal(18,9)",
        },
        VALUE: {"rows": "30"},
        "rpt_profit_concentration": {"loss_making_count": "7::bigint"},
        "rpt_ledger_reconciliation": {"unassigned_amount": "30::decimal(18,4)"},
        "rpt_plan_reconciliation": {"plan_status": "'difference'"},
        "rpt_source_control_totals": {"quarantined_rows": "6::bigint"},
        "rpt_unassigned_rows": {"pnl_line": "'unmapped'"},
        "rpt_whale_curve": {"rows": "0"},
    }
    candidate = write_candidate(tmp_path / "candidate.duckdb", changes)
    outcome = published_gate(settings, candidate, manifest, last)
    assert outcome.passed, [str(f) for f in outcome.failures]
    expected = [
        "a gross margin between -50% and 98% of revenue per entity",
        "revenue without a customer; found 1 rows: entity_id acme",
        "entity_id acme, previous_amount 100, amount 79",
        "an entity's customer months not measured",
        "a mean index between 0.5 and 2 per entity (par is 1); found 1 rows: entity_id acme",
        "no quadrant with more than 95% of an entity's placed customers; found 1 rows",
        "at most 60% of the customers losing money; found 1 rows",
        "the cost that has a driver unassigned; found 1 rows",
        "at most 5% of a table in quarantine",
        "budget and ledger budget differ above materiality; found 1 rows: entity_id acme, "
        "plan_line sales",
        "policy_account_mapping does not map; found 1 rows: entity_id acme, pool_id unmapped:6999",
        "table rpt_whale_curve: expected at least one row",
    ]
    each_once(outcome.warnings, expected)
    assert all(f.reason for f in outcome.warnings)


def test_rows_lost_since_the_last_publication_of_a_mart_warn(
    settings: Settings, manifest: Path, tmp_path: Path
):
    last = write_candidate(tmp_path / "last.duckdb", {PERCEIVED: {"rows": "10"}})
    candidate = write_candidate(tmp_path / "candidate.duckdb", {PERCEIVED: {"rows": "7"}})
    outcome = published_gate(settings, candidate, manifest, last)
    only(outcome.warnings, "at least 8 rows, after 10 in the last publication; found 7")


def test_a_mart_missing_from_the_candidate_blocks(
    settings: Settings, manifest: Path, tmp_path: Path
):
    candidate = write_candidate(tmp_path / "candidate.duckdb")
    with duckdb.connect(str(candidate)) as connection:
        connection.execute("drop table rpt_whale_curve")
    outcome = published_gate(settings, candidate, manifest)
    only(outcome.failures, "table rpt_whale_curve")
