"""Builds the site beside the old one and swaps the two.

Belongs here: which pages there are, and putting them in place whole. Does not: figures (figures),
drawing (charts), wording (templates).
"""

import ctypes
import os
import shutil
from datetime import datetime
from pathlib import Path

import plotly
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.settings import Settings
from orchestration.site import charts, lineage
from orchestration.site.dictionary import MartText, marts_of, read_manifest
from orchestration.site.figures import PERIODS, ZONES, Entity, read_entities
from orchestration.site.numbers import NOTHING, fixed, money, percent, text
from orchestration.site.publication import Publication
from orchestration.site.reconciliation import (
    assumption_tables,
    metric_table,
    reconciliation_tables,
)

HERE = Path(__file__).parent
ATTRIBUTION = "value equation © smith+co (Shaun Smith)"
PAGES = (
    ("index.html", "Report"),
    ("reconciliation.html", "Reconciliation"),
    ("assumptions.html", "Assumptions"),
    ("catalogue.html", "Catalogue"),
)
DRAWN = (
    ("perceived", charts.perceived_value),
    ("segments", charts.segments),
    ("suppliers", charts.suppliers),
    ("waterfall", charts.waterfall),
    ("bridge", charts.bridge),
    ("whale", charts.whale_curve),
    ("map", charts.value_map),
)


def build_site(
    settings: Settings, publication: Path, manifest: Path, catalog: Path | None = None
) -> Path:
    """Build the whole site for one publication and put it in place of the last one.

    Args:
        settings: where the site goes and where Data Docs lie.
        publication: folder with twofold.duckdb and manifest.json.
        manifest: dbt's manifest.json of the run that built it.
        catalog: dbt's catalog.json; without it the build database is asked.

    Returns:
        The first page.
    """
    new = settings.site.with_name(settings.site.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    dbt_manifest = lineage.with_compiled_sql(read_manifest(manifest), manifest.parent)
    with Publication(publication) as opened:
        built_at = built_at_of(opened.manifest)
        links = _write_other_pages(settings, dbt_manifest, catalog, new, built_at)
        _write_own_pages(opened, dbt_manifest, links, new)
    static = new / "static"
    shutil.copytree(HERE / "static", static)
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    shutil.copyfile(script, static / "plotly.min.js")
    _put_in_place(new, settings.site)
    return settings.site / "index.html"


def built_at_of(run: dict) -> str:
    """When the run began, as its id says; never the clock, so that a rebuild is the same."""
    try:
        began = datetime.strptime(run.get("run_id", ""), "%Y%m%dT%H%M%S%fZ")
    except ValueError:
        return "1970-01-01T00:00:00Z"
    return began.isoformat(timespec="seconds") + "Z"


def _write_other_pages(
    settings: Settings, manifest: dict, catalog: Path | None, new: Path, built_at: str
) -> list[tuple[str, str]]:
    manifest = lineage.repeatable(manifest, built_at)
    if catalog is not None and catalog.exists():
        columns = read_manifest(catalog) | {"metadata": {}}
    else:
        columns = lineage.catalog_from_database(manifest, settings.build_db)
    lineage.write_dbt_docs(manifest, columns, new / "dbt")
    lineage.write_column_lineage(manifest, columns, new / "lineage", built_at, settings.of_the_code)
    links = [("lineage/index.html", "Lineage"), ("dbt/index.html", "dbt docs")]
    if lineage.copy_data_docs(settings.data_docs, new / "data_docs"):
        links.append(("data_docs/index.html", "Data docs"))
    return links


def _write_own_pages(
    publication: Publication, manifest: dict, links: list[tuple[str, str]], new: Path
) -> None:
    environment = _environment()
    entities = read_entities(publication)
    marts = marts_of(manifest)
    for mart in marts:
        mart.row_count = publication.count(mart.name) if publication.has(mart.name) else None
    hints = {mart.name: mart.hints for mart in marts}
    shared = {
        "pages": PAGES,
        "links": links,
        "run": publication.manifest | {"built_at": built_at_of(publication.manifest)},
        "entities": entities,
        "attribution": ATTRIBUTION,
        "periods": PERIODS,
        "zones": ZONES,
    }
    contents = {
        "index.html": {"drawn": {e.entity_id: _draw(e) for e in entities}},
        "reconciliation.html": {"sections": reconciliation_tables(publication, hints)},
        "assumptions.html": {"sections": assumption_tables(publication, hints)},
        "catalogue.html": {
            "marts": marts,
            "folders": _by_folder(marts),
            "metrics": metric_table(publication, hints),
        },
    }
    for page, title in PAGES:
        template = environment.get_template(f"{page}.j2")
        rendered = template.render(**shared, **contents[page], page=page, title=title)
        (new / page).write_text(rendered, encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": money,
        "count": lambda number: fixed(number, 0),
        "score": lambda number: NOTHING if number is None else fixed(number, 3),
        "text": text,
        "words": charts.label,
    }
    environment.globals |= {"percent": percent, "beyond_frame": charts.beyond_frame}
    return environment


def _draw(entity: Entity) -> dict[str, Markup | None]:
    """The charts of one entity as data blocks; to_json has made them safe to embed."""
    figures = {name: draw(entity) for name, draw in DRAWN}
    return {
        name: None if figure is None else Markup(charts.to_json(figure))
        for name, figure in figures.items()
    }


def _by_folder(marts: list[MartText]) -> dict[str, list[MartText]]:
    folders: dict[str, list[MartText]] = {}
    for mart in marts:
        folders.setdefault(mart.folder, []).append(mart)
    return folders


def _put_in_place(new: Path, site: Path) -> None:
    """Swap the new site for the old one; a reader finds one of the two, whole."""
    old = site.with_name(site.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        if _exchange(new, site):
            new.rename(old)
        else:
            site.rename(old)
            new.rename(site)
    else:
        new.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(left: Path, right: Path) -> bool:
    """Exchange two folders in one step, where the system can (Linux)."""
    at_working_directory, exchange = -100, 2
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return not call(
        at_working_directory, os.fsencode(left), at_working_directory, os.fsencode(right), exchange
    )
