"""The models' own unit tests, on the SQL that Spark gets."""

import dataclasses

import pytest

from orchestration import policies
from orchestration.landing import Landing
from orchestration.register import register


@pytest.fixture(scope="module")
def on_spark(dbt_project, tmp_path_factory, in_one_process):
    """The project on Spark with every seed and model built without a row."""
    root = tmp_path_factory.mktemp("unit_tests_on_spark")
    settings = dataclasses.replace(
        dbt_project.settings,
        landing=root / "landing",
        warehouse=root / "warehouse",
        target="spark",
    )
    settings.landing.mkdir()
    policies.compose(settings)
    register(Landing(settings.landing), settings)
    project = dataclasses.replace(dbt_project, settings=settings)
    project.run("run-operation", "create_raw_tables")
    project.run("build", "--empty", "--exclude-resource-type", "test", "unit_test")
    return project


@pytest.fixture(scope="module")
def in_one_process(small_configuration):
    """Spark as the parity of the synthetic company has it, in one process: fixtures are rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOFOLD_SPARK_MASTER", "local[2]")
        patch.setenv("TWOFOLD_SPARK_CONF", str(small_configuration))
        yield


def test_every_dbt_unit_test_passes_on_spark(on_spark):
    on_spark.run("test", "--select", "test_type:unit", may_fail=True)
    results = [r for r in on_spark.results if r["unique_id"].startswith("unit_test.")]
    assert len(results) == len(on_spark.manifest["unit_tests"]) > 0
    failed = [
        f"{r['unique_id'].removeprefix('unit_test.twofold.')}: {r['status']}\n{r['message'][:800]}"
        for r in results
        if r["status"] != "pass"
    ]
    assert not failed, "\n\n".join(failed)
