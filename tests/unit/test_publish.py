"""Publications: sorted, described, swapped as a whole, never pulled from under a reader."""

import json
import threading
from dataclasses import replace

import duckdb
import pytest

from orchestration import publish
from orchestration.landing import file_hashes
from orchestration.settings import InputError, Settings

TOTALS = (
    *("source", "input_table", "currency", "raw_rows", "accepted_rows", "quarantined_rows"),
    *("raw_amount", "accepted_amount", "quarantined_amount"),
)
MARTS = {
    "fct_sales_monthly": ("Sales.", ["entity_id", "month_start_date"], {"amount": "Net."}),
    "rpt_source_control_totals": ("Totals.", ["entity_id"], dict.fromkeys(TOTALS, "A total.")),
    "rpt_nothing": ("Nothing yet.", ["entity_id"], {}),
}


@pytest.fixture
def settings(tmp_path):
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse", keep=3)
    settings.build.mkdir(parents=True)
    settings.published.mkdir()
    return settings


@pytest.fixture
def manifest(tmp_path, write):
    nodes = {}
    for name, (description, grain, more) in MARTS.items():
        columns = {key: f"The {key}." for key in grain} | more
        nodes[f"model.twofold.{name}"] = {
            "name": name,
            "resource_type": "model",
            "schema": "marts",
            "description": description,
            "config": {"meta": {"grain": grain}},
            "columns": {c: {"description": d} for c, d in columns.items()},
        }
    nodes["model.twofold.int_x"] = {"name": "int_x", "resource_type": "model", "schema": "x"}
    return write(tmp_path / "manifest.json", json.dumps({"nodes": nodes}))


def build(settings, february=2):
    with duckdb.connect(str(settings.build_db)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.fct_sales_monthly as from (values"
            f" (null, date '2025-02-01', {february}), ('b', date '2025-01-01', 3),"
            " ('a', date '2025-02-01', 4), ('a', date '2025-01-01', 5))"
            " as s (entity_id, month_start_date, amount)"
        )
        connection.execute(
            "create or replace table marts.rpt_source_control_totals as select 'a' as entity_id,"
            " 'landing' as source, 'revenue_lines' as input_table, 'EUR' as currency,"
            " 3 as raw_rows, 2 as accepted_rows, 1 as quarantined_rows,"
            " 1.0050::decimal(18,4) as raw_amount,"
            " 1::decimal(18,4) as accepted_amount, 0.0050::decimal(18,4) as quarantined_amount"
        )
        connection.execute(
            "create or replace table marts.rpt_nothing as select 'a' as entity_id where false"
        )


def published(settings, manifest, run_id, february=2):
    build(settings, february)
    candidate = publish.export_candidate(settings, run_id, manifest)
    return publish.publish(settings, candidate, run_id, {"run_id": run_id})


def test_marts_are_exported_in_the_order_of_their_grain_with_empty_keys_last(settings, manifest):
    build(settings)
    candidate = publish.export_candidate(settings, "1", manifest)
    february = candidate / "parquet/fct_sales_monthly/2025-02-01.parquet"
    rows = duckdb.read_parquet(str(february)).fetchall()
    assert [row[0] for row in rows] == ["a", None]
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        rows = connection.execute("from fct_sales_monthly").fetchall()
    assert [(row[0], row[1].month) for row in rows] == [("a", 1), ("b", 1), ("a", 2), (None, 2)]


def test_monthly_marts_have_a_file_a_period_and_others_one_even_when_empty(settings, manifest):
    build(settings)
    candidate = publish.export_candidate(settings, "1", manifest)
    files = {p.relative_to(candidate / "parquet").as_posix() for p in candidate.rglob("*.parquet")}
    assert files == {
        "fct_sales_monthly/2025-01-01.parquet",
        "fct_sales_monthly/2025-02-01.parquet",
        "rpt_nothing/rpt_nothing.parquet",
        "rpt_source_control_totals/rpt_source_control_totals.parquet",
    }


def test_descriptions_go_with_the_tables(settings, manifest):
    build(settings)
    candidate = publish.export_candidate(settings, "1", manifest)
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select comment from duckdb_columns() where column_name = 'amount'"
        ).fetchall() == [("Net.",)]


def test_a_description_that_changed_goes_with_a_table_that_did_not(settings, manifest):
    published(settings, manifest, "1")
    manifest.write_text(manifest.read_text().replace("Net.", "Net of discount."))
    candidate = publish.export_candidate(settings, "2", manifest)
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select comment from duckdb_columns() where column_name = 'amount'"
        ).fetchall() == [("Net of discount.",)]


def test_same_build_gives_the_same_bytes_and_unchanged_files_are_hard_links(settings, manifest):
    first = published(settings, manifest, "1")
    second = published(settings, manifest, "2", february=9)
    month = "parquet/fct_sales_monthly/2025-{}-01.parquet"
    assert (first / month.format("01")).samefile(second / month.format("01"))
    assert not (first / month.format("02")).samefile(second / month.format("02"))
    third = published(settings, manifest, "3", february=9)
    for path in third.rglob("*.parquet"):
        assert path.samefile(second / path.relative_to(third))


@pytest.mark.parametrize(
    "change",
    [
        "update marts.fct_sales_monthly set amount = 7 where entity_id = 'b'",
        "delete from marts.fct_sales_monthly where month_start_date = date '2025-01-01'",
        "delete from marts.fct_sales_monthly",
        "insert into marts.fct_sales_monthly values ('c', date '2025-03-01', 1)",
        "alter table marts.fct_sales_monthly alter amount type decimal(18,4)",
        "insert into marts.rpt_nothing values ('a')",
    ],
)
def test_database_says_what_the_parquet_files_say_after_any_change(settings, manifest, change):
    published(settings, manifest, "1")
    with duckdb.connect(str(settings.build_db)) as connection:
        connection.execute(change)
    candidate = publish.export_candidate(settings, "2", manifest)
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        for mart in publish.marts(manifest):
            files = str(candidate / "parquet" / mart.name / "*.parquet")
            in_files = connection.execute(f"from read_parquet('{files}') order by all").fetchall()
            assert connection.execute(f"from {mart.name} order by all").fetchall() == in_files
            assert connection.execute(
                "select comment from duckdb_tables() where table_name = ?", [mart.name]
            ).fetchall() == [(mart.description,)]


def test_mart_that_is_gone_goes_from_the_database(settings, manifest, write):
    published(settings, manifest, "1")
    fewer = json.loads(manifest.read_text())
    del fewer["nodes"]["model.twofold.rpt_nothing"]
    candidate = publish.export_candidate(
        settings, "2", write(manifest.with_name("fewer.json"), json.dumps(fewer))
    )
    with duckdb.connect(str(candidate / "twofold.duckdb"), read_only=True) as connection:
        assert ("rpt_nothing",) not in connection.execute("show tables").fetchall()


def test_candidate_is_seen_by_nobody_until_it_is_published(settings, manifest):
    published(settings, manifest, "1")
    build(settings, february=9)
    publish.export_candidate(settings, "2", manifest)
    assert settings.current.resolve().name == "1"
    assert [p.name for p in publish.publications(settings)] == ["1"]
    publish.clear_partial(settings)
    assert sorted(p.name for p in settings.published.iterdir()) == ["1", "current"]


def test_reader_that_holds_the_file_never_sees_an_error(settings, manifest):
    published(settings, manifest, "1")
    held = duckdb.connect(str(settings.current / "twofold.duckdb"), read_only=True)
    done, failures = threading.Event(), []

    def read():
        while not done.is_set():
            try:
                with duckdb.connect(
                    str(settings.current.resolve() / "twofold.duckdb"), read_only=True
                ) as connection:
                    connection.execute("select sum(amount) from fct_sales_monthly").fetchall()
                json.loads((settings.current / "manifest.json").read_text())
            except Exception as error:
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in (2, 3):
        published(settings, manifest, str(number), february=number)
    done.set()
    reader.join()
    assert failures == []
    # who opened the first publication still reads it, whole
    assert held.execute("select sum(amount) from fct_sales_monthly").fetchall() == [(14,)]
    held.close()


def test_manifest_names_the_folder_its_files_lie_in(settings, manifest):
    publication = published(settings, manifest, "1")
    written = json.loads((publication / "manifest.json").read_text())
    assert written == {"run_id": "1", "parquet": "1/parquet"}


def test_rollback_returns_to_the_publication_before_and_can_name_one(settings, manifest):
    for run_id in ("1", "2", "3"):
        published(settings, manifest, run_id)
    assert publish.rollback(settings).name == "2"
    assert publish.rollback(settings).name == "1"
    assert publish.rollback(settings, "3").name == "3"
    assert settings.current.resolve().name == "3"


def test_rollback_without_a_place_to_return_to_is_refused(settings, manifest):
    with pytest.raises(InputError, match="nothing is published"):
        publish.rollback(settings)
    published(settings, manifest, "1")
    with pytest.raises(InputError, match="1 is the oldest publication kept"):
        publish.rollback(settings)
    with pytest.raises(InputError, match="no publication 7; kept are 1"):
        publish.rollback(settings, "7")


def test_old_publications_go_but_never_the_current_one(settings, manifest):
    for number in range(1, 6):
        published(settings, manifest, str(number))
    assert [p.name for p in publish.publications(settings)] == ["3", "4", "5"]
    publish.rollback(settings, "3")
    publish.clear_old(replace(settings, keep=1))
    assert [p.name for p in publish.publications(settings)] == ["3", "5"]


def test_control_totals_keep_every_digit(settings, manifest):
    publication = published(settings, manifest, "1")
    [totals] = publish.control_totals(publication)
    assert (totals["raw_rows"], totals["raw_amount"]) == (3, "1.0050")
    assert publish.row_counts(publication, manifest)["fct_sales_monthly"] == 4


def test_hashes_are_of_contents_by_path(tmp_path, write):
    files = [write(tmp_path / "a/x.csv", "1"), write(tmp_path / "b/x.csv", "1")]
    hashes = file_hashes(tmp_path, files)
    assert list(hashes) == ["a/x.csv", "b/x.csv"]
    assert hashes["a/x.csv"] == hashes["b/x.csv"]
