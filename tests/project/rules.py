"""The rules of the project over dbt's manifest; each returns one line for every fault.

A rule takes the manifest and nothing else, so that a small one can show that it is able to fail.
"""

import re
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import expressions as exp

# what a layer may read; a seed is a policy or a lookup
READS = {
    "staging": {"source", "staging", "seed"},
    "input": {"source", "staging", "input", "seed"},
    "intermediate": {"input", "seed", "intermediate"},
    "marts": {"marts", "intermediate", "seed"},
}
# marts that show the contract's own rows may read the input layer
MARTS_OVER_INPUT = ("models/marts/core/", "models/marts/audit/")
# what the run wrote before dbt started: the day it pretends it is, identities, what is closed;
# every layer may know it
KNOWN_TO_ALL = ("build", "books")
# counting raw rows is its purpose, so it has to reach below the input layer
COUNTS_STAGING = {"int_source_control_totals"}

WALL_CLOCK = re.compile(
    r"\b(now\s*\(|today\s*\(|current_date\b|current_time\b|current_timestamp\b|localtime\b"
    r"|localtimestamp\b|get_current_timestamp|sysdate|getdate\s*\(|run_started_at|invocation_id"
    r"|modules\.datetime|random\s*\(|uuid\s*\()",
    re.IGNORECASE,
)
DATED = re.compile(r"\b20\d\d-\d\d-\d\d\b")
ABOUT_THE_RUN = re.compile(
    r"(^|_)(run|invocation|build|batch|job|process)_?(id|time|at|on|started\w*)$"
    r"|(^|_)(built|loaded|published|exported|inserted|updated|refreshed|etl\w*)_(at|on|by)$"
    r"|(^|_)(file|path|filename|filepath|hostname|user_name)$"
)
# marts whose numbers of this type are scores, unless a column says what else it is
SCORED_MARTS = "models/marts/perceived_value/"
SCORE_TYPE = "decimal(18,9)"
LAMBDA = "own_answer_share"
# the data test that asks every score
ASKS_SCORES = "no_score_stands_without_its_uncertainty"
FLOAT_TYPES = ("DOUBLE", "FLOAT")
# a mean, a deviation or a regression is a float inside an aggregate, whatever it is given
FLOAT_AGGREGATES = re.compile(
    r"^(avg|mean|favg|fsum|stddev\w*|var_\w+|variance\w*|corr|covar_\w+|regr_\w+|median|mad"
    r"|quantile_cont|percentile_cont|approx\w*|kurtosis\w*|skewness|entropy|geomean|product)$"
)
# DuckDB's and Spark's functions that give a float
FLOAT_FUNCTIONS = re.compile(
    r"^(ln|log|log2|log10|exp|sqrt|cbrt|pow|power|random|sin|cos|tan|atan2?|pi|degrees|radians)$"
)


def models_of(manifest: dict) -> Iterator[dict]:
    """The project's models, by name."""
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    yield from sorted(nodes, key=lambda node: node["name"])


def layer_of(node: dict) -> str:
    """The layer a node belongs to: its folder, or what it is."""
    if node["resource_type"] != "model":
        return node["resource_type"]
    return node["original_file_path"].split("/")[1]


def _meta(node: dict) -> dict:
    return node.get("config", {}).get("meta") or {}


def _parents(node: dict, manifest: dict) -> Iterator[dict]:
    for unique_id in node["depends_on"]["nodes"]:
        yield manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]


def without_comments(sql: str) -> str:
    """SQL with Jinja without its comments."""
    sql = re.sub(r"\{#.*?#\}", " ", sql, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", " ", sql)


def compiled(node: dict) -> str:
    """The compiled SQL; what ``--empty`` put round a relation is taken off again."""
    sql = node.get("compiled_code") or node["raw_code"]
    return re.sub(
        r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?", r"\1", sql
    )


def parsed(node: dict) -> exp.Expression:
    """The compiled SQL as a tree."""
    return sqlglot.parse_one(compiled(node), dialect="duckdb")


# ---------- relations and layers


def no_hard_coded_relation(manifest: dict) -> list[str]:
    """A model reads what it depends on and its own CTEs, and names no relation itself."""
    faults = []
    for node in models_of(manifest):
        tree = parsed(node)
        allowed = {p["relation_name"].replace('"', "") for p in _parents(node, manifest)}
        own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier):
                continue
            name = ".".join(part.name for part in table.parts)
            if name not in allowed and name not in own:
                faults.append(f"{node['name']}: reads {name}, which is no ref and no source")
    return faults


def layers_only_downwards(manifest: dict) -> list[str]:
    """staging reads its source, input staging, intermediate input, marts intermediate."""
    faults = []
    for node in models_of(manifest):
        layer = layer_of(node)
        for parent in _parents(node, manifest):
            below = layer_of(parent)
            if parent.get("source_name") in KNOWN_TO_ALL or below in READS[layer]:
                continue
            if below == "input" and node["original_file_path"].startswith(MARTS_OVER_INPUT):
                continue
            if node["name"] in COUNTS_STAGING and below == "staging":
                continue
            faults.append(f"{node['name']} ({layer}): reads {parent['name']} ({below})")
    return faults


def staging_folders_hold_one_source(manifest: dict) -> list[str]:
    """A staging model reads the source its folder is named after, and its models."""
    faults = []
    for node in models_of(manifest):
        if layer_of(node) != "staging":
            continue
        folder = node["original_file_path"].split("/")[2]
        for parent in _parents(node, manifest):
            if layer_of(parent) == "seed" or parent.get("source_name") in KNOWN_TO_ALL:
                continue
            source = parent.get("source_name") or parent["original_file_path"].split("/")[2]
            if source != folder:
                faults.append(f"{node['name']}: reads {parent['name']} of the source {source}")
    return faults


# ---------- what is said about a model


def every_model_is_described_owned_and_has_a_grain(manifest: dict) -> list[str]:
    """Description, owner and grain stand beside every model; staging's grain is the raw row."""
    faults = []
    for node in models_of(manifest):
        if not node["description"].strip():
            faults.append(f"{node['name']}: no description")
        if not _meta(node).get("owner"):
            faults.append(f"{node['name']}: no owner in its meta")
        if not _meta(node).get("grain"):
            faults.append(f"{node['name']}: no grain in its meta")
    return faults


def every_grain_is_tested(manifest: dict) -> list[str]:
    """Tables and seeds are asked for one row per grain as they are made; a view needs the test.

    Staging and quarantine are tested by conservation: raw is accepted plus quarantined.
    """
    tested = {
        node.get("attached_node")
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "unique_grain"
    }
    return [
        f"{node['name']}: no unique_grain test"
        for node in models_of(manifest)
        if node["config"].get("materialized") == "view"
        and layer_of(node) != "staging"
        and not node["name"].startswith("quarantine_")
        and node["unique_id"] not in tested
    ]


def marts_have_a_contract_with_every_column_described(manifest: dict) -> list[str]:
    """A mart's contract is enforced, and each column has a type and a description."""
    faults = []
    for node in models_of(manifest):
        if layer_of(node) != "marts":
            continue
        if not node["config"].get("contract", {}).get("enforced"):
            faults.append(f"{node['name']}: its contract is not enforced")
        if not node["columns"]:
            faults.append(f"{node['name']}: no columns")
        for column in node["columns"].values():
            if not column.get("data_type"):
                faults.append(f"{node['name']}.{column['name']}: no data_type")
            if not (column.get("description") or "").strip():
                faults.append(f"{node['name']}.{column['name']}: no description")
    return faults


def every_mart_is_read_by_an_exposure(manifest: dict) -> list[str]:
    """An exposure names who reads a mart; it has an owner and needs no address."""
    read = {n for e in manifest["exposures"].values() for n in e["depends_on"]["nodes"]}
    faults = [
        f"{node['name']}: no exposure reads it"
        for node in models_of(manifest)
        if layer_of(node) == "marts" and node["unique_id"] not in read
    ]
    for exposure in manifest["exposures"].values():
        if not exposure["owner"].get("name") or not exposure["description"].strip():
            faults.append(f"exposure {exposure['name']}: no owner or no description")
        if exposure.get("url"):
            faults.append(f"exposure {exposure['name']}: has a url")
    return faults


# ---------- tests


def has_logic(node: dict) -> bool:
    """Whether a model does more than pick, rename and cast columns of one relation."""
    tree = parsed(node)
    if list(tree.find_all(exp.Join, exp.Where, exp.Case, exp.Group, exp.Window, exp.AggFunc)):
        return True
    return bool(list(tree.find_all(exp.Add, exp.Sub, exp.Mul, exp.Div)))


def models_with_logic_have_a_unit_test(manifest: dict, without: dict[str, str]) -> list[str]:
    """A model that decides something has a unit test; without names the exceptions and why.

    A mart that decides nothing has one upstream, unless it shows the contract's own rows.
    """
    tested = {
        unique_id
        for test in manifest["unit_tests"].values()
        for unique_id in test["depends_on"]["nodes"]
        if unique_id.endswith(f".{test['model']}")
    }
    faults = []
    for node in models_of(manifest):
        if layer_of(node) not in ("intermediate", "marts") or node["unique_id"] in tested:
            continue
        if node["name"] in without:
            continue
        if has_logic(node):
            faults.append(f"{node['name']}: has logic and no unit test")
        elif layer_of(node) == "marts" and not _tested_or_plain_upstream(node, manifest, tested):
            faults.append(f"{node['name']}: no unit test here or upstream")
    return faults


def _tested_or_plain_upstream(node: dict, manifest: dict, tested: set[str]) -> bool:
    parents = [p for p in _parents(node, manifest) if p["resource_type"] == "model"]
    return all(
        layer_of(parent) == "input"
        or parent["unique_id"] in tested
        or _tested_or_plain_upstream(parent, manifest, tested)
        for parent in parents
    )


def unit_tests_are_named_situation_result(manifest: dict) -> list[str]:
    """A unit test's name is a statement of lower-case words, never test_something."""
    return [
        f"{test['name']}: say situation and result in words"
        for test in manifest["unit_tests"].values()
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+){2,}", test["name"])
        or test["name"].startswith(("test_", "unit_"))
    ]


def data_tests_are_named(manifest: dict) -> list[str]:
    """A generic test carries a name of its own, so that its failure can be read."""
    return [
        f"{node['name']}: give the test a name (<model>__<true statement>)"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata")
        and re.search(r"_[0-9a-f]{32}$|^(unique_grain|expression_holds)_", node["name"])
    ]


def warnings_have_a_dated_reason(manifest: dict) -> list[str]:
    """A test that may fail says since when and why; the rest stop the build at the first row."""
    faults = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        config = node["config"]
        is_loose = str(config.get("severity", "error")).lower() == "warn"
        is_loose |= config.get("error_if", "!= 0") != "!= 0"
        is_loose |= config.get("warn_if", "!= 0") != "!= 0"
        reason = f"{_meta(node).get('reason', '')} {node.get('description') or ''}"
        if is_loose and not DATED.search(reason):
            faults.append(f"{node['name']}: only warns, without a dated reason in its meta")
    return faults


# ---------- SQL


def no_star_from_a_join(manifest: dict) -> list[str]:
    """A star over a join takes whatever columns another model grows."""
    faults = []
    for node in models_of(manifest):
        for select in parsed(node).find_all(exp.Select):
            if select.is_star and select.args.get("joins"):
                faults.append(f"{node['name']}: select * from a join")
    return faults


def no_wall_clock(manifest: dict) -> list[str]:
    """Neither models nor macros nor tests ask what day it is; the build is told."""
    pieces = [
        (node["name"], node.get("raw_code") or "")
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test", "snapshot")
    ]
    pieces += [
        (macro["name"], macro["macro_sql"])
        for macro in manifest["macros"].values()
        if macro["package_name"] == "twofold"
    ]
    return [
        f"{name}: {found.group(0).strip()}"
        for name, sql in pieces
        if (found := WALL_CLOCK.search(without_comments(sql)))
    ]


def no_float_in_an_aggregate(manifest: dict) -> list[str]:
    """No aggregate or window has a float in it: their order would change the last digits."""
    faults = []
    for node in models_of(manifest):
        for call in parsed(node).find_all(exp.AggFunc, exp.Window, exp.Anonymous):
            name = _function_name(call)
            if FLOAT_AGGREGATES.match(name):
                faults.append(f"{node['name']}: {name}()")
                continue
            if isinstance(call, exp.Anonymous):
                continue
            for inner in call.find_all(exp.Cast, exp.Div, exp.Func):
                if _gives_a_float(inner):
                    faults.append(f"{node['name']}: {inner.sql('duckdb')[:60]} inside {name}()")
    return faults


def _function_name(call: exp.Expression) -> str:
    if isinstance(call, exp.Window):
        return _function_name(call.this) if isinstance(call.this, exp.Func) else "window"
    if isinstance(call, exp.Anonymous):
        return call.name.lower()
    return call.sql_name().lower()


def _gives_a_float(inner: exp.Expression) -> bool:
    if isinstance(inner, exp.Div):
        return True
    if isinstance(inner, exp.Cast):
        return inner.to.this in (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
    name = inner.name if isinstance(inner, exp.Anonymous) else inner.sql_name()
    return bool(FLOAT_FUNCTIONS.match(name.lower()))


def marts_say_nothing_of_the_run(manifest: dict) -> list[str]:
    """A run id, a path or a build time in a mart would change its bytes every night."""
    return [
        f"{node['name']}.{column}: tells of the run, not of the business"
        for node in models_of(manifest)
        if layer_of(node) == "marts"
        for column in node["columns"]
        if ABOUT_THE_RUN.search(column)
    ]


def scores_carry_their_uncertainty(manifest: dict) -> list[str]:
    """No mart shows a score of perceived value without n, lambda, interval, method and status.

    A column's meta says what it is: ``score`` names its n and the ends of its interval,
    ``reads_with`` the score whose uncertainty it shares, ``not_a_score`` what it is instead.
    """
    marts = [node for node in models_of(manifest) if layer_of(node) == "marts"]
    names = {c for node in marts for c, has in node["columns"].items() if "score" in _meta(has)}
    asked = {
        parent
        for node in manifest["nodes"].values()
        if node["name"] == ASKS_SCORES
        for parent in node["depends_on"]["nodes"]
    }
    faults = []
    for node in marts:
        columns = node["columns"]
        scores = {c: _meta(has)["score"] for c, has in columns.items() if "score" in _meta(has)}
        ends = {score.get(end) for score in scores.values() for end in ("low", "high")}

        for column, has in columns.items():
            meta, at = _meta(has), f"{node['name']}.{column}"
            is_number = node["original_file_path"].startswith(SCORED_MARTS) and (
                has.get("data_type") == SCORE_TYPE
            )
            if column in scores:
                for part in ("n", "low", "high"):
                    if meta["score"].get(part) not in columns:
                        faults.append(f"{at}: score without {part}")
            elif "reads_with" in meta:
                if meta["reads_with"] not in scores:
                    faults.append(f"{at}: reads with {meta['reads_with']}, which is no score here")
            elif "not_a_score" in meta:
                if len(str(meta["not_a_score"])) < 10:
                    faults.append(f"{at}: does not say what it is instead of a score")
            elif column in names or (is_number and column not in ends | {LAMBDA}):
                faults.append(f"{at}: says neither that it is a score nor that it is none")
        beside = {
            "lambda": LAMBDA in columns,
            "method": "method" in columns,
            "status": any(c == "reliability" or c.endswith("_status") for c in columns),
            f"a question of {ASKS_SCORES}": node["unique_id"] in asked,
        }
        faults += [
            f"{node['name']}: scores without {what}"
            for what, there in beside.items()
            if scores and not there
        ]
    return faults


def sources_have_their_staging_models(manifest: dict, sources: dict[str, list[str]]) -> list[str]:
    """Each line of vars.sources has a staging model a table; landing covers the whole contract."""
    names = {node["name"] for node in models_of(manifest)}
    contract = {n.removeprefix("input_") for n in names if n.startswith("input_")}
    faults = []
    for source, tables in sources.items():
        for table in tables:
            if f"stg_{source}__{table}" not in names:
                faults.append(f"vars.sources.{source}: no model stg_{source}__{table}")
            if table not in contract:
                faults.append(f"vars.sources.{source}: {table} is not in the input contract")
    for table in sorted(contract - set(sources.get("landing", []))):
        faults.append(f"vars.sources.landing: lacks {table}")
    listed = {f"stg_{source}__{table}" for source, tables in sources.items() for table in tables}
    for name in sorted(n for n in names if n.startswith("stg_") and n not in listed):
        faults.append(f"{name}: a staging model that vars.sources does not name")
    return faults


def raw_rows_of_every_source_are_counted(manifest: dict, sources: Iterable[str]) -> list[str]:
    """A data test reads the raw tables themselves: a row lost in staging is in no other total."""
    counted = {
        parent.split(".")[2]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and not node.get("test_metadata")
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.")
    }
    return [
        f"vars.sources.{source}: no data test counts its raw rows"
        " (tests/data/raw_rows_of_known_sources_land_once.sql)"
        for source in sources
        if source not in counted
    ]
