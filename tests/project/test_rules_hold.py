"""The project keeps its own rules."""

import pytest
import rules
import tree_rules
import yaml

from orchestration.settings import PROJECT

MANIFEST_RULES = [
    rules.layers_only_downwards,
    rules.staging_folders_hold_one_source,
    rules.every_model_is_described_owned_and_has_a_grain,
    rules.every_grain_is_tested,
    rules.marts_have_a_contract_with_every_column_described,
    rules.every_mart_is_read_by_an_exposure,
    rules.unit_tests_are_named_situation_result,
    rules.data_tests_are_named,
    rules.warnings_have_a_dated_reason,
    rules.no_wall_clock,
    rules.marts_say_nothing_of_the_run,
    rules.scores_carry_their_uncertainty,
]
COMPILED_RULES = [
    rules.no_hard_coded_relation,
    rules.no_star_from_a_join,
    rules.no_float_in_an_aggregate,
]
TREE_RULES = [
    tree_rules.no_inline_python,
    tree_rules.docs_name_only_files_that_exist,
    tree_rules.equation_carries_its_attribution,
    tree_rules.usage_statistics_are_off,
    tree_rules.lock_files_are_complete_and_name_no_host,
    tree_rules.yaml_files_are_named_after_their_folder,
    tree_rules.every_test_file_is_run,
]
# models that no unit test can reach, each with what proves it instead
PROVEN_OTHERWISE = {
    "int_source_control_totals": "raw = accepted + quarantined, counted apart, is a data test",
    "rpt_quarantined_rows": "a whole night is asked for every refused answer (test_nightly.py)",
}


def name_of(rule):
    return rule.__name__


@pytest.mark.parametrize("rule", MANIFEST_RULES, ids=name_of)
def test_models_keep_the_rule(rule, manifest):
    assert rule(manifest) == []


@pytest.mark.parametrize("rule", COMPILED_RULES, ids=name_of)
def test_sql_keeps_the_rule(rule, compiled_manifest):
    assert rule(compiled_manifest) == []


@pytest.mark.parametrize("rule", TREE_RULES, ids=name_of)
def test_files_keep_the_rule(rule):
    assert rule(PROJECT) == []


def test_models_with_logic_have_a_unit_test(compiled_manifest):
    assert rules.models_with_logic_have_a_unit_test(compiled_manifest, PROVEN_OTHERWISE) == []


def test_sources_have_their_staging_models(manifest):
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    sources = project["vars"]["sources"]
    assert rules.sources_have_their_staging_models(manifest, sources) == []
    assert rules.raw_rows_of_every_source_are_counted(manifest, sources) == []


def test_no_model_has_a_float_column(empty_build):
    """Not even between two steps: a float is rounded in the step that makes it."""
    import duckdb

    with duckdb.connect(str(empty_build.settings.build_db), read_only=True) as connection:
        floats = connection.execute(
            "select table_schema || '.' || table_name || '.' || column_name"
            " from information_schema.columns where data_type in ('DOUBLE', 'FLOAT')"
            " and table_schema in ('staging', 'input', 'intermediate', 'marts', 'policies')"
            " order by all"
        ).fetchall()
    assert floats == []
