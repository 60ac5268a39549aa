import re
import shutil

import duckdb

from orchestration import contract

# what --empty makes of a ref
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")


def test_contract_requires_customers_cost_and_revenue_and_nothing_else():
    required = {name for name, table in contract.contract_tables().items() if table.required}
    assert required == {"customers", "cost_entries", "revenue_lines"}


def test_file_need_not_name_its_entity_or_lineage():
    for table in contract.contract_tables().values():
        names = {column.name: column for column in table.columns}
        assert "record_source" not in names
        assert not names["entity_id"].required
        assert not names["source_id"].required
        assert not names["recorded_at"].required


def test_every_table_has_an_owner_key_and_a_time_of_recording():
    for name, table in contract.contract_tables().items():
        assert {"entity_id", "source_id", "recorded_at"} <= {c.name for c in table.columns}, name


def test_money_is_decimal_and_nothing_is_a_float():
    for table in contract.contract_tables().values():
        for column in table.columns:
            assert column.data_type not in ("double", "float", "real"), (table.name, column.name)
            if column.name.endswith("_amount"):
                assert column.data_type == "decimal(18,4)", (table.name, column.name)


def test_sources_in_their_own_shape_are_found_beside_the_contract():
    assert set(contract.source_tables()) == {"adventureworks", "olist", "online_retail"}
    assert contract.contract_tables()["customers"].relation == '"landing"."customers"'


def test_of_one_key_the_latest_stays_and_what_ties_is_refused(
    empty_build, compiled_manifest, tmp_path
):
    """What has no time is known longest, and is compared with others that have none."""
    path = tmp_path / empty_build.settings.build_db.name
    shutil.copy(empty_build.settings.build_db, path)
    early, late = "timestamp '2024-01-10'", "timestamp '2024-01-11'"
    given = {
        "beaten": [("null", "superseded"), (early, None)],
        "tied": [("null", "duplicate_key"), ("null", "duplicate_key")],
        "alone": [("null", None)],
        "corrected": [(early, "superseded"), (late, None)],
        "both": [(early, "superseded"), (late, "duplicate_key"), (late, "duplicate_key")],
    }
    expected = {
        (f"{customer} {i}", reason)
        for customer, rows in given.items()
        for i, (_, reason) in enumerate(rows)
    }
    nodes = compiled_manifest["nodes"]
    with duckdb.connect(str(path)) as connection:
        staged = nodes["model.twofold.stg_landing__stated_reasons"]["relation_name"]
        columns = ", ".join(row[0] for row in connection.execute(f"describe {staged}").fetchall())
        connection.execute(f"create table rows as select {columns} from {staged}")
        for customer, rows in given.items():
            for i, (recorded_at, _) in enumerate(rows):
                connection.execute(
                    "insert into rows by name select 'a' as entity_id, 'l' as record_source,"
                    f" '{customer} {i}' as source_id, '{customer}' as customer_id,"
                    f" 'Price' as reason, {recorded_at} as recorded_at"
                )
        connection.execute(f"create or replace view {staged} as from rows")
        found = {}
        for name in ("quarantine_stated_reasons", "input_stated_reasons"):
            node = nodes[f"model.twofold.{name}"]
            relation = node["relation_name"]
            is_view = connection.execute(
                "select count(*) from duckdb_views() where view_name = ?", [name]
            ).fetchall()[0][0]
            connection.execute(f"drop {'view' if is_view else 'table'} if exists {relation}")
            sql = EMPTIED.sub(r"\1", node["compiled_code"])
            connection.execute(f"create table {relation} as {sql}")
            reason = "quarantine_reason" if name.startswith("quarantine") else "null"
            found |= dict(
                connection.execute(f"select source_id, {reason} from {relation}").fetchall()
            )
    assert set(found.items()) == expected
