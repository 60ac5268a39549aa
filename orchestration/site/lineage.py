"""The pages other tools make: dbt docs, column-level lineage, Great Expectations' Data Docs.

Belongs here: making them work from the file system, offline, without usage statistics, and the
same for the same publication. Does not: their content.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import duckdb

# Neither page may reach a network, whatever is in it: the browser refuses.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'none'; script-src file: 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src file: 'self' 'unsafe-inline'; img-src file: 'self' data: blob:; "
    "font-src file: 'self' data:; connect-src data: blob:; worker-src blob: data:; "
    "base-uri 'none'; form-action 'none'\">"
)
HOME = "../index.html"
KEPT_LINEAGES = 5
# colibri knows Spark's SQL by the name of a vendor of it
DIALECTS = {"spark": "databricks"}


def repeatable(manifest: dict, built_at: str) -> dict:
    """The manifest without what differs between two parses of the same project."""
    metadata = {
        **manifest.get("metadata", {}),
        "generated_at": built_at,
        "invocation_id": None,
        "invocation_started_at": None,
        "user_id": None,
        "send_anonymous_usage_stats": False,
        "env": {},
    }
    cleaned = {**manifest, "metadata": metadata}
    for part in ("nodes", "macros", "exposures", "metrics", "sources", "docs", "unit_tests"):
        cleaned[part] = {
            unique_id: _without_run(node)
            for unique_id, node in sorted(manifest.get(part, {}).items())
        }
    return cleaned


def _without_run(node: dict) -> dict:
    """A node without times and places of the run, and without what depends on its selection.

    Seeds are read from a composed folder. A run compiles only the tests it was asked for, and notes
    the macros of doing so among what they depend on.
    """
    left_out = ["created_at", "build_path", "compiled_path", "root_path"]
    left_out += ["extra_ctes", "extra_ctes_injected"]
    if node.get("resource_type") == "test":
        left_out += ["compiled", "compiled_code"]
    kept = {name: value for name, value in node.items() if name not in left_out}
    if node.get("resource_type") == "test":
        kept["depends_on"] = {"macros": [], "nodes": node["depends_on"]["nodes"]}
    if node.get("resource_type") == "seed":
        kept["original_file_path"] = f"seeds/{node['path']}"
    return kept


def with_compiled_sql(manifest: dict, target: Path) -> dict:
    """The manifest with the SQL of every model, where dbt left it.

    A build of some models writes a manifest that has the SQL of those alone; the others lie in
    the target folder from the run before.
    """
    for node in manifest.get("nodes", {}).values():
        if node.get("resource_type") == "model" and not node.get("compiled_code"):
            path = target / "compiled" / node["package_name"] / node["original_file_path"]
            if path.exists():
                node["compiled_code"] = path.read_text(encoding="utf-8")
                node["compiled"] = True
    return manifest


def catalog_from_database(manifest: dict, database: Path) -> dict:
    """A dbt catalog read from the build database in one query.

    ``dbt docs generate`` would start dbt again for the same columns.
    """
    nodes: dict[str, dict] = {}
    relations: dict[tuple[str, str], dict] = {}
    if database.exists():
        with duckdb.connect(str(database), read_only=True) as connection:
            found = connection.execute(
                "select table_schema, table_name, column_name, ordinal_position, data_type "
                "from information_schema.columns "
                "order by table_schema, table_name, ordinal_position"
            ).fetchall()
        for schema, name, column, index, kind in found:
            relations.setdefault((schema, name), {})[column] = {
                "type": kind,
                "index": index,
                "name": column,
                "comment": None,
            }
    sources: dict[str, dict] = {}
    for part, target in (("nodes", nodes), ("sources", sources)):
        for unique_id, node in sorted(manifest.get(part, {}).items()):
            if node.get("resource_type") not in ("model", "seed", "snapshot", "source"):
                continue
            name = node.get("alias") or node.get("identifier") or node["name"]
            columns = relations.get((node["schema"], name))
            if columns is None:
                columns = {
                    c["name"]: {
                        "type": (c.get("data_type") or "varchar").upper(),
                        "index": position,
                        "name": c["name"],
                        "comment": None,
                    }
                    for position, c in enumerate(node.get("columns", {}).values(), 1)
                }
            target[unique_id] = {
                "unique_id": unique_id,
                "metadata": {
                    "type": "VIEW"
                    if node.get("config", {}).get("materialized") == "view"
                    else "BASE TABLE",
                    "schema": node["schema"],
                    "name": name,
                    "database": node.get("database"),
                    "comment": None,
                    "owner": None,
                },
                "columns": columns,
                "stats": {
                    "has_stats": {
                        "id": "has_stats",
                        "label": "Has Stats?",
                        "value": False,
                        "include": False,
                        "description": "",
                    }
                },
            }
    return {"metadata": {}, "nodes": nodes, "sources": sources, "errors": None}


def _inline_json(content: dict) -> str:
    """JSON for a script block: no text in it can end the block."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")


def _offline(page: str, home: str) -> str:
    """The page without a network, and with a way back to ours."""
    back = (
        f'<a href="{home}" style="position:fixed;bottom:.5rem;left:50%;transform:translateX(-50%);'
        "z-index:99999;background:#1d2530;color:#fff;padding:.2rem .9rem;border-radius:99px;"
        'font:14px sans-serif;text-decoration:none;opacity:.85">Twofold report</a>'
    )
    page = page.replace("<head>", "<head>" + POLICY, 1)
    start, end, rest = page.rpartition("</body>")
    return start + back + end + rest if end else page + back


def write_dbt_docs(manifest: dict, catalog: dict, folder: Path) -> Path:
    """The dbt docs in one file, as ``dbt docs generate --static`` makes them."""
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    page = page.replace('"MANIFEST.JSON INLINE DATA"', _inline_json(manifest))
    page = page.replace('"CATALOG.JSON INLINE DATA"', _inline_json(catalog))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "index.html"
    target.write_text(_offline(page, HOME), encoding="utf-8")
    return target


def write_column_lineage(
    manifest: dict, catalog: dict, folder: Path, built_at: str, cache: Path
) -> Path:
    """Column-level lineage by dbt-colibri, its usage statistics and version check off.

    Tracing every column takes longer than the rest of the site, and a night that changed no model
    changes no lineage: what was traced is kept in ``cache`` under a hash of what it came from, the
    last few for as many states of the code.
    """
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["DISABLE_COLIBRI_TELEMETRY"] = "1"
    os.environ["DBT_COLIBRI_NO_VERSION_CHECK"] = "1"
    with warnings.catch_warnings():
        # sqlglot's own news about its parser
        warnings.simplefilter("ignore", DeprecationWarning)
        from dbt_colibri.report import generator

    lineage = _trace(manifest, catalog, cache)
    lineage["metadata"]["generated_at"] = built_at
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "index.html"
    generator.inject_data_into_html(
        lineage,
        template_html_path=str(Path(generator.__file__).parent / "index.html"),
        output_html_path=str(target),
        disable_telemetry=True,
    )
    target.write_text(_offline(target.read_text(encoding="utf-8"), HOME), encoding="utf-8")
    return target


def _trace(manifest: dict, catalog: dict, cache: Path) -> dict:
    """Colibri's lineage of all columns, from the cache where nothing changed."""
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
    from dbt_colibri.report.generator import DbtColibriReportGenerator

    about = manifest["metadata"]
    adapter = about.get("adapter_type")
    content = {
        # what is shown of a run is no part of what is traced
        "manifest": {
            **manifest,
            "metadata": {
                **about,
                "generated_at": None,
                "adapter_type": DIALECTS.get(adapter, adapter),
            },
        },
        "catalog": catalog,
    }
    texts = {name: json.dumps(part, sort_keys=True) for name, part in content.items()}
    key = hashlib.sha256("\0".join([version("dbt-colibri"), *texts.values()]).encode()).hexdigest()
    kept = cache / f"lineage-{key}.json"
    with suppress(FileNotFoundError):
        found = json.loads(kept.read_text(encoding="utf-8"))
        kept.touch()
        return found
    _know_unions()
    with tempfile.TemporaryDirectory() as folder, _collected("colibri") as complaints:
        paths = [Path(folder) / f"{name}.json" for name in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        extractor = DbtColumnLineageExtractor(*map(str, paths))
        report = DbtColibriReportGenerator(extractor, light_mode=True, disable_telemetry=True)
        lineage = _in_order(report.build_full_lineage())
    for complaint in complaints[:5]:
        logging.getLogger(__name__).warning("column lineage: %s", complaint)
    cache.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(lineage), encoding="utf-8")
    partial.replace(kept)
    # another night may be clearing up as well
    with suppress(FileNotFoundError):
        for old in sorted(cache.glob("lineage-*"), key=os.path.getmtime)[:-KEPT_LINEAGES]:
            old.unlink()
    return lineage


def _know_unions() -> None:
    """Give sqlglot's scopes the name by which colibri 0.3.7 asks for the parts of a union.

    sqlglot 30 renamed it, and colibri then leaves every union without lineage, in silence.
    """
    from sqlglot.optimizer.scope import Scope

    if not hasattr(Scope, "union_scopes"):
        Scope.union_scopes = property(lambda scope: scope.set_operation_scopes)


@contextmanager
def _collected(logger: str) -> Iterator[list[str]]:
    """What a logger complains of, kept from the console."""
    complaints: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: complaints.append(record.getMessage())
    target = logging.getLogger(logger)
    before = target.propagate, target.level
    target.propagate = False
    target.setLevel(logging.ERROR)
    target.addHandler(handler)
    try:
        yield complaints
    finally:
        target.removeHandler(handler)
        target.propagate = before[0]
        target.setLevel(before[1])


def _in_order(lineage: dict) -> dict:
    """What the page needs of a lineage, in an order that does not change from run to run."""
    edges = sorted(
        lineage["lineage"]["edges"],
        key=lambda edge: tuple(
            edge.get(name) or "" for name in ("target", "targetColumn", "source", "sourceColumn")
        ),
    )
    return {
        "metadata": lineage["metadata"],
        "nodes": dict(sorted(lineage["nodes"].items())),
        "lineage": {"edges": [{**edge, "id": n} for n, edge in enumerate(edges, start=1)]},
        "tree": _sorted_tree(lineage["tree"]),
    }


def _sorted_tree(tree: object) -> object:
    if isinstance(tree, dict):
        return {name: _sorted_tree(branch) for name, branch in sorted(tree.items())}
    return sorted(tree) if isinstance(tree, list) else tree


def copy_data_docs(source: Path, folder: Path) -> Path | None:
    """Great Expectations' pages, or None if there are none yet."""
    if not (source / "index.html").exists():
        return None
    shutil.copytree(source, folder)
    for page in sorted(folder.rglob("*.html")):
        home = "../" * len(page.relative_to(folder).parts) + "index.html"
        content = page.read_text(encoding="utf-8")
        page.write_text(_offline(content, home), encoding="utf-8")
    return folder / "index.html"
