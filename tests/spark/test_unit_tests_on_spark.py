"""The models' own unit tests, on the SQL that Spark gets."""

import json


def test_every_dbt_unit_test_passes_on_spark(second_night, warehouses):
    folder = warehouses[1].settings.build / "unit_tests"
    manifest, outcome = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("manifest.json", "run_results.json")
    )
    results = [r for r in outcome["results"] if r["unique_id"].startswith("unit_test.")]
    assert len(results) == len(manifest["unit_tests"]) > 0
    failed = [
        f"{r['unique_id'].removeprefix('unit_test.twofold.')}: {r['status']}\n{r['message'][:800]}"
        for r in results
        if r["status"] != "pass"
    ]
    assert not failed, "\n\n".join(failed)
