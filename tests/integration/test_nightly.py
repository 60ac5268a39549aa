"""The whole night as a stranger runs it: what is published, what is refused, what survives a kill.

One small synthetic company, one warehouse; the tests run in order and each leaves it published.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from synthetic import meridian

DIRTY_NAMES = ("O'Brien; DROP TABLE", "<script>", "=1+1")


@dataclass
class Place:
    """A landing folder and the warehouse built from it."""

    landing: Path
    warehouse: Path

    def command(self, *words: str) -> list[str]:
        """A command line of twofold for this place."""
        places = ["--landing", str(self.landing), "--warehouse", str(self.warehouse)]
        return [sys.executable, "-m", "orchestration.cli", *words, *places]

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """Run twofold to its end."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False)

    @property
    def current(self) -> Path:
        """The publication in force."""
        return (self.warehouse / "published" / "current").resolve()

    def parquet(self) -> dict[str, str]:
        """Hash of every published Parquet file, by its path."""
        root = self.current / "parquet"
        return {
            p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(root.rglob("*.parquet"))
        }

    def query(self, sql: str) -> list[tuple]:
        """Ask the published file, as BI does."""
        with duckdb.connect(str(self.current / "twofold.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A company of 300 customers and 15 months, published once."""
    root = tmp_path_factory.mktemp("nightly")
    meridian.generate(root / "landing", customers=300, months=15)
    made = Place(root / "landing", root / "warehouse")
    done = made.run("nightly")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "published" in done.stdout
    assert str(made.warehouse / "site" / "index.html") in done.stdout
    return made


@pytest.fixture(scope="module")
def first_bytes(place: Place) -> dict[str, str]:
    """What the first night published."""
    return place.parquet()


def test_raw_is_accepted_plus_quarantined_and_dirt_is_in_quarantine(place: Place) -> None:
    totals = place.query(
        "select sum(raw_rows), sum(accepted_rows + quarantined_rows), sum(quarantined_rows)"
        " from rpt_source_control_totals"
    )
    raw, kept, quarantined = totals[0]
    assert raw == kept
    assert quarantined == place.query("select count(*) from rpt_quarantined_rows")[0][0] > 0


def test_refused_answers_that_are_not_named_are_counted_and_lead_to_nobody(place: Place) -> None:
    files = place.landing / "*" / "survey_responses.parquet"
    unnamed = f"select source_id from '{files}' where confidentiality is distinct from 'named'"
    refused = (
        "from rpt_quarantined_rows where input_table in"
        " ('survey_responses', 'employee_survey_responses')"
    )
    assert place.query(f"select count(*) {refused} and source_id in ({unnamed})") == [(0,)]
    counted = place.query(
        "select count(*), count(recorded_at), count(quarantine_detail), count(quarantine_reason)"
        f" {refused} and source_id = 'not named'"
    )
    assert counted == [(counted[0][0], 0, 0, counted[0][0])]
    assert counted[0][0] > 0


def test_dirty_names_are_text_like_any_other(place: Place) -> None:
    names = {name for (name,) in place.query("select name from dim_customers")}
    assert all(any(dirty in (name or "") for name in names) for dirty in DIRTY_NAMES)
    report = (place.warehouse / "site" / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in report


def test_the_two_halves_cover_the_same_customers(place: Place) -> None:
    assert place.query(
        "select count(*) from fct_customer_value_monthly anti join"
        " fct_customer_perceived_value_monthly using (entity_id, customer_id, month_start_date)"
    ) == [(0,)]


def test_profit_closes_to_the_ledger(place: Place) -> None:
    rows = place.query(
        "select tie_out, sum(abs(difference_amount)) from rpt_ledger_reconciliation"
        " where tie_out in ('T1', 'T2') group by tie_out order by tie_out"
    )
    assert rows == [("T1", Decimal("0.0000")), ("T2", Decimal("0.0000"))]


def test_manifest_says_what_was_published(place: Place) -> None:
    manifest = json.loads((place.current / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] == place.current.name
    assert (
        manifest["rows"]["dim_customers"] == place.query("select count(*) from dim_customers")[0][0]
    )
    assert manifest["gates"]["landing"]["critical"] == 0
    assert {"code_version", "input_hash", "policy_hash", "control_totals"} <= set(manifest)
    assert (place.warehouse / "published" / manifest["parquet"]).is_dir()


def test_a_second_night_gives_the_same_bytes_while_a_reader_holds_the_first(
    place: Place, first_bytes: dict[str, str]
) -> None:
    before = place.current
    asked = "select sum(invoice_amount) from fct_customer_profitability_monthly"
    with duckdb.connect(str(before / "twofold.duckdb"), read_only=True) as reader:
        expected = reader.execute(asked).fetchall()
        running = subprocess.Popen(place.command("nightly", "--full"), stdout=subprocess.DEVNULL)
        answers = set()
        while running.poll() is None:
            answers.add(tuple(reader.execute(asked).fetchall()))
            answers.add(tuple(place.query(asked)))
            time.sleep(0.2)
        assert running.returncode == 0
        answers.add(tuple(reader.execute(asked).fetchall()))
    assert answers == {tuple(expected)}
    assert place.current != before
    assert place.parquet() == first_bytes
    unchanged = "parquet/dim_customers/dim_customers.parquet"
    assert (place.current / unchanged).stat().st_ino == (before / unchanged).stat().st_ino


def test_a_night_with_nothing_new_publishes_nothing_and_says_so(place: Place) -> None:
    before = place.current
    done = place.run("nightly")
    assert done.returncode == 0, done.stderr
    assert f"nothing new: the publication {before.name} stands" in done.stdout
    assert place.current == before


def test_a_late_line_rebuilds_its_month_and_says_why(
    place: Place, first_bytes: dict[str, str]
) -> None:
    folder = place.landing / "meridian_de" / "revenue_lines"
    late = folder / "late.parquet"
    duckdb.sql(
        "copy (select * replace ('LATE' as document_id, 'LATE' as source_id) from"
        f" '{folder / '2023-06.parquet'}' order by document_id, line_number limit 1)"
        f" to '{late}' (format parquet)"
    )
    try:
        done = place.run("nightly")
        assert done.returncode == 0, done.stderr
        assert "1 of 45 entity-months of the P&L" in done.stdout
        assert "landing.revenue_lines (meridian_de, 2023-06-" in done.stdout
        changed = [n for n, digest in place.parquet().items() if first_bytes.get(n) != digest]
        of_the_pnl = [n for n in changed if n.startswith("fct_customer_profitability_monthly/")]
        assert of_the_pnl == ["fct_customer_profitability_monthly/2023-06-01.parquet"]
    finally:
        late.unlink()
    done = place.run("nightly")
    assert done.returncode == 0, done.stderr
    assert place.parquet() == first_bytes


def test_a_killed_night_leaves_the_publication_and_the_next_one_finishes(
    place: Place, first_bytes: dict[str, str]
) -> None:
    before = place.current
    # dbt has everything to make, and need not parse first
    (place.warehouse / "build" / "twofold.duckdb").unlink()
    running = subprocess.Popen(
        place.command("nightly"), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in running.stdout:
        if line.startswith("build"):
            break
    # dbt is at work: half of the models may stand
    time.sleep(6)
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert place.current == before
    assert place.parquet() == first_bytes
    done = place.run("nightly")
    assert done.returncode == 0, done.stderr
    assert place.current != before
    assert place.parquet() == first_bytes


def test_a_gate_refuses_bad_input_and_restored_input_gives_the_same_bytes(
    place: Place, first_bytes: dict[str, str], tmp_path: Path
) -> None:
    ledger = place.landing / "meridian_de" / "cost_entries.parquet"
    kept = shutil.copy2(ledger, tmp_path / "kept.parquet")
    before = place.current
    duckdb.sql(
        f"copy (select * replace (cast(posted_on + interval 300 year as date) as posted_on)"
        f" from '{kept}') to '{ledger}'"
    )
    try:
        done = place.run("nightly")
        assert done.returncode == 3, done.stdout + done.stderr
        assert "cost_entries" in done.stderr and "posted_on" in done.stderr
        assert "build/data_docs/index.html" in done.stderr
        assert place.current == before
        assert place.parquet() == first_bytes
    finally:
        shutil.copy2(kept, ledger)
    done = place.run("nightly")
    assert done.returncode == 0, done.stderr
    assert place.parquet() == first_bytes


def test_a_second_run_is_refused_while_one_holds_the_lock(place: Place) -> None:
    from orchestration.lock import only_writer
    from orchestration.settings import Settings

    with only_writer(Settings(landing=place.landing, warehouse=place.warehouse)):
        done = place.run("check")
    assert done.returncode == 4
    assert str(os.getpid()) in done.stderr


def test_rollback_returns_to_the_publication_before(place: Place) -> None:
    now = place.current
    done = place.run("rollback")
    assert done.returncode == 0, done.stderr
    assert place.current < now
    (place.warehouse / "published" / "current").unlink()
    (place.warehouse / "published" / "current").symlink_to(now.name)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("column", ("cost_entries", "lacks the required column", "amount")),
        ("table", ("lacks the required table", "revenue_lines")),
        ("parquet", ("customers.parquet", "cannot be read")),
        ("type", ("net_amount", "none of")),
    ],
)
def test_broken_files_stop_the_night_with_one_message(
    tmp_path: Path, fault: str, words: tuple[str, ...]
) -> None:
    folder = tmp_path / "landing" / "acme"
    folder.mkdir(parents=True)
    (folder / "customers.csv").write_text("customer_id\n1\n")
    lines = (
        "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
        "A,1,2024-01-05,1,{},EUR\n"
    )
    (folder / "revenue_lines.csv").write_text(lines.format("many" if fault == "type" else "5"))
    cost = "posted_on,account_code,{},currency\n2024-01-31,6000,5,EUR\n"
    (folder / "cost_entries.csv").write_text(cost.format("sum" if fault == "column" else "amount"))
    if fault == "table":
        (folder / "revenue_lines.csv").unlink()
    if fault == "parquet":
        (folder / "customers.csv").unlink()
        (folder / "customers.parquet").write_bytes(b"PAR1 this is no Parquet")
    done = Place(tmp_path / "landing", tmp_path / "warehouse").run("nightly")
    assert done.returncode == 2, done.stdout + done.stderr
    message = done.stderr
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert message.count("\n  ") <= 1
    assert not (tmp_path / "warehouse" / "published").exists()
