"""The warehouse as one graph of assets: raw tables, dbt models, candidate, publication, site.

Belongs here: what depends on what, and which step of the night makes it. Does not: how a step works
(``nightly``), what is judged (``checks``, ``expectations``) or any SQL.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration import books, nightly
from orchestration.contract import closing_marts, contract_tables, source_tables
from orchestration.resources import NightResource, refusals

# For what may pass by itself, such as a file share that was away. A refusal is never retried:
# see resources.refusals. Publication has none, because a link that was half swapped is for the
# next run to see to.
RETRIES = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL)

PARAMETERS = dg.AssetKey(["build", "parameters"])
IDENTITIES = {
    dg.AssetKey(
        ["build", "identity_links"]
    ): "Which customer each key of a source system stands for.",
    dg.AssetKey(["build", "identity_disputes"]): "Keys of which nobody but a person can tell.",
}
CANDIDATE = dg.AssetKey("candidate")
PUBLICATION = dg.AssetKey("publication")
SITE = dg.AssetKey("site")


class Translator(DagsterDbtTranslator):
    """How dbt's nodes look in the graph: grouped by folder, owned as their meta says.

    Only tests of marts become asset checks, since each check costs time in the event log; the rest
    run all the same, and stop the build.
    """

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The folder, such as intermediate_calendar; seeds lie in theirs."""
        folders = dbt_resource_props["fqn"][1:-1] or [dbt_resource_props["resource_type"]]
        return "_".join(folders)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description alone; the SQL stands in the site."""
        return dbt_resource_props.get("description", "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The owner in meta, as a team."""
        owner = _meta(dbt_resource_props).get("owner")
        return [f"team:{owner}"] if owner else None

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """dagster-dbt's own, and the grain."""
        metadata = dict(super().get_metadata(dbt_resource_props))
        grain = _meta(dbt_resource_props).get("grain")
        return metadata | ({"grain": ", ".join(grain)} if grain else {})

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """A check for each test of a mart."""
        attached = manifest["nodes"].get(manifest["nodes"][unique_id].get("attached_node"))
        if attached is None or not is_mart(attached):
            return None
        return super().get_asset_check_spec(asset_spec, manifest, unique_id, project)


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return node.get("config", {}).get("meta", {})


def is_mart(node: Mapping[str, Any]) -> bool:
    """Whether a node of dbt's manifest is published."""
    return node["resource_type"] == "model" and node["schema"] == "marts"


def raw_tables() -> dict[dg.AssetKey, str]:
    """Every raw table the register step makes, by asset key, with its place below LANDING."""
    own = [t for tables in source_tables().values() for t in tables.values()]
    found = {}
    for table in [*contract_tables().values(), *own]:
        folder = "<entity_id>" if table.source == "landing" else table.source
        found[dg.AssetKey([table.source, table.name])] = f"{folder}/{table.stem}"
    return found


def build_landing_assets() -> dg.AssetsDefinition:
    """The raw tables, all made by the step that finds and registers the files."""
    specs = [
        dg.AssetSpec(
            key,
            group_name="raw",
            description=f"Raw table from {place}; empty where no file was delivered.",
            kinds={"duckdb"},
        )
        for key, place in raw_tables().items()
    ]
    specs.append(
        dg.AssetSpec(PARAMETERS, group_name="raw", description="What the run was told (AS_OF).")
    )

    specs += [dg.AssetSpec(k, group_name="raw", description=d) for k, d in IDENTITIES.items()]

    specs += [
        dg.AssetSpec(
            dg.AssetKey(["books", name]),
            group_name="raw",
            description="What the books say of closed periods ($WAREHOUSE/books/).",
            kinds={"duckdb"},
        )
        for name in [*books.TABLES, *(mart.name for mart in closing_marts())]
    ]

    @dg.multi_asset(name="landing", specs=specs, retry_policy=RETRIES)
    def landing(night: NightResource) -> Iterator[dg.MaterializeResult]:
        """Find the raw files and register them."""
        with refusals():
            this = night.begin()
            nightly.land(this)
        files = {
            dg.AssetKey([table.source, table.name]): sum(len(g.files) for g in groups)
            for table, groups in this.landing.groups.items()
        }
        for spec in specs:
            if spec.key == PARAMETERS:
                yield dg.MaterializeResult(spec.key, metadata={"as_of": str(this.settings.as_of)})
            elif spec.key in IDENTITIES:
                yield dg.MaterializeResult(spec.key)
            else:
                yield dg.MaterializeResult(spec.key, metadata={"files": files.get(spec.key, 0)})

    return landing


def build_dbt_assets(manifest: Path) -> dg.AssetsDefinition:
    """Every seed and model as an asset, built by one dbt run inside this process.

    Args:
        manifest: dbt's manifest; it is read when definitions load, and no database is.
    """
    translator = Translator()
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]

    # not retried: what failed in SQL fails again, and dbt has its own retries for connections
    @dbt_assets(manifest=manifest, name="build", dagster_dbt_translator=translator)
    def build(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        """Build and test the models."""
        results: list[Any] = []
        keys = {
            spec.metadata["dagster_dbt/unique_id"]: spec.key for spec in context.assets_def.specs
        }
        checks = {
            spec.metadata["dagster_dbt/unique_id"]: spec.key
            for spec in context.assets_def.check_specs
        }
        refused = None
        try:
            with refusals():
                nightly.build(
                    night.at("build"), only=_part(context, keys, checks, nodes), each=results.append
                )
        except dg.Failure as failure:
            refused = failure
        yield from _events(results, keys, checks, context)
        if refused:
            raise refused

    return build


def _part(
    context: dg.AssetExecutionContext,
    keys: Mapping[str, dg.AssetKey],
    checks: Mapping[str, dg.AssetCheckKey],
    nodes: Mapping[str, Any],
) -> list[str]:
    """Names of the nodes selected; none where all are."""
    everything = set(context.assets_def.node_keys_by_output_name.values())
    if context.selected_asset_keys == everything:
        return []
    part = [uid for uid, key in keys.items() if key in context.selected_asset_keys]
    part += [uid for uid, key in checks.items() if key in context.selected_asset_check_keys]
    return sorted(nodes[uid]["name"] for uid in part)


def _events(
    results: Sequence[Any],
    keys: Mapping[str, dg.AssetKey],
    checks: Mapping[str, dg.AssetCheckKey],
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What dbt reports of each node, as Dagster has it."""
    for item in results:
        uid, status = item.node.unique_id, str(item.status)
        if uid in keys and status == "success" and keys[uid] in context.selected_asset_keys:
            yield dg.MaterializeResult(
                keys[uid], metadata={"seconds": round(item.execution_time, 3)}
            )
    for item in results:
        uid, status = item.node.unique_id, str(item.status)
        if uid in checks and checks[uid] in context.selected_asset_check_keys:
            if status not in ("pass", "warn", "fail", "error"):
                continue
            yield dg.AssetCheckResult(
                passed=status == "pass",
                asset_key=checks[uid].asset_key,
                check_name=checks[uid].name,
                severity=(
                    dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR
                ),
                metadata={"failures": item.failures or 0},
                description=item.message or item.node.description or None,
            )


def build_publishing_assets(manifest: Path) -> list[dg.AssetsDefinition]:
    """Candidate, publication and site: each a step of the night.

    Args:
        manifest: dbt's manifest, which names the marts.
    """
    translator = Translator()
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    marts = [translator.get_asset_key(node) for node in nodes if is_mart(node)]

    @dg.asset(
        key=CANDIDATE,
        deps=sorted(marts),
        group_name="publishing",
        retry_policy=RETRIES,
        kinds={"duckdb", "parquet"},
    )
    def candidate(night: NightResource) -> dg.MaterializeResult:
        """What would be published: every mart as Parquet and in one DuckDB file."""
        with refusals():
            this = night.at("candidate")
            nightly.export(this)
        return dg.MaterializeResult(metadata={"run_id": this.run_id})

    @dg.asset(
        key=PUBLICATION, deps=[CANDIDATE], group_name="publishing", kinds={"duckdb", "parquet"}
    )
    def publication(night: NightResource) -> dg.MaterializeResult:
        """What readers see, swapped as a whole once the candidate passed its gate."""
        with refusals():
            this = night.at("publication")
            nightly.put_in_force(this)
        return dg.MaterializeResult(
            metadata={
                "run_id": this.run_id,
                "folder": dg.MetadataValue.path(str(this.publication)),
                "synthetic": this.is_synthetic,
            }
        )

    @dg.asset(key=SITE, deps=[PUBLICATION], group_name="publishing", retry_policy=RETRIES)
    def site(night: NightResource) -> dg.MaterializeResult:
        """Report, lineage, reconciliation and data docs, as one static site."""
        with refusals():
            this = night.at("site")
            nightly.make_site(this)
        night.summarise(this)
        return dg.MaterializeResult(
            metadata={"page": dg.MetadataValue.path(str(this.settings.site / "index.html"))}
        )

    return [candidate, publication, site]
