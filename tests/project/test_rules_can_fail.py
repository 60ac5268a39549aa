"""Each rule finds its fault: a sound little project, and one change that breaks it."""

import copy
from collections.abc import Callable

import pytest
import rules
import test_rules_hold
import tree_rules

# ---------- over the manifest


def node(resource_type: str, name: str, path: str, parents: list[str], sql: str, **more) -> dict:
    return {
        "unique_id": f"{resource_type}.twofold.{name}",
        "resource_type": resource_type,
        "name": name,
        "original_file_path": path,
        "relation_name": f'"twofold"."{path.split("/")[1]}"."{name}"',
        "description": f"About {name}.",
        "depends_on": {"nodes": parents},
        "raw_code": sql,
        "compiled_code": sql,
        "columns": {"customer_id": {"name": "customer_id"}},
        "config": {"materialized": "view", "meta": {"grain": ["customer_id"], "owner": "finance"}},
        **more,
    }


def grain_test(name: str) -> dict:
    return node(
        "test", f"{name}__one_row_per_grain", "models/x.yml", [f"model.twofold.{name}"], "",
        test_metadata={"name": "unique_grain"}, attached_node=f"model.twofold.{name}", config={},
    )  # fmt: skip


def unit_test(model: str, name: str) -> dict:
    depends_on = {"nodes": [f"model.twofold.{model}"]}
    return {"name": name, "model": model, "depends_on": depends_on}


def sound_manifest() -> dict:
    """One model a layer, as the house wants it."""
    source = {
        "unique_id": "source.twofold.shop.orders",
        "resource_type": "source",
        "name": "orders",
        "source_name": "shop",
        "relation_name": '"twofold"."shop"."orders"',
    }
    staging = node(
        "model", "stg_shop__customers", "models/staging/shop/stg_shop__customers.sql",
        [source["unique_id"]], "select customer_id from twofold.shop.orders",
    )  # fmt: skip
    accepted = node(
        "model", "input_customers", "models/input/input_customers.sql",
        [staging["unique_id"]], "select customer_id from twofold.staging.stg_shop__customers",
    )  # fmt: skip
    counted = node(
        "model", "int_customers", "models/intermediate/core/int_customers.sql",
        [accepted["unique_id"]],
        "with final as (select customer_id, sum(1) as n from twofold.input.input_customers"
        " group by customer_id) select * from final",
    )  # fmt: skip
    mart = node(
        "model", "fct_customers_monthly", "models/marts/profitability/fct_customers_monthly.sql",
        [counted["unique_id"]], "select customer_id from twofold.intermediate.int_customers",
        columns={
            "customer_id": {
                "name": "customer_id", "data_type": "string", "description": "The customer."
            }
        },
    )  # fmt: skip
    mart["config"]["contract"] = {"enforced": True}
    models = [staging, accepted, counted, mart]
    tests = [grain_test(m["name"]) for m in models[1:]]
    raw = [source["unique_id"]]
    tests.append(node("test", "raw_rows_land_once", "tests/data/raw.sql", raw, "", config={}))
    exposure = {
        "name": "finance_reads",
        "description": "Finance.",
        "owner": {"name": "Finance"},
        "url": None,
        "depends_on": {"nodes": [mart["unique_id"]]},
    }
    unit = unit_test("int_customers", "two_rows_of_a_customer_count_twice")
    macro = {"name": "whole", "package_name": "twofold", "macro_sql": "{# now() #} hugeint"}
    return {
        "nodes": {n["unique_id"]: n for n in [*models, *tests]},
        "sources": {source["unique_id"]: source},
        "exposures": {"exposure.twofold.finance_reads": exposure},
        "unit_tests": {"unit_test.twofold.int_customers.one": unit},
        "macros": {"macro.twofold.whole": macro},
    }


def model(manifest: dict, name: str) -> dict:
    return manifest["nodes"][f"model.twofold.{name}"]


def sql(name: str, text: str) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        model(manifest, name).update(raw_code=text, compiled_code=text)

    return change


def reads(name: str, parent: str) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        model(manifest, name)["depends_on"]["nodes"].append(parent)

    return change


def lacks(name: str, *keys: str) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        holder = model(manifest, name)
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = type(holder[keys[-1]])()

    return change


def column(name: str) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        described = {"name": name, "data_type": "string", "description": "What it is."}
        model(manifest, "fct_customers_monthly")["columns"][name] = described

    return change


def test_config(**config) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        manifest["nodes"]["test.twofold.int_customers__one_row_per_grain"]["config"] = config

    return change


test_config.__test__ = False


SCORE = {"n": "answers_count", "low": "value_low", "high": "value_high"}


def scored(name: str, meta: dict, without: str = "") -> Callable[[dict], None]:
    """A mart of perceived value with all that a score needs beside it, but for one column."""
    beside = {*SCORE.values(), "own_answer_share", "method", "reliability"} - {without}

    def change(manifest: dict) -> None:
        mart = model(manifest, "fct_customers_monthly")
        mart["original_file_path"] = "models/marts/perceived_value/fct_customers_monthly.sql"
        for other in sorted(beside):
            column(other)(manifest)
        described = {"name": name, "data_type": "decimal(18,9)", "description": "What it is."}
        mart["columns"][name] = described | {"config": {"meta": meta}}
        test = node("test", rules.ASKS_SCORES, "tests/data/scores.sql", [mart["unique_id"]], "")
        manifest["nodes"][test["unique_id"]] = test

    return change


def other_source(manifest: dict) -> None:
    manifest["sources"]["source.twofold.crm.parties"] = {
        "unique_id": "source.twofold.crm.parties",
        "resource_type": "source",
        "name": "parties",
        "source_name": "crm",
    }
    reads("stg_shop__customers", "source.twofold.crm.parties")(manifest)


def drop(kind: str, unique_id: str) -> Callable[[dict], None]:
    return lambda manifest: manifest[kind].pop(unique_id)


def put(path: tuple[str, ...], value: object) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        holder = manifest
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value

    return change


def with_logic(manifest: dict) -> list[str]:
    return rules.models_with_logic_have_a_unit_test(manifest, {})


def with_raw_rows(manifest: dict) -> list[str]:
    return rules.raw_rows_of_every_source_are_counted(manifest, ["shop"])


def with_sources(manifest: dict) -> list[str]:
    sources = manifest.get("vars", {"shop": ["customers"], "landing": ["customers"]})
    return rules.sources_have_their_staging_models(manifest, sources)


INT, FCT, STG = "int_customers", "fct_customers_monthly", "stg_shop__customers"
ONE = ("unit_tests", "unit_test.twofold.int_customers.one")
READER = ("exposures", "exposure.twofold.finance_reads")
FROM = "from twofold.input.input_customers"

BROKEN = [
    (
        rules.no_hard_coded_relation,
        sql(INT, "select customer_id from raw.customers"),
        "raw.customers",
    ),
    (rules.no_hard_coded_relation, sql(INT, "select 1 from input_customers"), "input_customers"),
    (rules.layers_only_downwards, reads(FCT, "model.twofold.input_customers"), "(input)"),
    (rules.layers_only_downwards, reads(FCT, f"model.twofold.{STG}"), "(staging)"),
    (rules.layers_only_downwards, reads(INT, f"model.twofold.{FCT}"), "(marts)"),
    (rules.layers_only_downwards, reads(INT, "source.twofold.shop.orders"), "(source)"),
    (rules.layers_only_downwards, reads(STG, "model.twofold.input_customers"), "(input)"),
    (rules.staging_folders_hold_one_source, other_source, "crm"),
    (
        rules.every_model_is_described_owned_and_has_a_grain,
        lacks(STG, "description"),
        "description",
    ),
    (
        rules.every_model_is_described_owned_and_has_a_grain,
        lacks(INT, "config", "meta", "owner"),
        "owner",
    ),
    (
        rules.every_model_is_described_owned_and_has_a_grain,
        lacks(INT, "config", "meta", "grain"),
        "grain",
    ),
    (rules.every_grain_is_tested, drop("nodes", f"test.twofold.{INT}__one_row_per_grain"), INT),
    (
        rules.marts_have_a_contract_with_every_column_described,
        lacks(FCT, "config", "contract"),
        "contract",
    ),
    (rules.marts_have_a_contract_with_every_column_described, lacks(FCT, "columns"), "no columns"),
    (
        rules.marts_have_a_contract_with_every_column_described,
        lacks(FCT, "columns", "customer_id", "description"),
        "no description",
    ),
    (
        rules.marts_have_a_contract_with_every_column_described,
        lacks(FCT, "columns", "customer_id", "data_type"),
        "no data_type",
    ),
    (rules.every_mart_is_read_by_an_exposure, drop(*READER), "no exposure"),
    (rules.every_mart_is_read_by_an_exposure, put((*READER, "owner"), {}), "no owner"),
    (rules.every_mart_is_read_by_an_exposure, put((*READER, "url"), "http://bi"), "url"),
    (with_logic, drop(*ONE), "int_customers: has logic"),
    (
        with_logic,
        sql(
            FCT,
            "select sum(customer_id) as n from twofold.intermediate.int_customers",
        ),
        "fct_customers_monthly: has logic",
    ),
    (rules.unit_tests_are_named_situation_result, put((*ONE, "name"), "test_customers"), "words"),
    (rules.unit_tests_are_named_situation_result, put((*ONE, "name"), "int_customers"), "words"),
    (
        rules.data_tests_are_named,
        put(("nodes", f"test.twofold.{INT}__one_row_per_grain", "name"), f"unique_grain_{INT}_"),
        "a name",
    ),
    (rules.warnings_have_a_dated_reason, test_config(severity="WARN"), "only warns"),
    (rules.warnings_have_a_dated_reason, test_config(error_if="> 1261"), "only warns"),
    (
        rules.warnings_have_a_dated_reason,
        test_config(severity="warn", meta={"reason": "the source is late"}),
        "only warns",
    ),
    (
        rules.no_star_from_a_join,
        sql(
            INT, f"select * {FROM} as a inner join {FROM[5:]} as b on a.customer_id = b.customer_id"
        ),
        "select *",
    ),
    (
        rules.no_star_from_a_join,
        sql(INT, f"select a.*, 1 as n {FROM} as a left join {FROM[5:]} as b on a.c = b.c"),
        "select *",
    ),
    (rules.no_wall_clock, sql(INT, f"select now() as t {FROM}"), "now("),
    (rules.no_wall_clock, sql(INT, f"select 1 as n {FROM} where d < current_date"), "current_date"),
    (
        rules.no_wall_clock,
        sql(INT, f"select '{{{{ run_started_at }}}}' as t {FROM}"),
        "run_started_at",
    ),
    (
        rules.no_wall_clock,
        put(
            ("macros", "macro.twofold.whole", "macro_sql"),
            "{% macro t() %}current_timestamp{% endmacro %}",
        ),
        "whole",
    ),
    (rules.no_float_in_an_aggregate, sql(INT, f"select avg(amount) as a {FROM}"), "avg"),
    (
        rules.no_float_in_an_aggregate,
        sql(INT, f"select regr_slope(y, x) as a {FROM}"),
        "regr_slope",
    ),
    (rules.no_float_in_an_aggregate, sql(INT, f"select stddev(x) over () as a {FROM}"), "stddev"),
    (rules.no_float_in_an_aggregate, sql(INT, f"select corr(x, y) as a {FROM}"), "corr"),
    (rules.no_float_in_an_aggregate, sql(INT, f"select sum(cast(x as double)) as a {FROM}"), "sum"),
    (rules.no_float_in_an_aggregate, sql(INT, f"select sum(x::float) over () as a {FROM}"), "sum"),
    (rules.no_float_in_an_aggregate, sql(INT, f"select sum(x / y) as a {FROM}"), "sum"),
    (rules.no_float_in_an_aggregate, sql(INT, f"select max(ln(x)) as a {FROM}"), "max"),
    (
        rules.no_float_in_an_aggregate,
        sql(INT, f"select row_number() over (order by x / y) as a {FROM}"),
        "row_number",
    ),
    (rules.marts_say_nothing_of_the_run, column("run_id"), "run_id"),
    (rules.marts_say_nothing_of_the_run, column("loaded_at"), "loaded_at"),
    (rules.marts_say_nothing_of_the_run, column("source_file"), "source_file"),
    (rules.marts_say_nothing_of_the_run, column("dbt_invocation_id"), "invocation_id"),
    (rules.scores_carry_their_uncertainty, scored("value_index", {}), "says neither"),
    (
        rules.scores_carry_their_uncertainty,
        scored("value_index", {"score": {"n": "answers_count", "low": "value_low"}}),
        "value_index: score without high",
    ),
    (
        rules.scores_carry_their_uncertainty,
        scored("value_index", {"score": {"n": "n", "low": "value_low", "high": "value_high"}}),
        "value_index: score without n",
    ),
    (rules.scores_carry_their_uncertainty, scored("half", {"reads_with": "other"}), "is no score"),
    (rules.scores_carry_their_uncertainty, scored("half", {"not_a_score": "no"}), "say what it is"),
    *(
        (
            rules.scores_carry_their_uncertainty,
            scored("value_index", {"score": SCORE}, without=kept),
            f"scores without {what}",
        )
        for kept, what in [
            ("own_answer_share", "lambda"),
            ("method", "method"),
            ("reliability", "status"),
        ]
    ),
    (with_raw_rows, drop("nodes", "test.twofold.raw_rows_land_once"), "shop: no data test"),
    (with_sources, put(("vars",), {"shop": ["customers"], "landing": []}), "lacks customers"),
    (with_sources, put(("vars",), {"landing": ["customers"]}), "does not name"),
    (with_sources, put(("vars",), {"crm": ["customers"]}), "stg_crm__customers"),
    (with_sources, put(("vars",), {"shop": ["customers", "dreams"]}), "not in the input contract"),
]


def name_of(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", "")


@pytest.mark.parametrize(("rule", "change", "said"), BROKEN, ids=name_of)
def test_rule_over_the_manifest_finds_its_fault(rule, change, said):
    manifest = sound_manifest()
    if rule is with_sources:
        landing = copy.deepcopy(model(manifest, STG))
        landing |= {
            "name": "stg_landing__customers",
            "unique_id": "model.twofold.stg_landing__customers",
        }
        manifest["nodes"][landing["unique_id"]] = landing
    assert rule(copy.deepcopy(manifest)) == []
    change(manifest)
    faults = rule(manifest)
    assert faults and any(said in fault for fault in faults), faults


def test_score_that_no_data_test_asks_is_found():
    manifest = sound_manifest()
    scored("value_index", {"score": SCORE})(manifest)
    del manifest["nodes"][f"test.twofold.{rules.ASKS_SCORES}"]
    assert "without a question" in rules.scores_carry_their_uncertainty(manifest)[0]


def test_score_with_all_that_belongs_to_it_is_allowed():
    manifest = sound_manifest()
    scored("value_index", {"score": SCORE})(manifest)
    scored("shifted_index", {"reads_with": "value_index"})(manifest)
    scored("sent_share", {"not_a_score": "share of the invitations sent"})(manifest)
    assert rules.scores_carry_their_uncertainty(manifest) == []


def test_warning_with_a_dated_reason_is_allowed():
    manifest = sound_manifest()
    reason = {"reason": "2026-01-15: the source repairs it with its next release"}
    test_config(severity="warn", meta=reason)(manifest)
    assert rules.warnings_have_a_dated_reason(manifest) == []


def test_exact_arithmetic_is_no_float():
    manifest = sound_manifest()
    sql(INT, f"select sum(cast(x as hugeint) // cast(2 as hugeint)) / count(*) as a {FROM}")(
        manifest
    )
    assert rules.no_float_in_an_aggregate(manifest) == []


# ---------- over the files

SOUND_TREE = {
    "Makefile": (
        "export DO_NOT_TRACK = 1\nexport DBT_SEND_ANONYMOUS_USAGE_STATS = false\n"
        "export DAGSTER_DISABLE_TELEMETRY = 1\nexport GX_ANALYTICS_ENABLED = false\n\n"
        "nightly: ## Build\n\t@$(PYTHON) orchestration/require_python.py\n"
    ),
    ".ci/run": "make test\n",
    "README.md": "`make nightly` reads `seeds/policies/a.csv`, see [more](docs/more.md).\n",
    "docs/more.md": (
        "(product quality + service quality) / (price + hassle), by smith+co (Shaun Smith).\n"
        "It writes `warehouse/site/index.html`; `landing/<entity>/customers.csv` is an example.\n"
    ),
    "seeds/policies/a.csv": "a\n",
    "dbt_project.yml": "flags:\n  send_anonymous_usage_stats: false\n",
    "orchestration/dagster.yaml": "telemetry:\n  enabled: false\n",
    "pyproject.toml": (
        "[project]\ndependencies = ['duckdb']\n[dependency-groups]\ndev = ['pytest']\n"
    ),
    "requirements.lock": (
        "duckdb==2.0.0 \\\n    --hash=sha256:00\n    # via twofold\n"
        "pytest==9.0.0 ; python_version > '3' \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n"
    ),
    "models/marts/_marts__models.yml": "models: []\n",
    "tests/unit/test_one.py": "def test_one():\n    assert True\n",
}

BROKEN_TREES = [
    (tree_rules.no_inline_python, "Makefile", "\t@$(PYTHON) -c 'import sys'\n", "Makefile:8"),
    (tree_rules.no_inline_python, ".ci/run", 'python3 -c "print(1)"\n', ".ci/run:2"),
    (tree_rules.no_inline_python, ".ci/run", ".venv/bin/python -Ic 'pass'\n", ".ci/run:2"),
    (
        tree_rules.docs_name_only_files_that_exist,
        "README.md",
        "`models/gone.sql`\n",
        "models/gone.sql",
    ),
    (tree_rules.docs_name_only_files_that_exist, "README.md", "`gone.py`\n", "gone.py"),
    (tree_rules.docs_name_only_files_that_exist, "README.md", "`docs/gone/`\n", "docs/gone/"),
    (tree_rules.docs_name_only_files_that_exist, "README.md", "`make fly`\n", "make fly"),
    (
        tree_rules.docs_name_only_files_that_exist,
        "README.md",
        "[x](docs/gone.md)\n",
        "docs/gone.md",
    ),
    (
        tree_rules.equation_carries_its_attribution,
        "README.md",
        "(product quality +\nservice quality) / (price + hassle)\n",
        "README.md",
    ),
    (
        tree_rules.equation_carries_its_attribution,
        "models/marts/_marts__models.yml",
        "# (product quality + service quality) / (price + hassle), smith+co\n",
        "_marts__models.yml",
    ),
    (
        tree_rules.yaml_files_are_named_after_their_folder,
        "models/marts/schema.yml",
        "",
        "schema.yml",
    ),
    (
        tree_rules.every_test_file_is_run,
        "tests/unit/test_one.py",
        "@pytest.mark.skip(reason='later')\n",
        "disabled",
    ),
    (tree_rules.every_test_file_is_run, "tests/test_lost.py", "", "no folder"),
    (
        tree_rules.lock_files_are_complete_and_name_no_host,
        "requirements.lock",
        "six==1.0\n",
        "no hash",
    ),
    (
        tree_rules.lock_files_are_complete_and_name_no_host,
        "requirements.lock",
        "six>=1.0\n",
        "not pinned",
    ),
    (
        tree_rules.lock_files_are_complete_and_name_no_host,
        "requirements.lock",
        "--index-url https://pypi.example.org/simple\n",
        "names a host",
    ),
]
REPLACED_TREES = [
    (tree_rules.usage_statistics_are_off, "dbt_project.yml", "name: twofold\n", "dbt_project.yml"),
    (
        tree_rules.usage_statistics_are_off,
        "orchestration/dagster.yaml",
        "telemetry:\n  enabled: true\n",
        "dagster.yaml",
    ),
    (
        tree_rules.usage_statistics_are_off,
        "Makefile",
        "export DO_NOT_TRACK = 0\n",
        "DO_NOT_TRACK=1",
    ),
    (
        tree_rules.lock_files_are_complete_and_name_no_host,
        "requirements.lock",
        "duckdb==2.0.0 \\\n    --hash=sha256:00\n",
        "lacks pytest",
    ),
    (
        tree_rules.lock_files_are_complete_and_name_no_host,
        "pyproject.toml",
        SOUND_TREE["pyproject.toml"] + "spark = ['pyspark']\n",
        "requirements-spark.lock: not there",
    ),
]


@pytest.fixture
def sound_tree(tmp_path, write):
    for name, text in SOUND_TREE.items():
        write(tmp_path / name, text)
    return tmp_path


@pytest.mark.parametrize(("rule", "name", "added", "said"), BROKEN_TREES, ids=name_of)
def test_rule_over_the_files_finds_its_fault(rule, name, added, said, sound_tree, write):
    assert rule(sound_tree) == []
    write(sound_tree / name, SOUND_TREE.get(name, "") + added)
    faults = rule(sound_tree)
    assert faults and any(said in fault for fault in faults), faults


@pytest.mark.parametrize(("rule", "name", "text", "said"), REPLACED_TREES, ids=name_of)
def test_rule_over_the_configuration_finds_its_fault(rule, name, text, said, sound_tree, write):
    assert rule(sound_tree) == []
    write(sound_tree / name, text)
    assert any(said in fault for fault in rule(sound_tree))


def test_every_rule_is_shown_to_fail():
    shown = {rule for rule, *_ in [*BROKEN, *BROKEN_TREES, *REPLACED_TREES]}
    held = test_rules_hold.MANIFEST_RULES + test_rules_hold.COMPILED_RULES
    assert set(held + test_rules_hold.TREE_RULES) <= shown
