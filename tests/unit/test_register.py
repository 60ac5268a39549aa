"""Raw relations: typed, there whether or not their files are, with bad cells kept as text."""

import gzip
import shutil
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from identity import resolve
from orchestration import changes
from orchestration.contract import contract_tables, source_tables
from orchestration.landing import Landing, discover
from orchestration.register import register
from orchestration.settings import InputError, Settings

CUSTOMERS = "customer_id,name\nC1,Ada\n"
HEADER = "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
OWN = ("unparsable_cells", "has_source_id")
COST = "posted_on,account_code,amount,currency\n2025-01-31,6000,5.00,EUR\n"


@pytest.fixture
def settings(tmp_path, write):
    write(tmp_path / "landing/acme/customers.csv", CUSTOMERS)
    write(tmp_path / "landing/acme/revenue_lines.csv", HEADER + "A,1,2025-01-05,C1,1.00,EUR\n")
    write(tmp_path / "landing/acme/cost_entries.csv", COST)
    return Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")


def rows(settings, query):
    register(discover(settings.landing), settings)
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_raw_relation_is_there_and_typed_without_any_file(tmp_path):
    settings = Settings(landing=tmp_path, warehouse=tmp_path / "warehouse")
    register(Landing(tmp_path), settings)
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        for table in [
            *contract_tables().values(),
            *(t for source in source_tables().values() for t in source.values()),
        ]:
            described = connection.execute(f"describe {table.relation}").fetchall()
            names = [name for name, *_ in described if name not in OWN]
            assert names == [c.name for c in table.columns]
            assert connection.execute(f"select count(*) from {table.relation}").fetchall() == [(0,)]


def test_cell_that_does_not_parse_is_kept_as_text_and_the_row_stays(settings, write):
    lines = "A,1,2025-01-05,C1,1.00,EUR\nA,2,5 Jan,C1,1.2.3,EUR\nA,3,2025-01-05,C1,1.00005,EUR\n"
    write(settings.landing / "acme/revenue_lines.csv", HEADER + lines)
    found = rows(
        settings,
        "select line_number, posted_on, net_amount, unparsable_cells"
        " from landing.revenue_lines order by 1",
    )
    assert found[0] == (1, date(2025, 1, 5), Decimal("1.0000"), None)
    assert found[1] == (2, None, None, "posted_on=5 Jan; net_amount=1.2.3")
    # a fifth decimal would be rounded away: the row says so
    assert found[2][3] == "net_amount=1.00005"


def test_column_of_which_no_value_parses_is_a_broken_file(settings, write):
    write(
        settings.landing / "acme/revenue_lines.csv",
        HEADER + "A,1,2025-01-05,C1,one,EUR\nA,2,2025-01-05,C1,two,EUR\n",
    )
    with pytest.raises(InputError) as caught:
        register(discover(settings.landing), settings)
    assert str(caught.value) == (
        "acme/revenue_lines.csv: table revenue_lines, column net_amount: none of 2 values is a"
        " decimal(18,4) (the first is 'one'); deliver the column as decimal(18,4)"
    )


def test_ragged_row_is_refused_naming_file_and_line(settings, write):
    write(
        settings.landing / "acme/revenue_lines.csv",
        HEADER + "A,1,2025-01-05,C1,1.00,EUR\nA,2,2025-01-05,C1,1.00,EUR,extra,cells\n",
    )
    with pytest.raises(InputError) as caught:
        register(discover(settings.landing), settings)
    message = str(caught.value)
    assert message.startswith("table revenue_lines: a row cannot be read")
    assert "acme/revenue_lines.csv" in message
    assert str(settings.landing) not in message


def test_cut_gzip_is_refused(settings):
    (settings.landing / "acme/customers.csv").unlink()
    packed = gzip.compress(b"".join(b"C%d,%d\n" % (n, n * n) for n in range(5000)), mtime=0)
    whole = gzip.compress(CUSTOMERS.encode(), mtime=0)
    path = settings.landing / "acme/customers.csv.gz"
    path.write_bytes(whole + packed[: len(packed) // 2])
    with pytest.raises(InputError, match="table customers: a row cannot be read"):
        register(discover(settings.landing), settings)


def test_nothing_about_a_csv_file_is_guessed(settings, write):
    """Apostrophes are no quotes, # starts no comment, and a ragged row skips no row before it."""
    write(
        settings.landing / "acme/customers.csv",
        'customer_id,name\r\n#1,\'Ada\r\nC2,Bo\'\r\nC3,"a, ""b""\nc"\r\nC4,a;b;c;d\r\n',
    )
    found = rows(settings, "select customer_id, name from landing.customers order by 1")
    assert found == [("#1", "'Ada"), ("C2", "Bo'"), ("C3", 'a, "b"\nc'), ("C4", "a;b;c;d")]


def test_file_with_a_byte_order_mark_is_read(settings, write):
    write(settings.landing / "acme/customers.csv", "\ufeff" + CUSTOMERS)
    assert rows(settings, "select customer_id from landing.customers") == [("C1",)]


def test_folder_is_the_entity_unless_the_row_says_otherwise(settings, write):
    write(
        settings.landing / "acme/customers.csv",
        'entity_id,customer_id\nbeta,C1\n,C2\n"  ",C3\n',
    )
    found = rows(settings, "select customer_id, entity_id from landing.customers order by 1")
    assert found == [("C1", "beta"), ("C2", "acme"), ("C3", "acme")]


def test_entity_column_of_parquet_wins_over_the_folder(settings):
    (settings.landing / "acme/customers.csv").unlink()
    duckdb.sql(
        "select 'beta' as entity_id, 'C1' as customer_id union all select null, 'C2'"
    ).write_parquet(str(settings.landing / "acme/customers.parquet"))
    found = rows(settings, "select customer_id, entity_id from landing.customers order by 1")
    assert found == [("C1", "beta"), ("C2", "acme")]


@pytest.mark.parametrize("name", ["O'Brien; DROP TABLE customers", "<script>", "=1+1", 'a"b'])
def test_dirty_names_survive_as_written(settings, write, name):
    (settings.landing / "acme").rename(settings.landing / name.replace("/", ""))
    quoted = '"' + name.replace('"', '""') + '"'
    write(settings.landing / name / "customers.csv", f"customer_id,name\n{quoted},{quoted}\n")
    found = rows(settings, "select entity_id, customer_id, name from landing.customers")
    assert found == [(name, name, name)]


def test_part_files_gzip_and_parquet_make_one_table(settings, write):
    (settings.landing / "acme/revenue_lines.csv").unlink()
    folder = settings.landing / "acme/revenue_lines"
    # columns in another order, and one more: parts are united by name
    write(
        folder / "1.csv",
        "currency,net_amount,customer_id,posted_on,line_number,document_id,channel\n"
        "EUR,1.00,C1,2025-01-05,1,A,web\n",
    )
    (folder / "2.csv.gz").write_bytes(
        gzip.compress((HEADER + "A,2,2025-01-05,C1,2,EUR\n").encode())
    )
    duckdb.sql(
        "select 'A' as document_id, 3 as line_number, date '2025-01-05' as posted_on,"
        " 'C1' as customer_id, 3.0000::decimal(18,4) as net_amount, 'EUR' as currency"
    ).write_parquet(str(folder / "3.parquet"))
    found = rows(
        settings, "select line_number, net_amount, channel from landing.revenue_lines order by 1"
    )
    assert found == [(1, Decimal(1), "web"), (2, Decimal(2), None), (3, Decimal(3), None)]


def test_two_entities_share_the_relations(settings, write):
    for name in ("customers", "revenue_lines", "cost_entries"):
        text = (settings.landing / f"acme/{name}.csv").read_text()
        write(settings.landing / f"beta/{name}.csv", text)
    found = rows(
        settings, "select entity_id, count(*) from landing.customers group by 1 order by 1"
    )
    assert found == [("acme", 1), ("beta", 1)]


def test_column_names_may_be_written_large_and_text_is_trimmed(settings, write):
    write(settings.landing / "acme/customers.csv", "Customer_ID,NAME\n  C1 ,  Ada \n")
    assert rows(settings, "select customer_id, name from landing.customers") == [("C1", "Ada")]


def test_file_that_goes_away_leaves_an_empty_relation(settings, write):
    path = write(settings.landing / "acme/products.csv", "product_id,name\nP1,Pen\n")
    assert rows(settings, "select count(*) from landing.products") == [(1,)]
    path.unlink()
    assert rows(settings, "select count(*) from landing.products") == [(0,)]


def test_identities_are_resolved_again_for_other_rows_and_not_for_another_folder(
    settings, write, monkeypatch
):
    header = "source_system,source_key,recorded_at\n"
    write(settings.landing / "acme/identities.csv", header + "crm,1,2024-01-01\n")
    states = []
    monkeypatch.setattr(resolve, "step", lambda *given: states.append(given[-1]))
    # the step makes these tables
    monkeypatch.setattr(changes, "record_raw", lambda *_: None)
    register(discover(settings.landing), settings)
    moved = shutil.copytree(settings.landing, settings.landing.with_name("it's elsewhere"))
    register(discover(moved), settings)
    write(moved / "acme/identities.csv", header + "crm,2,2024-01-01\n")
    register(discover(moved), settings)
    assert states[0] == states[1] != states[2]


@pytest.mark.parametrize(
    ("as_of", "known_before"),
    [(date(2025, 6, 30), datetime(2025, 7, 1)), (None, datetime(9999, 12, 31))],
)
def test_build_is_told_what_day_it_is(settings, as_of, known_before):
    import dataclasses

    told = dataclasses.replace(settings, as_of=as_of)
    assert rows(told, "from build.parameters") == [(as_of, known_before)]


def test_a_footer_shows_that_every_row_has_an_id_and_blanks_are_none(tmp_path):
    folder = tmp_path / "landing/acme"
    folder.mkdir(parents=True)
    made = (
        "copy (select source_id, 'visit' as activity_type, timestamp '2025-01-05' as occurred_at"
        " from (values ({})) as t(source_id)) to '{}' (format parquet)"
    )
    settings = Settings(landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    for name in ("customers", "revenue_lines", "cost_entries"):
        text = {"customers": CUSTOMERS, "revenue_lines": HEADER, "cost_entries": COST}[name]
        (folder / f"{name}.csv").write_text(text)
    query = "select has_source_id, source_id from landing.activities"
    plan = "explain select count(*) from landing.activities where not has_source_id"
    for cell, has_id, is_constant in (("'A1'", True, True), ("'  '", False, False)):
        duckdb.sql(made.format(cell, folder / "activities.parquet"))
        assert rows(settings, query) == [(has_id, "A1" if has_id else None)]
        assert ("Empty Result" in rows(settings, plan)[0][1]) is is_constant
