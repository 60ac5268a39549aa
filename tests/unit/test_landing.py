"""What the landing folder may hold, and how each fault is said."""

import gzip

import duckdb
import pytest

from orchestration.contract import source_tables
from orchestration.landing import discover, has_data
from orchestration.settings import InputError

CUSTOMERS = "customer_id,name\nC1,O'Brien; DROP TABLE\n"
REVENUE = (
    "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
    "A,1,2025-01-05,C1,1.00,EUR\n"
)
COST = "posted_on,account_code,amount,currency\n2025-01-31,6000,5.00,EUR\n"


@pytest.fixture
def landing(tmp_path, write):
    """A landing folder with the required tables of one entity."""
    root = tmp_path / "landing"
    write(root / "acme/customers.csv", CUSTOMERS)
    write(root / "acme/revenue_lines.csv", REVENUE)
    write(root / "acme/cost_entries.csv", COST)
    return root


def faults(root):
    with pytest.raises(InputError) as caught:
        discover(root)
    return str(caught.value).splitlines()


def files_of(found, table):
    return [
        path.relative_to(found.root).as_posix()
        for raw, groups in found.groups.items()
        for group in groups
        for path in group.files
        if raw.name == table
    ]


def test_required_tables_are_enough(landing):
    found = discover(landing)
    assert found.entities == ("acme",)
    assert {t.name for t in found.groups} == {"customers", "revenue_lines", "cost_entries"}


def test_folder_without_required_tables_is_refused_naming_them(landing):
    (landing / "acme/cost_entries.csv").unlink()
    (landing / "acme/revenue_lines.csv").unlink()
    [line] = faults(landing)
    assert line.startswith("acme/: lacks the required tables revenue_lines, cost_entries")


def test_file_without_a_required_column_is_refused_naming_what_it_has(landing, write):
    write(landing / "acme/customers.csv", "name,segment\nAda,gold\n")
    [line] = faults(landing)
    assert line == (
        "acme/customers.csv: table customers lacks the required column customer_id;"
        " the file has name, segment"
    )


def test_unreadable_parquet_is_refused_without_a_path_of_this_machine(landing):
    (landing / "acme/customers.csv").unlink()
    (landing / "acme/customers.parquet").write_bytes(b"PAR1 and then nothing of the kind")
    [line] = faults(landing)
    assert line.startswith("acme/customers.parquet: cannot be read (")
    assert str(landing) not in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"customer_id,name,Customer_ID\nC1,Ada,C1\n", "the header names customer_id twice"),
        (b"customer_id,,name\nC1,,Ada\n", "a column has no name"),
        ("customer_id,größe\nC1,1\n".encode("latin-1"), "'utf-8' codec can't decode"),
    ],
)
def test_csv_without_a_sound_header_is_refused(landing, content, said):
    (landing / "acme/customers.csv").write_bytes(content)
    [line] = faults(landing)
    assert line.startswith(f"acme/customers.csv: cannot be read ({said}")


def test_gzip_that_is_none_is_refused(landing):
    (landing / "acme/customers.csv").rename(landing / "acme/customers.csv.gz")
    [line] = faults(landing)
    assert line.startswith("acme/customers.csv.gz: cannot be read (Not a gzipped file")


def test_unknown_table_is_refused_with_the_nearest_name(landing, write):
    write(landing / "acme/revenue_line.csv", REVENUE)
    write(landing / "acme/zebra.csv", "a\n1\n")
    assert faults(landing) == [
        "acme/revenue_line: not a table of the input contract; did you mean revenue_lines?",
        "acme/zebra: not a table of the input contract",
    ]


def test_a_column_nobody_reads_is_named_once_with_the_nearest_that_is_not_there(landing, write):
    for part in ("1", "2"):
        write(landing / f"acme/customers/{part}.csv", f"customer_id,names,hue\nC{part},Ada,red\n")
    (landing / "acme/customers.csv").unlink()
    assert discover(landing).notes == (
        "acme/customers: column names is not in the contract and not read; did you mean name?",
        "acme/customers: column hue is not in the contract and not read",
    )


def test_file_beside_the_folders_is_refused(landing, write):
    write(landing / "customers.csv", CUSTOMERS)
    [line] = faults(landing)
    assert line.startswith("customers.csv: lies beside the folders")


def test_folder_with_only_other_files_is_refused(landing, write):
    write(landing / "beta/customers.xlsx", "")
    assert faults(landing) == ["beta/: holds no Parquet or CSV file"]


def test_table_in_a_format_nobody_reads_is_refused_and_other_papers_are_not(landing, write):
    (landing / "acme" / "contacts.xlsx").write_bytes(b"PK")
    (landing / "acme" / "activities").mkdir()
    (landing / "acme" / "activities" / "2024-01.json").write_text("[]")
    (landing / "acme" / "README.txt").write_text("how these were made")
    told = "not a format that is read; deliver it as .parquet, .csv or .csv.gz"
    assert faults(landing) == [
        f"acme/activities/2024-01.json: {told}",
        f"acme/contacts.xlsx: {told}",
    ]


def test_every_fault_is_said_at_once(landing, write):
    write(landing / "acme/customers.csv", "name\nAda\n")
    write(landing / "beta/customers.csv", CUSTOMERS)
    assert len(faults(landing)) == 2


@pytest.mark.parametrize("name", [".git", "_generated", ".DS_Store"])
def test_hidden_and_private_files_are_not_input(landing, write, name):
    write(landing / name / "customers.csv", "nonsense")
    write(landing / "acme" / f"{name}.csv", "nonsense")
    assert discover(landing).entities == ("acme",)


def test_table_may_be_a_folder_of_part_files(landing, write):
    (landing / "acme/revenue_lines.csv").unlink()
    write(landing / "acme/revenue_lines/2025/part-1.csv", REVENUE)
    write(landing / "acme/revenue_lines/2026/part-0.csv", REVENUE.replace("A,1", "A,2"))
    assert files_of(discover(landing), "revenue_lines") == [
        "acme/revenue_lines/2025/part-1.csv",
        "acme/revenue_lines/2026/part-0.csv",
    ]


def test_one_bad_part_file_is_named(landing, write):
    (landing / "acme/revenue_lines.csv").unlink()
    write(landing / "acme/revenue_lines/good.csv", REVENUE)
    write(landing / "acme/revenue_lines/short.csv", "document_id,line_number\nA,1\n")
    [line] = faults(landing)
    assert line.startswith("acme/revenue_lines/short.csv: table revenue_lines lacks")


def test_formats_may_be_mixed_and_endings_written_large(landing):
    (landing / "acme/customers.csv").unlink()
    (landing / "acme/customers.CSV.GZ").write_bytes(gzip.compress(CUSTOMERS.encode()))
    revenue = landing / "acme/revenue_lines.csv"
    duckdb.sql(f"from read_csv('{revenue}')").write_parquet(
        str(landing / "acme/revenue_lines.PARQUET")
    )
    found = discover(landing)
    assert files_of(found, "customers") == ["acme/customers.CSV.GZ"]
    assert sorted(files_of(found, "revenue_lines")) == [
        "acme/revenue_lines.PARQUET",
        "acme/revenue_lines.csv",
    ]


def test_source_in_its_own_shape_ignores_other_files_and_says_so(tmp_path, write):
    [table] = source_tables()["online_retail"].values()
    columns = ",".join(c.name for c in table.columns)
    write(tmp_path / f"online_retail/{table.stem}.csv", columns + "\n")
    write(tmp_path / "online_retail/notes.csv", "a\n")
    found = discover(tmp_path)
    assert found.sources == ("online_retail",)
    assert found.notes == ("online_retail/notes: not used",)


@pytest.mark.parametrize("name", ["O'Brien; DROP TABLE", "=1+1", "a b", "ä{}"])
def test_dirty_folder_names_are_entities_like_others(landing, name):
    (landing / "acme").rename(landing / name)
    assert discover(landing).entities == (name,)


def test_folder_has_data_only_where_a_data_file_lies(tmp_path, write):
    assert not has_data(tmp_path / "nowhere")
    write(tmp_path / "landing/README.md", "nothing here")
    assert not has_data(tmp_path / "landing")
    write(tmp_path / "landing/acme/customers.csv", CUSTOMERS)
    assert has_data(tmp_path / "landing")
