"""The second engine: Spark behind dbt, and DuckDB before and after it.

Belongs here: configuring Spark, handing it the raw tables, taking the marts back. Does not: SQL
that differs between engines (macros dispatch it); gates and publication, which are the same code.

DuckDB reads and checks the raw files on either engine; for Spark the typed relations are written as
Parquet. Spark's marts come back as Parquet, and stand in the build database as views over it.
"""

import os
import shutil
import sys
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import duckdb

from orchestration import books, changes
from orchestration.changes import Standing
from orchestration.contract import closing_marts, contract_tables, source_tables
from orchestration.landing import literal
from orchestration.settings import InputError, Settings

# two workers with one core and 1 GB each, as processes of this machine
MASTER = "local-cluster[2,1,1024]"
LOOPBACK = "127.0.0.1"
# what the run itself writes before dbt starts
BUILD_TABLES = ("parameters", "identity_links", "identity_disputes")

# DuckDB's names of types where Spark has others
TYPES = {"VARCHAR": "string", "TIMESTAMP": "timestamp_ntz"}


def folder(settings: Settings) -> Path:
    """Everything of Spark's: configuration, catalog, tables."""
    return settings.build / "spark"


def raw_folder(settings: Settings) -> Path:
    """The raw relations as Parquet: a folder a source, a folder a table."""
    return folder(settings) / "raw"


def marts_folder(settings: Settings) -> Path:
    """The marts as Spark hands them back: a folder a mart."""
    return folder(settings) / "marts"


def _raw_relations() -> list[tuple[str, str]]:
    tables = [*contract_tables().values()]
    tables += [t for source in source_tables().values() for t in source.values()]
    relations = [(t.source, t.name) for t in tables] + [("build", name) for name in BUILD_TABLES]
    kept = [*books.TABLES, *(m.name for m in closing_marts())]
    return relations + [("books", name) for name in kept]


def raw_columns(settings: Settings) -> dict[str, str]:
    """Columns and types of each raw table as Spark declares them.

    Left to itself, Spark would start a job on the workers for each, to read them from the files.
    """
    columns = {}
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        connection.execute("set disabled_optimizers = 'type_pushdown'")
        for source, name in _raw_relations():
            described = connection.execute(f'describe from "{source}"."{name}"').fetchall()
            columns[f"{source}.{name}"] = ", ".join(
                f"`{column}` {TYPES.get(kind, kind)}" for column, kind, *_ in described
            )
    return columns


def changes_folder(settings: Settings) -> Path:
    """What a night knows of changes: a folder a relation (macros/rebuild/spark_table.sql)."""
    return folder(settings) / "changes"


def catalog(settings: Settings) -> Path:
    """The columns of every relation, as dbt asked Spark for them."""
    return settings.dbt_target / "catalog.json"


def environment(settings: Settings) -> dict[str, str]:
    """What Spark and the dbt project read from the environment."""
    return {
        "SPARK_CONF_DIR": str(folder(settings) / "conf"),
        "SPARK_HOME": str(folder(settings) / "home"),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_HOSTNAME": "localhost",
        "TWOFOLD_SPARK_RAW": str(raw_folder(settings)),
        "TWOFOLD_SPARK_MARTS": str(marts_folder(settings)),
        "TWOFOLD_SPARK_CHANGES": str(changes_folder(settings)),
    }


def configuration(settings: Settings) -> dict[str, str]:
    """Spark's settings. What TWOFOLD_SPARK_CONF names comes after them and wins."""
    own = folder(settings)
    return {
        "spark.app.name": "twofold",
        "spark.master": os.environ.get("TWOFOLD_SPARK_MASTER") or MASTER,
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.executor.memory": "1g",
        "spark.driver.memory": "2g",
        "spark.ui.enabled": "false",
        # kept for the interface all the same, plans and all: a build of some hundreds of queries
        # would fill the driver with them
        "spark.sql.ui.retainedExecutions": "5",
        "spark.ui.retainedJobs": "20",
        "spark.ui.retainedStages": "20",
        "spark.ui.showConsoleProgress": "false",
        # the catalog and the tables are the writer's own, like the build database; dbt asks its own
        # session for Hive's catalog, and a server with these settings has nobody to ask it
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": (own / "warehouse").as_uri(),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={own / 'metastore'};create=true"
        ),
        "spark.hadoop.datanucleus.schema.autoCreateAll": "true",
        "spark.hadoop.hive.metastore.schema.verification": "false",
        # the same arithmetic and clock as DuckDB: what overflows or does not parse is an error, a
        # timestamp has no zone, and no day depends on where the machine stands
        "spark.sql.ansi.enabled": "true",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": (
            f"-Duser.timezone=UTC -Dderby.stream.error.file={own / 'derby.log'}"
        ),
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.sql.shuffle.partitions": "4",
        # exact divisions name their operands several times, and inferring constraints from such
        # expressions takes time that is exponential in their depth
        "spark.sql.constraintPropagation.enabled": "false",
        # a night that builds some periods joins tables by their partitions, and Spark then leaves
        # the pruning of some to tasks, which have no result of it ("has not finished")
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
        # what an error carries of the query plan
        "spark.sql.maxPlanStringLength": "4000",
    }


LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %p %c: %m%n%ex
"""


def let_the_configuration_stand() -> None:
    """dbt-spark asks for two settings with every statement, whatever is configured; not here.

    It switches ANSI mode off: without it a number that overflows and a text that does not parse are
    empty, in silence. It asks for Hive's catalog, which only a server's start can give, and Spark
    Connect warns of that each time, whether it was given or not.
    """
    warnings.filterwarnings("ignore", "Failed to set spark.sql.catalogImplementation")
    from dbt.adapters.spark.connections import SparkCredentials

    if hasattr(SparkCredentials, "as_dbt_has_it"):
        return
    SparkCredentials.as_dbt_has_it = SparkCredentials.__post_init__

    def as_configured(self: SparkCredentials) -> None:
        self.as_dbt_has_it()
        self.server_side_parameters.pop("spark.sql.ansi.enabled")

    SparkCredentials.__post_init__ = as_configured


def configure(settings: Settings) -> None:
    """Write Spark's configuration files; every process that starts Spark reads them.

    Raises:
        InputError: PySpark is not installed, or TWOFOLD_SPARK_CONF is not a file.
    """
    if find_spec("pyspark") is None:
        raise InputError(
            "TARGET is spark, and PySpark is not installed in this environment: "
            "`make nightly TARGET=spark` makes one that has it"
        )
    conf = folder(settings) / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {value}" for name, value in configuration(settings).items()]
    extra = os.environ.get("TWOFOLD_SPARK_CONF")
    if extra and not Path(extra).is_file():
        raise InputError(f"TWOFOLD_SPARK_CONF is {extra!r}: no such file")
    if extra:
        lines += Path(extra).read_text(encoding="utf-8").splitlines()
    (conf / "spark-defaults.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = folder(settings) / "spark.log"
    (conf / "log4j2.properties").write_text(LOGGING.format(file=log), encoding="utf-8")
    _lay_home(folder(settings) / "home")


def _lay_home(home: Path) -> None:
    """Spark's home as links, since workers keep their logs below it: never in the environment."""
    home.mkdir(parents=True, exist_ok=True)
    installed = Path(find_spec("pyspark").origin).parent
    for name in ("bin", "sbin", "jars", "python"):
        link = home / name
        link.unlink(missing_ok=True)
        if (installed / name).exists():
            link.symlink_to(installed / name)


def write_raw_tables(settings: Settings) -> None:
    """Every raw relation of the build database, and the build's parameters, as typed Parquet."""
    configure(settings)
    shutil.rmtree(raw_folder(settings), ignore_errors=True)
    with duckdb.connect(str(settings.build_db)) as connection:
        connection.execute("set disabled_optimizers = 'type_pushdown'")
        for source, name in _raw_relations():
            place = raw_folder(settings) / source / name
            place.mkdir(parents=True)
            connection.execute(
                f'copy "{source}"."{name}" to {literal(str(place / "part.parquet"))}'
                " (format parquet, compression zstd)"
            )


def write_changes(settings: Settings, standing: Standing) -> None:
    """What changed in raw relations and policies since the last build that went through.

    Args:
        settings: the run's folders.
        standing: with what is known to have changed.
    """
    shutil.rmtree(changes_folder(settings), ignore_errors=True)
    place = changes_folder(settings) / "raw"
    place.mkdir(parents=True)
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        changes.export(connection, standing, place / "part.parquet")


def _in_use(settings: Settings) -> Path:
    return folder(settings) / "in_use"


def _on_a_server() -> bool:
    """Whether the tables are a server's, by Thrift or Spark Connect, and not this process's own."""
    by_thrift = os.environ.get("TWOFOLD_SPARK_METHOD", "session") != "session"
    return by_thrift or bool(os.environ.get("SPARK_REMOTE"))


def begin(settings: Settings) -> None:
    """Before a build: what a build that did not end left is cleared, since half a table blocks its
    name. Nothing counts as built after such a run, so all of it is made again.
    """
    # a server's tables are its own affair, and it has seen its statements to their end
    if _in_use(settings).exists() and not _on_a_server():
        for left in ("warehouse", "metastore"):
            shutil.rmtree(folder(settings) / left, ignore_errors=True)
    folder(settings).mkdir(parents=True, exist_ok=True)
    _in_use(settings).touch()


def take_marts(settings: Settings, columns: dict[str, list[str]]) -> None:
    """Let the marts that Spark wrote stand in the build database, where publication reads them.

    Args:
        settings: the run's folders.
        columns: of each mart, in the order of its contract.
    """
    with duckdb.connect(str(settings.build_db)) as connection:
        connection.execute("create schema if not exists marts")
        for mart, names in columns.items():
            files = marts_folder(settings) / mart / "*.parquet"
            selected = ", ".join(f'"{name}"' for name in names)
            connection.execute(
                f'create or replace view marts."{mart}" as'
                f" select {selected} from read_parquet({literal(str(files))})"
            )


def _session():
    """The session that dbt started, whichever thread it did so in."""
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() or SparkSession._instantiatedSession


def tasks_by_executor() -> dict[str, int]:
    """How many tasks each worker process has completed; empty where the session is elsewhere."""
    session = _session()
    if session is None or not hasattr(session, "_jsc"):
        return {}
    found = session._jsc.sc().statusStore().executorList(False)
    executors = [found.apply(i) for i in range(found.size())]
    return {e.id(): e.completedTasks() for e in executors if e.id() != "driver"}


def stop(settings: Settings) -> None:
    """End the session and its Java process, so that another run can have other settings."""
    if "pyspark" in sys.modules:
        _end_session()
    _in_use(settings).unlink(missing_ok=True)


def _end_session() -> None:
    from pyspark import SparkContext

    # a session that has broken down cannot be stopped properly, and need not be
    with suppress(Exception):
        session = _session()
        if session is not None:
            session.stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        with suppress(Exception):
            gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None
