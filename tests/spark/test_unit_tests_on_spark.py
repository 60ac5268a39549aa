"""The models' own unit tests, on the SQL that Spark gets."""


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
