"""What Spark is handed before dbt starts; no Spark session is needed for it."""

import duckdb
import pytest

from orchestration import spark
from orchestration.contract import contract_tables
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import InputError, Settings


@pytest.fixture
def settings(tmp_path, write):
    write(tmp_path / "landing/acme/customers.csv", 'customer_id,name\n7,"O\'Brien, ""B"""\n')
    write(
        tmp_path / "landing/acme/revenue_lines.csv",
        "document_id,line_number,posted_on,customer_id,net_amount,currency\n"
        "D1,1,2025-01-05,7,5.5,EUR\nD1,2,no day,7,1,EUR\n",
    )
    write(
        tmp_path / "landing/acme/cost_entries.csv",
        "posted_on,account_code,amount,currency\n2025-01-31,6000,5,EUR\n",
    )
    return Settings(tmp_path / "landing", tmp_path / "warehouse", target="spark")


def test_spark_is_handed_the_typed_rows_that_duckdb_has(settings):
    register(discover(settings.landing), settings)
    raw = spark.raw_folder(settings)
    assert {p.name for p in (raw / "landing").iterdir()} == set(contract_tables())
    with duckdb.connect(str(settings.build_db)) as connection:
        for name in contract_tables():
            files = f"'{raw}/landing/{name}/*.parquet'"
            assert (
                connection.execute(f"describe from {files}").fetchall()
                == connection.execute(f"describe from landing.{name}").fetchall()
            )
            assert (
                connection.execute(f"from {files}").fetchall()
                == connection.execute(f"from landing.{name}").fetchall()
            )
        assert connection.execute(
            f"select posted_on, unparsable_cells from '{raw}/landing/revenue_lines/*.parquet'"
            " where line_number = 2"
        ).fetchall() == [(None, "posted_on=no day")]


def test_tables_of_a_build_that_was_killed_are_made_anew(settings):
    spark.begin(settings)
    half = spark.folder(settings) / "warehouse" / "marts.db" / "rpt_value_map" / "_temporary"
    half.mkdir(parents=True)
    spark.begin(settings)
    assert not half.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("TWOFOLD_SPARK_METHOD", "thrift"), ("SPARK_REMOTE", "sc://127.0.0.1:15002")],
)
def test_tables_of_a_server_are_its_own_affair(settings, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    spark.begin(settings)
    table = spark.folder(settings) / "warehouse" / "marts.db" / "rpt_value_map"
    table.mkdir(parents=True)
    spark.begin(settings)
    assert table.exists()


def test_tables_of_a_build_that_ended_are_kept(settings):
    spark.begin(settings)
    table = spark.folder(settings) / "warehouse" / "marts.db" / "rpt_value_map"
    table.mkdir(parents=True)
    spark.stop(settings)
    spark.begin(settings)
    assert table.exists()


def test_configuration_of_ones_own_comes_last(settings, tmp_path, write, monkeypatch):
    own = write(tmp_path / "cluster.conf", "spark.sql.shuffle.partitions 400\n")
    monkeypatch.setenv("TWOFOLD_SPARK_CONF", str(own))
    monkeypatch.setenv("TWOFOLD_SPARK_MASTER", "spark://master:7077")
    spark.configure(settings)
    conf = spark.folder(settings) / "conf" / "spark-defaults.conf"
    lines = conf.read_text(encoding="utf-8").splitlines()
    assert "spark.master spark://master:7077" in lines
    assert lines[-1] == "spark.sql.shuffle.partitions 400"


def test_configuration_that_is_not_there_is_refused(settings, monkeypatch):
    monkeypatch.setenv("TWOFOLD_SPARK_CONF", "/no/such.conf")
    with pytest.raises(InputError, match="TWOFOLD_SPARK_CONF"):
        spark.configure(settings)


def test_ansi_mode_is_not_switched_off_by_dbt(monkeypatch):
    from dbt.adapters.spark.connections import SparkCredentials

    before = SparkCredentials.__post_init__
    made = {"method": "session", "host": "session", "schema": "default"}
    assert SparkCredentials(**made).server_side_parameters != {}
    monkeypatch.setattr(SparkCredentials, "__post_init__", before)
    spark.let_the_configuration_stand()
    assert SparkCredentials(**made).server_side_parameters == {}
    monkeypatch.delattr(SparkCredentials, "as_dbt_has_it")
