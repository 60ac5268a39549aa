"""The site over the project's own marts: the names it reads are theirs, lineage reaches files."""

import base64
import json
import re
from pathlib import Path

import pytest

from orchestration import publish
from orchestration.site.build import build_site
from orchestration.site.publication import READ


@pytest.fixture(scope="module")
def site(empty_build) -> Path:
    """The site of a publication with every mart and no row."""
    settings = empty_build.settings
    manifest = settings.dbt_target / "manifest.json"
    run_id = "20250102T030405000000Z"
    candidate = publish.export_candidate(settings, run_id, manifest)
    publication = publish.publish(settings, candidate, run_id, {"run_id": run_id})
    return build_site(settings, publication, manifest).parent


def marts_of(manifest: dict) -> dict[str, dict]:
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


def test_every_mart_and_column_the_pages_read_is_published(compiled_manifest: dict) -> None:
    marts = marts_of(compiled_manifest)
    unknown = [
        f"{mart}.{column}"
        for mart, columns in READ.items()
        for column in columns
        if mart not in marts or column not in marts[mart]["columns"]
    ]
    assert unknown == []


def test_a_publication_without_rows_gives_every_page(site: Path) -> None:
    for page in ("index", "reconciliation", "assumptions", "catalogue", "dbt/index"):
        assert (site / f"{page}.html").stat().st_size > 1000
    assert "no entities" in (site / "index.html").read_text()


def test_the_catalogue_has_every_mart_and_column(site: Path, compiled_manifest: dict) -> None:
    page = (site / "catalogue.html").read_text()
    for name, mart in marts_of(compiled_manifest).items():
        assert f'id="{name}"' in page
        section = page.split(f'id="{name}"')[1].split("</details>")[0]
        for column in mart["columns"]:
            assert f"<code>{column}</code>" in section, (name, column)


@pytest.fixture(scope="module")
def parents(site: Path) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The columns each column comes from, as the lineage page has them."""
    page = (site / "lineage" / "index.html").read_text()
    data = json.loads(base64.b64decode(re.search(r'JSON\.parse\(atob\("([^"]+)"', page)[1]))
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for edge in data["lineage"]["edges"]:
        if edge.get("sourceColumn"):
            child = (edge["target"], edge["targetColumn"])
            found.setdefault(child, set()).add((edge["source"], edge["sourceColumn"]))
    return found


def test_every_model_has_lineage(parents: dict, compiled_manifest: dict) -> None:
    traced = {node for node, _ in parents}
    models = [
        unique_id
        for unique_id, node in compiled_manifest["nodes"].items()
        if node["resource_type"] == "model" and node["depends_on"]["nodes"]
    ]
    assert sorted(set(models) - traced) == []


@pytest.mark.parametrize(
    ("mart", "column", "tables"),
    [
        (
            "fct_customer_profitability_monthly",
            "operating_profit_amount",
            ["landing.revenue_lines", "landing.cost_entries", "adventureworks.fact_reseller_sales"],
        ),
        (
            "fct_customer_perceived_value_monthly",
            "perceived_value_index",
            ["landing.survey_responses", "olist.order_reviews"],
        ),
    ],
)
def test_lineage_leads_from_a_mart_to_the_raw_tables(
    parents: dict, mart: str, column: str, tables: list[str]
) -> None:
    seen, waiting = set(), [(f"model.twofold.{mart}", column)]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            waiting.extend(parents.get(found, ()))
    reached = {node for node, _ in seen}
    assert {f"source.twofold.{table}" for table in tables} <= reached
