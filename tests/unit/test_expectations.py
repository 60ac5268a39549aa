"""The suites as code, the outcome, the dialect and the pages, on the smallest data."""

import ast
import re
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import sqlalchemy

from expectations.outcome import Fault, GateOutcome
from orchestration.contract import Column, RawTable, contract_tables, source_tables
from orchestration.settings import PROJECT, GateError

CELLS = "unparsable_cells"

MODULES = sorted((PROJECT / "expectations").glob("*.py"))
RAW_TABLES = [*contract_tables().values()] + [
    t for tables in source_tables().values() for t in tables.values()
]


def fault(severity: str) -> Fault:
    return Fault(
        "landing__customers",
        "landing.customers",
        "customer_id",
        severity,
        "a value in every row",
        "3 of 9 rows otherwise",
        "",
        "Deliver it again.",
    )


@pytest.fixture(scope="module")
def engine():
    """Great Expectations takes seconds to import: once, and only here."""
    import expectations.engine

    return expectations.engine


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema landing")
        connection.execute(
            "create table landing.things as select * from (values (1, 'EUR', date '2024-01-31'),"
            " (2, '<script>alert(1)</script>', date '2024-02-29'))"
            " as v (thing_id, currency, posted_on)"
        )
    return path


THINGS = RawTable(
    "landing",
    "things",
    True,
    (
        Column("thing_id", "bigint", True),
        Column("currency", "string", True),
        Column("posted_on", "date", True),
    ),
)


def suite_of_things():
    from great_expectations import ExpectationSuite
    from great_expectations import expectations as gxe

    from expectations.rules import critical, warning

    return ExpectationSuite(
        name="landing__things",
        expectations=[
            critical(gxe.ExpectTableRowCountToBeBetween, "rows", "Do.", min_value=1),
            warning(
                gxe.ExpectColumnValueLengthsToEqual,
                "three letters",
                "Do.",
                "it only warns",
                column="currency",
                value=3,
            ),
        ],
    )


# -- suites as code


def test_every_raw_table_has_a_suite_of_its_own(engine):
    from expectations.landing import landing_suite

    names = [landing_suite(table).name for table in RAW_TABLES]
    assert len(set(names)) == len(names)
    assert {f"landing__{name}" for name in contract_tables()} <= set(names)


def test_every_required_column_blocks_when_entirely_empty(engine):
    from expectations.landing import landing_suite

    for table in RAW_TABLES:
        blocking = {
            e.column
            for e in landing_suite(table).expectations
            if type(e).__name__ == "ExpectColumnValuesToNotBeNull"
            and e.severity.value == "critical"
        }
        assert blocking == {c.name for c in table.columns if c.required}, table.name


def published_suites():
    from expectations.published import JUDGEMENT, Mart, Measure, published_suite

    before = Measure(dict.fromkeys(JUDGEMENT, 10), {"a": 1.0})
    columns = ("entity_id", "month_start_date", "quadrant_probability", "lines_count")
    types = {"lines_count": "bigint"}
    return [
        published_suite(Mart(name, columns, ("entity_id", "month_start_date"), types), before)
        for name in (*JUDGEMENT, "rpt_of_tomorrow")
    ]


@pytest.mark.parametrize(("promised", "share"), [(True, 0.5), (False, 1.0)])
def test_cells_that_nobody_quarantines_must_all_be_readable(engine, promised, share):
    from expectations.landing import landing_suite

    table = RawTable("webshop", "orders", True, (), "orders", quarantines_cells=promised)
    suite = landing_suite(table)
    assert [e.mostly for e in suite.expectations if getattr(e, "column", "") == CELLS] == [share]


def test_every_expectation_says_what_it_means_and_every_warning_why(engine):
    from datetime import date

    from expectations.landing import landing_suite

    suites = [landing_suite(t, ["a"], 10, date(2026, 1, 1)) for t in RAW_TABLES]
    for suite in (*suites, *published_suites()):
        for expectation in suite.expectations:
            assert expectation.meta["says"], suite.name
            assert expectation.meta["do"], suite.name
            assert expectation.severity.value in ("critical", "warning")
            if expectation.severity.value == "warning":
                assert expectation.notes, f"{suite.name}: {expectation.meta['says']}"


def test_a_warning_without_a_reason_is_refused(engine):
    from great_expectations import expectations as gxe

    from expectations.rules import warning

    with pytest.raises(ValueError, match="needs a reason"):
        warning(gxe.ExpectTableRowCountToBeBetween, "rows", "Do.", "", min_value=1)


def test_no_suite_owns_exact_truth(engine):
    """Sums, keys and closure belong to dbt tests."""
    from expectations.landing import landing_suite

    for suite in (*(landing_suite(t) for t in RAW_TABLES), *published_suites()):
        for expectation in suite.expectations:
            assert not re.search(r"Sum|Unique|EqualOtherTable", type(expectation).__name__)


def test_a_new_mart_gets_a_suite_by_itself(engine):
    from expectations.published import marts_of, published_suite

    def node(name, *folders):
        return {
            "resource_type": "model",
            "name": name,
            "fqn": ["twofold", *folders, name],
            "config": {"meta": {"grain": ["entity_id"]}},
            "columns": {"entity_id": {"data_type": "string"}},
        }

    manifest = {
        "nodes": {"a": node("rpt_new", "marts", "audit"), "b": node("int_x", "intermediate")}
    }
    marts = marts_of(manifest)
    assert [m.name for m in marts] == ["rpt_new"]
    assert published_suite(marts[0]).name == "published__rpt_new"


def test_judgement_names_only_columns_that_its_mart_has(engine):
    """A column that a contract drops fails here, not in the night."""
    import yaml

    from expectations.published import JUDGEMENT, Mart, Measure

    contracts = {
        model["name"]: {column["name"] for column in model["columns"]}
        for path in sorted((PROJECT / "models/marts").glob("*/_*.yml"))
        for model in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader).get("models", [])
    }
    assert set(JUDGEMENT) <= set(contracts)
    with duckdb.connect() as connection:
        for name, judge in JUDGEMENT.items():
            columns = ", ".join(f"null as {column}" for column in sorted(contracts[name]))
            for rule in judge(Mart(name, (), ()), Measure({}, {"a": 1.0})):
                if hasattr(rule, "column"):
                    assert rule.column in contracts[name], f"{name}.{rule.column}"
                else:
                    query = rule.unexpected_rows_query.format(batch=f"(select {columns})")
                    connection.execute(f"explain {query}")


# -- what the modules may and may not do


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.name)
def test_expectations_know_nothing_of_dagster_or_dbt(module: Path):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not [n for n in names if n.split(".")[0] in ("dagster", "dagster_dbt", "dbt")]


def test_importing_the_gates_does_not_import_great_expectations(tmp_path: Path):
    script = tmp_path / "probe.py"
    script.write_text(
        "import sys, expectations.gates\n"
        "sys.exit('great_expectations' in sys.modules or 'sqlalchemy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, str(script)], cwd=PROJECT).returncode == 0


def test_usage_statistics_are_off(engine):
    import os

    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert engine.quiet_context().config.analytics_enabled is False


def test_a_gate_opens_no_network_connection(engine, tiny: Path, tmp_path: Path, monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("a gate must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    target = engine.Target("landing", "things", suite_of_things())
    assert engine.run_gate("landing", tiny, [target], tmp_path / "docs").passed


# -- dialect


def reader(path: Path):
    from expectations.dialect import register_dialect

    return sqlalchemy.create_engine(f"{register_dialect()}:///{path}?access_mode=read_only")


def test_a_result_outlives_its_connection(engine, tiny: Path):
    source = reader(tiny)
    with source.connect() as connection:
        result = connection.execute(sqlalchemy.text("select thing_id from landing.things"))
    assert [row[0] for row in result] == [1, 2]
    source.dispose()


def test_columns_come_from_the_catalog(engine, tiny: Path):
    source = reader(tiny)
    columns = sqlalchemy.inspect(source).get_columns("things", schema="landing")
    assert [c["name"] for c in columns] == ["thing_id", "currency", "posted_on"]
    source.dispose()


def test_a_query_for_no_rows_is_not_run(engine, tiny: Path):
    source = reader(tiny)
    nowhere = sqlalchemy.select(sqlalchemy.text("x")).select_from(sqlalchemy.text("no_such_table"))
    with source.connect() as connection:
        assert connection.execute(nowhere.limit(0)).fetchall() == []
        with pytest.raises(sqlalchemy.exc.DBAPIError):
            connection.execute(nowhere.limit(1))
    source.dispose()


def test_the_gate_cannot_write(engine, tiny: Path):
    source = reader(tiny)
    with source.connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError):
        connection.execute(sqlalchemy.text("create table landing.more (n int)"))
    source.dispose()


# -- outcome


def test_critical_failures_block_with_one_line_each():
    outcome = GateOutcome("landing", failures=[fault("critical")] * 2, warnings=[fault("warning")])
    with pytest.raises(GateError) as blocked:
        outcome.raise_if_blocked()
    lines = str(blocked.value).splitlines()
    assert len(lines) == 2
    assert lines[0] == (
        "landing gate: table landing.customers, column customer_id: expected a value in every row; "
        "found 3 of 9 rows otherwise. Deliver it again."
    )


def test_warnings_alone_do_not_block():
    outcome = GateOutcome("landing", warnings=[fault("warning")])
    outcome.raise_if_blocked()
    assert outcome.summary()["warnings"] == 1


def test_severity_decides_and_not_the_suite(engine, tiny: Path, tmp_path: Path):
    target = engine.Target("landing", "things", suite_of_things())
    outcome = engine.run_gate("landing", tiny, [target], tmp_path / "docs")
    assert outcome.passed
    assert [f.column for f in outcome.warnings] == ["currency"]
    assert "1 of 2 rows" in outcome.warnings[0].observed
    assert outcome.rows == {"landing.things": 2}


def test_an_expectation_that_cannot_be_evaluated_blocks(engine, tiny: Path, tmp_path: Path):
    from great_expectations import ExpectationSuite
    from great_expectations import expectations as gxe

    from expectations.rules import warning

    rule = warning(gxe.ExpectColumnValuesToNotBeNull, "x", "Do.", "why", column="no_such_column")
    target = engine.Target("landing", "things", ExpectationSuite(name="s", expectations=[rule]))
    outcome = engine.run_gate("landing", tiny, [target], tmp_path / "docs")
    assert not outcome.passed
    assert "cannot be evaluated" in str(outcome.failures[0])


# -- Data Docs


def pages(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): p.read_text(encoding="utf-8")
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_data_docs_are_the_same_bytes_and_need_no_network(engine, tiny: Path, tmp_path: Path):
    for name in ("one", "two"):
        target = engine.Target("landing", "things", suite_of_things())
        engine.run_gate(
            "landing", tiny, [target], tmp_path / name, {"landing__absent": "no file was delivered"}
        )
    first, second = pages(tmp_path / "one"), pages(tmp_path / "two")
    assert first == second
    assert set(first) == {"index.html", "landing.json", "landing/landing__things.html"}
    for html in (text for name, text in first.items() if name.endswith(".html")):
        assert "://" not in html
        assert "<script" not in html
        assert str(tmp_path) not in html
    assert "landing__absent: no file was delivered" in first["index.html"]


def test_data_docs_escape_what_the_data_holds(engine, tiny: Path, tmp_path: Path):
    """Cells, entity names in a set, and entity names in a query."""
    from great_expectations import expectations as gxe

    from expectations.rules import critical

    hostile = "<script>alert(1)</script>"
    suite = suite_of_things()
    suite.add_expectation(
        critical(
            gxe.ExpectColumnDistinctValuesToContainSet,
            f"rows of {hostile}",
            "Do.",
            column="currency",
            value_set=[hostile, "<b>absent</b>"],
        )
    )
    suite.add_expectation(
        critical(
            gxe.UnexpectedRowsExpectation,
            "no rows",
            "Do.",
            unexpected_rows_query=f"select currency from {{batch}} where currency = '{hostile}'",
        )
    )
    target = engine.Target("landing", "things", suite)
    outcome = engine.run_gate("landing", tiny, [target], tmp_path / "docs")
    assert len(outcome.failures) == 2
    for name, page in pages(tmp_path / "docs").items():
        if name.endswith(".html"):
            assert "<script>" not in page
            assert "<b>absent" not in page
            assert "&lt;script&gt;alert(1)" in page


def test_both_gates_stand_in_one_index(engine, tiny: Path, tmp_path: Path):
    for gate in ("landing", "published"):
        target = engine.Target("landing", "things", suite_of_things())
        engine.run_gate(gate, tiny, [target], tmp_path)
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    for link in re.findall(r'href="([^"]+)"', index):
        assert (tmp_path / link).is_file()
    assert "landing/landing__things.html" in index
    assert "published/landing__things.html" in index


def test_names_from_the_data_survive_in_a_query():
    from expectations.published import _literal

    assert _literal("O'Brien; {DROP}") == "'O''Brien; {{DROP}}'"
