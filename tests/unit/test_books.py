"""The books: closing, reopening, restating, and rows that must be those that were frozen."""

import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration import books, changes, cli, nightly
from orchestration.contract import TYPES, closing_marts
from orchestration.settings import GateError, InputError, Settings

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
PNL = "fct_customer_profitability_monthly"


def publish(settings: Settings, profit: str = "10.5000", entries: int = 0) -> None:
    """A publication with one customer of one entity in January and February."""
    folder = settings.published / f"run{len(list(settings.published.glob('run*')))}"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "twofold.duckdb")) as connection:
        for mart in closing_marts():
            columns = ", ".join(f"{n} {TYPES['duckdb'].get(t, t)}" for n, t in mart.columns.items())
            connection.execute(f"create table {mart.name} ({columns})")
            for month in (JANUARY, FEBRUARY):
                connection.execute(
                    f"insert into {mart.name} (entity_id, month_start_date) values ('acme', ?)",
                    [month],
                )
        connection.execute(
            f"update {PNL} set customer_id = 'C1', operating_profit_amount = ?", [profit]
        )
        connection.execute(
            "update dim_months set period_status = case when month_start_date = ? then 'signable'"
            " else 'not_signable' end",
            [JANUARY],
        )
    (folder / "manifest.json").write_text(json.dumps({"books_entries": entries}))
    settings.current.unlink(missing_ok=True)
    settings.current.symlink_to(folder.name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    publish(made)
    return made


def close(settings: Settings, **other: object) -> books.Entry:
    return books.close(settings, "acme", JANUARY, "Ann", at=datetime(2025, 2, 5), **other)


def registered(settings: Settings, known_before: datetime = datetime(9999, 12, 31)):
    connection = duckdb.connect()
    changes.prepare(connection)
    books.register(connection, settings, known_before)
    return connection


def test_close_freezes_the_published_rows_and_notes_who_when_and_what(settings):
    entry = close(settings)
    assert (entry.by, entry.at, entry.version) == ("Ann", "2025-02-05 00:00:00", 1)
    assert set(entry.marts) == {mart.name for mart in closing_marts() if mart.kind == "profit"}
    assert {mart["rows"] for mart in entry.marts.values()} == {1}
    rows = registered(settings).execute(
        f"select operating_profit_amount, book_version, is_served from books.{PNL}"
    )
    assert [(str(p), *rest) for p, *rest in rows.fetchall()] == [("10.5000", 1, True)]


def test_hash_stands_for_the_rows_whatever_their_order_and_not_for_the_bytes(tmp_path):
    with duckdb.connect() as connection:

        def hashed(query: str, how: str) -> tuple[int, str]:
            path = tmp_path / "rows.parquet"
            connection.execute(f"copy ({query}) to '{path}' (format parquet, compression {how})")
            return books.hash_of_rows(connection, path, ["a", "b"])

        rows = "select * from (values ('x', 1.50), (null, 2.00)) as t(a, b)"
        assert hashed(f"{rows} order by b", "zstd") == hashed(f"{rows} order by b desc", "snappy")
        assert hashed(rows, "zstd")[0] == 2
        # a cell that reads like two, an empty text and an empty cell are told apart
        others = [
            "select * from (values ('x1:', 1.50), (null, 2.00)) as t(a, b)",
            "select * from (values ('x', 1.50), ('', 2.00)) as t(a, b)",
            "select * from (values ('x', 1.51), (null, 2.00)) as t(a, b)",
        ]
        assert len({hashed(query, "zstd") for query in [rows, *others]}) == 4


def test_frozen_rows_that_were_altered_are_refused(settings):
    close(settings)
    path = next(settings.books.rglob(f"{PNL}.parquet"))
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace (operating_profit_amount + 1 as operating_profit_amount)"
            f" from '{path}') to '{path}.new' (format parquet)"
        )
    Path(f"{path}.new").replace(path)
    with pytest.raises(InputError, match="not the rows of acme 2025-01-01 that were frozen"):
        registered(settings)
    path.unlink()
    with pytest.raises(InputError, match="are gone"):
        registered(settings)


def test_log_is_append_only(settings):
    close(settings)
    books.reopen(settings, "acme", JANUARY, "Ann", "Bob", "typing error")
    log = settings.books / "log.jsonl"
    lines = log.read_text().splitlines()
    log.write_text("\n".join([lines[0].replace("Ann", "Eve"), lines[1], ""]))
    with pytest.raises(InputError, match=r"line 2: does not follow"):
        books.read(settings)
    # a line that a kill cut short was never written
    log.write_text("\n".join([*lines, '{"number": 3']))
    assert len(books.read(settings)) == 2


def test_what_cannot_close_is_refused_with_the_reason(settings):
    with pytest.raises(InputError, match="its periods start on 2025-01-01, 2025-02-01"):
        books.close(settings, "acme", date(2025, 1, 15), "Ann")
    with pytest.raises(InputError, match=r"2025-02-01 is not_signable: say with --reason why"):
        books.close(settings, "acme", FEBRUARY, "Ann")
    books.close(settings, "acme", FEBRUARY, "Ann", reason="freight invoice outstanding")
    close(settings)
    with pytest.raises(InputError, match="is closed already"):
        close(settings)


def test_soft_close_is_a_state_and_freezes_nothing(settings):
    close(settings, soft=True)
    [period] = books.periods(books.read(settings))
    assert (period.state, period.version, period.intervals) == ("soft_closed", None, [])
    close(settings)
    [period] = books.periods(books.read(settings))
    assert period.state == "closed"


def test_reopened_period_closes_as_the_next_version_after_a_night_and_the_first_stays(settings):
    close(settings)
    with pytest.raises(InputError, match="two different people"):
        books.reopen(settings, "acme", JANUARY, "Ann", " ann ", "late freight")
    books.reopen(settings, "acme", JANUARY, "Ann", "Bob", "late freight", at=datetime(2025, 3, 1))
    [period] = books.periods(books.read(settings))
    assert (period.state, period.served_version) == ("reopened", None)
    assert period.intervals == [("2025-02-05 00:00:00", "2025-03-01 00:00:00")]
    with pytest.raises(InputError, match="run a night first"):
        books.close(settings, "acme", JANUARY, "Ann", at=datetime(2025, 3, 2))
    publish(settings, profit="12.0000", entries=2)
    books.close(settings, "acme", JANUARY, "Ann", at=datetime(2025, 3, 2))
    rows = registered(settings).execute(
        f"select operating_profit_amount, book_version, is_served from books.{PNL} order by 2"
    )
    assert [(str(p), v, s) for p, v, s in rows.fetchall()] == [
        ("10.5000", 1, False),
        ("12.0000", 2, True),
    ]


def test_day_in_the_past_knows_the_books_as_they_were(settings):
    close(settings)
    connection = registered(settings, known_before=datetime(2025, 2, 5))
    assert connection.execute("from books.periods").fetchall() == []
    assert connection.execute(f"select count(*) from books.{PNL}").fetchall() == [(0,)]


def test_closing_profit_leaves_perceived_value_open(settings):
    close(settings)
    states = {(p.kind, p.state) for p in books.periods(books.read(settings))}
    assert states == {("profit", "closed")}
    frozen = registered(settings).execute("select distinct kind from books.periods").fetchall()
    assert frozen == [("profit",)]


def candidate(tmp_path: Path, new: str) -> Path:
    """A candidate in which January, closed, comes out otherwise."""
    folder = tmp_path / f"candidate{new}"
    folder.mkdir()
    with duckdb.connect(str(folder / "twofold.duckdb")) as connection:
        connection.execute(
            "create table rpt_restatements as select 'acme' as entity_id,"
            " date '2025-01-01' as month_start_date, 1 as old_version, 'C1' as customer_id,"
            " cast(null as varchar) as pool_id, 'cost_to_serve' as pnl_line,"
            " cast(-10 as decimal(18,4)) as old_amount,"
            f" cast({new} as decimal(18,4)) as new_amount,"
            " 'EUR' as currency, true as is_recomputed, 'unexplained' as restatement_status"
        )
        connection.execute(VALUES)
    return folder


VALUES = """
    create table rpt_value_restatements (
        entity_id varchar, month_start_date date, old_version bigint, customer_id varchar,
        old_measurement_status varchar, new_measurement_status varchar,
        old_method varchar, new_method varchar,
        old_responses_count bigint, new_responses_count bigint,
        old_perceived_value_index decimal(18, 9), new_perceived_value_index decimal(18, 9),
        old_perceived_value_low decimal(18, 9), new_perceived_value_low decimal(18, 9),
        old_perceived_value_high decimal(18, 9), new_perceived_value_high decimal(18, 9),
        is_recomputed boolean, restatement_status varchar
    )
"""


def test_perceived_value_of_a_closed_period_is_approved_by_itself(settings, tmp_path):
    close(settings)
    close(settings, kind="perceived_value")
    night = candidate(tmp_path, "-12.5")
    with duckdb.connect(str(night / "twofold.duckdb")) as connection:
        connection.execute("delete from rpt_restatements")
        connection.execute(
            "insert into rpt_value_restatements values ('acme', '2025-01-01', 1, 'C1', 'low_n',"
            " 'measured', 'answers_only', 'answers_only', 4, 9, 1.1, 1.2, 1, 1.1, 1.3, 1.4, true,"
            " 'unexplained')"
        )
    with pytest.raises(GateError) as refused:
        books.refuse_unexplained(settings, night)
    said = str(refused.value)
    assert "acme 2025-01-01 (perceived_value) is closed" in said
    assert "index of C1: 1.100000000 (low_n, 4 answers) → 1.200000000 (measured, 9 answers)" in said
    [found] = books.differences(night / "twofold.duckdb")
    assert f"--kind perceived_value --difference {found.mark}" in said
    why = "answers came late"
    books.restate(settings, "acme", JANUARY, found.mark, "Ann", "Bob", why)
    with pytest.raises(GateError, match="perceived_value"):
        books.refuse_unexplained(settings, night)
    books.restate(settings, "acme", JANUARY, found.mark, "Ann", "Bob", why, kind="perceived_value")
    books.refuse_unexplained(settings, night)


def test_difference_of_a_closed_period_blocks_until_just_that_is_approved(settings, tmp_path):
    close(settings)
    night = candidate(tmp_path, "-12.5")
    with pytest.raises(GateError) as refused:
        books.refuse_unexplained(settings, night)
    said = str(refused.value)
    assert "acme 2025-01-01" in said
    assert "cost_to_serve in EUR: -10.00 → -12.50" in said
    [found] = books.differences(night / "twofold.duckdb")
    assert f"--difference {found.mark}" in said
    with pytest.raises(InputError, match="prepared and approved by the same person"):
        books.restate(settings, "acme", JANUARY, found.mark, "Ann", "Ann", "rate was wrong")
    books.restate(settings, "acme", JANUARY, found.mark, "Ann", "Bob", "rate was wrong")
    books.refuse_unexplained(settings, night)
    with pytest.raises(GateError, match=f"approved was difference {found.mark}"):
        books.refuse_unexplained(settings, candidate(tmp_path, "-13"))


def test_night_that_finds_a_closed_period_changed_exits_with_three(settings, tmp_path, monkeypatch):
    close(settings)
    place = ["--landing", str(settings.landing), "--warehouse", str(settings.warehouse)]
    changed = candidate(tmp_path, "-12.5")
    # a night's judgement of its candidate, without the build before it
    monkeypatch.setattr(
        nightly, "run", lambda night, say, full: books.refuse_unexplained(night, changed)
    )
    refused = CliRunner().invoke(cli.main, ["nightly", *place])
    assert refused.exit_code == 3
    assert "a gate failed, nothing was published (exit 3)" in refused.output
    assert "cost_to_serve in EUR: -10.00 → -12.50" in refused.output
    period = ["--entity", "acme", "--month", "2025-01-01"]
    who = ["--prepared-by", "Ann", "--approved-by", "Bob", "--reason", "rate was wrong"]
    mark = refused.output.split("--difference ")[1].split()[0]
    approved = CliRunner().invoke(
        cli.main, ["restate", *place, *period, "--difference", mark, *who]
    )
    assert approved.exit_code == 0, approved.output
    assert CliRunner().invoke(cli.main, ["nightly", *place]).exit_code == 0


def test_command_line_closes_and_refuses_with_its_exit_codes(settings):
    place = ["--landing", str(settings.landing), "--warehouse", str(settings.warehouse)]
    period = ["--entity", "acme", "--month", "2025-01-01"]

    def run(*words: str):
        return CliRunner().invoke(cli.main, [*words, *period, *place])

    done = run("close", "--by", "Ann")
    assert done.exit_code == 0, done.output
    assert "acme 2025-01-01 is closed by Ann: version 1" in done.output
    assert run("close", "--by", "Ann").exit_code == 2
    refused = run("reopen", "--by", "Ann", "--approved-by", "Ann", "--reason", "why not")
    assert refused.exit_code == 2
    assert "it takes two different people" in refused.output
    assert run("reopen", "--by", "Ann", "--approved-by", "Bob", "--reason", "error").exit_code == 0
