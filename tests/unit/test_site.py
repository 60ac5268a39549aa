"""The site over a small publication made here: what is drawn, what is said, what is refused."""

import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.site import charts, numbers
from orchestration.site.build import ATTRIBUTION, build_site
from orchestration.site.figures import CURVE_POINTS, read_entities
from orchestration.site.numbers import NOTHING
from orchestration.site.publication import Publication

NASTY = "<script>alert(1)</script>"
MARTS = """
create schema marts;
create table marts.dim_entities as
select * from (values
    ('alpha', 'Alpha Trading', 'EUR', 'revenue', 'commercial', true, 2, date '2024-12-31', true),
    ('beta', $nasty, 'BRL', 'gross merchandise value of an agent', 'commercial', false, 2,
        date '2024-12-31', false)
) as t (entity_id, entity_name, currency, revenue_label, organisation_type, is_synthetic,
    minor_digits, as_of_date, has_ledger);

create table marts.dim_customers as
select 'alpha' as entity_id, 'c' || i as customer_id,
    case i % 3 when 0 then $nasty when 1 then '=1+1' else 'O''Brien; DROP TABLE' end as name
from range(1, 3001) as r (i);

create table marts.fct_customer_profitability_monthly as
with months as (select cast(m as date) as month_start_date
    from range(timestamp '2024-01-01', timestamp '2025-01-01', interval 1 month) as r (m)),
amounts as (
    select 'alpha' as entity_id, 'c' || i as customer_id, month_start_date, 'EUR' as currency,
        cast(100 as decimal(18, 4)) as list_amount,
        cast(10 as decimal(18, 4)) as discount_amount,
        cast(5 as decimal(18, 4)) as rebate_amount,
        cast(4 as decimal(18, 4)) as freight_charged_amount,
        cast(3 as decimal(18, 4)) as freight_paid_amount,
        cast(40.005 as decimal(18, 4)) as direct_cost_amount,
        -- a third of the customers is outside the ledger's scope
        cast(case when i % 3 = 0 then null else i % 80 end as decimal(18, 4))
            as cost_to_serve_amount,
        cast(1 as decimal(18, 4)) as customer_sustaining_amount,
        month_start_date < date '2024-12-01' as signable
    from range(1, 31) as r (i), months
    union all
    select 'beta', 'b1', month_start_date, 'BRL', 50, 0, 0, null, null, null, null, null, false
    from months
)
select entity_id, customer_id, month_start_date, currency, list_amount, discount_amount,
    list_amount - discount_amount as invoice_amount, rebate_amount,
    list_amount - discount_amount - rebate_amount as pocket_amount,
    freight_charged_amount, freight_paid_amount, direct_cost_amount,
    list_amount - discount_amount - rebate_amount + freight_charged_amount - freight_paid_amount
        - direct_cost_amount as gross_margin_amount,
    cost_to_serve_amount,
    gross_margin_amount - cost_to_serve_amount as contribution_amount,
    customer_sustaining_amount,
    contribution_amount - customer_sustaining_amount as operating_profit_amount,
    signable
from amounts;

create table marts.rpt_profit_bridge as
select 'alpha' as entity_id, comparison, date '2024-12-01' as month_start_date,
    'operating_profit' as profit_level, 100 as base_profit_amount, 107 as profit_amount,
    10 as price_effect_amount, 4 as volume_effect_amount, -2 as mix_effect_amount,
    0 as exchange_effect_amount, -5 as cost_rate_effect_amount, 0 as efficiency_effect_amount,
    0 as capacity_effect_amount, 0 as new_customers_amount, 0 as lost_customers_amount,
    0 as new_products_amount, 0 as lost_products_amount, 0 as method_change_amount,
    0 as frozen_difference_amount
from (values ('previous_period'), ('prior_year')) as c (comparison);

create table marts.fct_customer_perceived_value_monthly as
select 'alpha' as entity_id, 'c' || i as customer_id, date '2024-12-01' as month_start_date,
    case when i % 4 = 0 then null else cast(0.5 + i / 30 as decimal(18, 9)) end
        as perceived_value_index,
    case when i % 4 = 0 then 0 else 6 end as responses_count,
    'survey' as method,
    cast(case i % 4 when 1 then 0.4 when 2 then 0 when 3 then 0.9 end as decimal(18, 9))
        as own_answer_share,
    case i % 4 when 0 then 'not_measured' when 1 then 'low_n' when 2 then 'modelled'
        else 'measured' end as measurement_status
from range(1, 31) as r (i)
union all
select 'beta', 'b1', date '2024-12-01', null, 0, null, null, 'not_measured';

create table marts.fct_customer_value_monthly as
select entity_id, customer_id, month_start_date, perceived_value_index,
    cast(row_number() over (order by entity_id, customer_id) - 10 as decimal(18, 4))
        as trailing_profit_amount,
    0.9 as band_lower_index, 1.2 as band_upper_index, measurement_status,
    case when perceived_value_index < 0.9 then 'below_band' when perceived_value_index > 1.2
        then 'above_band' when perceived_value_index is not null then 'within_band' end
        as value_zone,
    case when perceived_value_index is null then 'not_measured' when perceived_value_index > 1
        then 'star' else 'vulnerable' end as quadrant
from marts.fct_customer_perceived_value_monthly;

create table marts.rpt_value_map as
select 'alpha' as entity_id, date '2024-12-01' as month_start_date, map_level, rated_id, reference,
    cast(quality as decimal(18, 9)) as relative_quality,
    cast(quality - 0.1 as decimal(18, 9)) as relative_quality_low,
    cast(quality + 0.2 as decimal(18, 9)) as relative_quality_high,
    cast(1.1 as decimal(18, 9)) as relative_price, cast(null as decimal(18, 9)) as relative_hassle,
    cast(quality / 1.1 as decimal(18, 9)) as value_index,
    cast(quality / 1.2 as decimal(18, 9)) as value_low,
    cast(quality as decimal(18, 9)) as value_high, cast(quality as decimal(18, 9)) as fair_price,
    'a line' as fair_value_rule, cast(0.4 as decimal(18, 9)) as response_rate,
    case when quality is null then null else 40 end as customers_count,
    case when quality is null then 'suppressed' else 'shown' end as reliability
from (values ('entity', '(all)', 'par', 1.0), ('segment', $nasty, 'par', 1.2),
    ('segment', 'tiny', 'par', null), ('supplier', 'rival', 'market', 0.9))
    as t (map_level, rated_id, reference, quality);

create table marts.rpt_competitor_value as
select 'alpha' as entity_id, date '2024-12-01' as month_start_date, 'rival' as competitor_id,
    cast(1.2 as decimal(18, 9)) as relative_quality, cast(1.1 as decimal(18, 9)) as relative_price,
    cast(0.8 as decimal(18, 9)) as relative_hassle,
    cast(1.3 as decimal(18, 9)) as value_against_competitor,
    cast(1.25 as decimal(18, 9)) as value_low, cast(1.352 as decimal(18, 9)) as value_high,
    17 as pairs_count, 20 as own_raters_count, 'low_n' as reliability;

create table marts.rpt_recommendation_score as
select 'alpha' as entity_id, date '2024-12-01' as month_start_date, 'segment' as map_level,
    rated_id, cast(score as decimal(18, 9)) as recommendation_score,
    cast(score - 4 as decimal(18, 9)) as recommendation_low,
    cast(score + 4 as decimal(18, 9)) as recommendation_high,
    case when score is null then null else 80 end as answers_count,
    case when score is null then null else 50 end as customers_count,
    cast(case when score is null then null else 52 end as decimal(18, 9))
        as effective_respondents,
    case when score is null then 'suppressed' else 'shown' end as reliability
from (values ($nasty, 12.5), ('tiny', null)) as t (rated_id, score);

create table marts.rpt_promise_gap as
select 'alpha' as entity_id, fiscal_year, 'p' as promise_id, 'On time' as statement,
    cast(0.9 as decimal(18, 9)) as promised_share, cast(0.8 as decimal(18, 9)) as kept_share,
    cast(0.75 as decimal(18, 9)) as kept_share_low, cast(0.85 as decimal(18, 9)) as kept_share_high,
    120 as events_count, 'broken' as promise_status
from (values (2023), (2024)) as t (fiscal_year);

create table marts.rpt_stated_reasons as
select 'beta' as entity_id, 'Price' as reason, 7 as statements_count, 5 as customers_count;

create table marts.rpt_whale_curve as
with profits as (
    select 'c' || i as customer_id, cast(2000 - i as decimal(18, 4)) as profit_amount, i as rank
    from range(1, 3001) as r (i)
)
select 'alpha' as entity_id, '2024-12-01' as period, 'operating_profit' as profit_level,
    rank as customer_rank, customer_id, profit_amount,
    cast(sum(profit_amount) over (order by rank) as decimal(18, 4)) as cumulative_profit_amount,
    cast(null as decimal(18, 9)) as cumulative_profit_share
from profits
union all
select 'alpha', '2024-12-01', 'operating_profit', null, '(unknown)', 500, null, null;

create table marts.rpt_ledger_reconciliation as
select 'alpha' as entity_id, date '2024-12-01' as month_start_date, 'EUR' as currency,
    tie_out, pool_id, cast(ledger_amount as decimal(18, 4)) as ledger_amount,
    cast(90 as decimal(18, 4)) as assigned_amount,
    cast(6 as decimal(18, 4)) as unused_capacity_amount,
    cast(4 as decimal(18, 4)) as unassigned_amount,
    cast(0 as decimal(18, 4)) as quarantined_amount,
    cast(0 as decimal(18, 4)) as reconciling_amount,
    cast(ledger_amount - 100 as decimal(18, 4)) as difference_amount,
    case when ledger_amount = 100 then 'tied' else 'not_tied' end as tie_out_status,
    ledger_amount = 100 as is_signable
from (values ('T2', 'support', 100), ('T3', 'revenue', 1333.25))
    as t (tie_out, pool_id, ledger_amount);

create table marts.rpt_cut_off as
select 'alpha' as entity_id, month as month_start_date, 'delivery' as cut_off_type,
    'D' || month as document_id, 'posted_early' as timing, 'EUR' as currency,
    cast(amount as decimal(18, 4)) as period_amount,
    cast(500 as decimal(18, 4)) as materiality_amount, amount > 500 as is_material
from (values (date '2024-11-01', 20.5), (date '2024-12-01', 777.25)) as t (month, amount);

create table marts.rpt_intercompany_eliminations as
select 'alpha' as entity_id, 'beta' as partner_entity_id, month as month_start_date,
    'EUR' as group_currency, cast(100 as decimal(18, 4)) as group_amount,
    cast(difference - 100 as decimal(18, 4)) as partner_group_amount,
    cast(difference as decimal(18, 4)) as elimination_difference_amount, status
    as elimination_status
from (values (date '2024-11-01', 0, 'eliminated'), (date '2024-12-01', 46.8691, 'difference'))
    as t (month, difference, status);

create table marts.rpt_plan_reconciliation as
select 'alpha' as entity_id, date '2024-12-01' as month_start_date, 'sales' as plan_line,
    'EUR' as currency, cast(1000 as decimal(18, 4)) as sales_plan_amount,
    cast(844.5 as decimal(18, 4)) as ledger_plan_amount,
    cast(155.5 as decimal(18, 4)) as difference_amount, 'difference' as plan_status;

create table marts.rpt_source_control_totals as
select 'alpha' as entity_id, 'landing' as source, 'revenue_lines' as input_table,
    'EUR' as currency, 10 as raw_rows, 9 as accepted_rows, 1 as quarantined_rows,
    cast(109809274.2030 as decimal(18, 4)) as raw_amount,
    cast(109809270.2030 as decimal(18, 4)) as accepted_amount,
    cast(4 as decimal(18, 4)) as quarantined_amount;

create table marts.rpt_quarantined_rows as
select 'alpha' as entity_id, 'landing' as source, 'revenue_lines' as input_table,
    'A-' || i as source_id, 'sign_contradicts_type' as quarantine_reason,
    $nasty as quarantine_detail
from range(3) as r (i);

create table marts.rpt_assumptions as
select 'policy_hassle_rates' as policy, $nasty as item, 'finance' as owner, 'assumed' as evidence,
    date '2024-01-01' as valid_from, 'a guess, dated' as source;
"""


def _model(name: str, folder: str, sql: str, columns: list[str]) -> dict:
    return {
        "resource_type": "model",
        "name": name,
        "alias": name,
        "unique_id": f"model.twofold.{name}",
        "fqn": ["twofold", "marts", folder, name],
        "schema": "marts",
        "database": "twofold",
        "relation_name": f'"twofold"."marts"."{name}"',
        "package_name": "twofold",
        "path": f"marts/{folder}/{name}.sql",
        "original_file_path": f"models/marts/{folder}/{name}.sql",
        "description": f"What {name} says. {NASTY}",
        "config": {
            "materialized": "table",
            "meta": {"grain": ["entity_id", "customer_id"], "owner": "finance"},
        },
        "columns": {
            c: {"name": c, "description": f"The {c}.", "data_type": "varchar"} for c in columns
        },
        "tags": [],
        "refs": [],
        "sources": [],
        "depends_on": {"nodes": [], "macros": []},
        "raw_code": sql,
        "compiled_code": sql,
        "compiled": True,
        "language": "sql",
        "created_at": 1.0,
    }


def _dbt_manifest() -> dict:
    customers = _model("dim_customers", "core", "select 1 as customer_id", ["customer_id"])
    value = _model(
        "fct_customer_value_monthly",
        "value_management",
        'select customer_id as customer_id from "twofold"."marts"."dim_customers"',
        ["customer_id"],
    )
    value["depends_on"]["nodes"] = [customers["unique_id"]]
    parents = {customers["unique_id"]: [], value["unique_id"]: [customers["unique_id"]]}
    return {
        "metadata": {"adapter_type": "duckdb", "project_name": "twofold", "dbt_version": "1.11.16"},
        "nodes": {m["unique_id"]: m for m in (customers, value)},
        "sources": {},
        "macros": {},
        "docs": {},
        "exposures": {
            "exposure.twofold.report": {
                "name": "report",
                "label": "Finance report",
                "type": "dashboard",
                "unique_id": "exposure.twofold.report",
                "fqn": ["twofold", "report"],
                "original_file_path": "models/exposures.yml",
                "depends_on": {"nodes": [value["unique_id"]]},
            }
        },
        "metrics": {},
        "parent_map": parents,
        "child_map": {customers["unique_id"]: [value["unique_id"]], value["unique_id"]: []},
    }


def _publish(folder: Path, statements: str) -> None:
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "twofold.duckdb")) as connection:
        connection.execute(statements.replace("$nasty", f"'{NASTY}'"))
    run = {"run_id": "20250102T030405000000Z", "code_version": "abc"}
    (folder / "manifest.json").write_text(json.dumps(run))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    _publish(root / "publication", MARTS)
    (root / "manifest.json").write_text(json.dumps(_dbt_manifest()))
    docs = root / "build" / "data_docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("<html><head></head><body>suites</body></html>")
    _build(root)
    return root


def _build(root: Path) -> Path:
    settings = Settings(landing=root / "landing", warehouse=root)
    return build_site(settings, root / "publication", root / "manifest.json")


def _page(root: Path, name: str) -> str:
    return (root / "site" / name).read_text()


def _digest(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def _charts(page: str) -> dict[str, dict]:
    found = re.findall(r'<script type="application/json" id="data-([^"]+)">(.*?)</script>', page)
    return {name: json.loads(content) for name, content in found}


def test_columns_are_traced_once_for_the_same_code_in_whatever_warehouse(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("traced again")

    monkeypatch.setattr("dbt_colibri.lineage_extractor.extractor.DbtColumnLineageExtractor", refuse)
    manifest = _dbt_manifest()
    manifest["metadata"] |= {"invocation_id": "another", "generated_at": "2030-01-01"}
    for node in manifest["nodes"].values():
        node["created_at"] = 1.0
    _publish(tmp_path / "publication", MARTS)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    _build(tmp_path)
    assert "colibriTelemetry = false" in _page(tmp_path, "lineage/index.html")
    for node in manifest["nodes"].values():
        node["compiled_code"] = "select 1 as customer_id"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(AssertionError, match="traced again"):
        _build(tmp_path)


def test_every_page_is_there_and_links_only_to_files_that_exist(warehouse: Path) -> None:
    site = warehouse / "site"
    for page in site.glob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#:]+)(?:#[^"]*)?"', page.read_text()):
            assert (site / target).is_file(), (page.name, target)
    for name in ("dbt/index.html", "lineage/index.html", "data_docs/index.html"):
        assert (site / name).is_file()


def test_no_page_may_reach_a_network(warehouse: Path) -> None:
    for page in (warehouse / "site").rglob("*.html"):
        content = page.read_text()
        assert content.count("Content-Security-Policy") >= 1, page
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', content)[1]
        assert "default-src 'none'" in policy
        assert "http" not in policy and "*" not in policy
    for page in (warehouse / "site").glob("*.html"):
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page.read_text())
    for page in ("dbt/index.html", "lineage/index.html", "data_docs/index.html"):
        assert 'href="../index.html"' in _page(warehouse, page)
    assert "colibriTelemetry = false" in _page(warehouse, "lineage/index.html")


def test_data_is_never_markup(warehouse: Path) -> None:
    for page in (warehouse / "site").glob("*.html"):
        assert NASTY not in page.read_text()
        assert "alert(1)" not in re.sub(
            r"&lt;script&gt;alert\(1\)&lt;/script&gt;|\\u003cscript.*?script\\u003e|"
            r"\\u0026lt;script\\u0026gt;alert\(1\)\\u0026lt;/script\\u0026gt;",
            "",
            page.read_text(),
        )
    drawn = _charts(_page(warehouse, "index.html"))
    names = [name for trace in drawn["map-alpha"]["data"] for name in trace["text"]]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in names
    assert "O&#x27;Brien; DROP TABLE" in names
    assert "=1+1" in names
    assert NASTY not in _page(warehouse, "dbt/index.html")


def test_perceived_value_comes_before_profit_and_neither_alone(warehouse: Path) -> None:
    page = _page(warehouse, "index.html")
    for section in page.split('<section class="entity"')[1:]:
        order = [section.index(h) for h in ("Value for the", "Value of the", "Both halves")]
        assert order == sorted(order)


def test_labels_say_what_an_entity_is(warehouse: Path) -> None:
    alpha, beta = _page(warehouse, "index.html").split('<section class="entity"')[1:]
    assert "SYNTHETIC" in alpha and "SYNTHETIC" not in beta
    assert "NOT SIGNABLE: 1 of 12 periods<" in alpha
    assert "<strong>Not signable</strong>: 2024-12-01." in alpha
    assert "NOT SIGNABLE: 12 of 12 periods" in beta
    assert "gross merchandise value of an agent" in beta
    for page, _ in (("index.html", 0), ("reconciliation.html", 0), ("catalogue.html", 0)):
        assert ATTRIBUTION in _page(warehouse, page)


def test_what_was_not_measured_is_said_and_not_drawn(warehouse: Path) -> None:
    page = _page(warehouse, "index.html")
    drawn = _charts(page)
    assert not {"perceived-beta", "whale-beta", "map-beta"} & set(drawn)
    bars = drawn["waterfall-beta"]["data"][0]
    assert bars["x"][-1] == "Pocket value"
    beta = page.split('<section class="entity"')[2]
    assert beta.count("<strong>Not measured.</strong>") == 3
    assert "Gross margin and what follows were not measured" in beta


def test_a_suppressed_point_is_named_and_not_drawn(warehouse: Path) -> None:
    page = _page(warehouse, "index.html")
    drawn = _charts(page)["segments-alpha"]["data"]
    names = [text for trace in drawn for text in trace.get("text", [])]
    assert sorted(names) == ["&lt;script&gt;alert(1)&lt;/script&gt;", "(all)"]
    assert "<td>tiny</td>" in page and "suppressed" in page
    assert "suppliers-alpha" in _charts(page)
    compared = page.split("Ourselves over each competitor")[-1].split("</table>")[0]
    assert "<td>rival</td>" in compared and "1.250 to 1.352" in compared and ">17<" in compared


def test_a_point_has_its_interval_drawn_and_none_where_it_has_none(warehouse: Path) -> None:
    with Publication(warehouse / "publication") as publication:
        alpha, _ = read_entities(publication)
    _, points = charts.segments(alpha).data
    assert points.error_y.arrayminus == pytest.approx([0.1, 0.1])
    assert points.error_y.array == pytest.approx([0.2, 0.2])
    assert list(points.error_x.array) == list(points.error_x.arrayminus) == [None, None]


def test_points_at_one_place_have_one_name(warehouse: Path) -> None:
    with Publication(warehouse / "publication") as publication:
        alpha, _ = read_entities(publication)
    whole = next(row for row in alpha.perceived.segments if row["rated_id"] == "(all)")
    alpha.perceived.segments = [whole, whole | {"rated_id": "buyers"}]
    _, points = charts.segments(alpha).data
    assert list(points.text) == ["(all), buyers", ""]
    assert [own[4] for own in points.customdata] == ["(all)", "buyers"]


def test_who_answered_stands_apart_from_who_is_modelled(warehouse: Path) -> None:
    with Publication(warehouse / "publication") as publication:
        alpha, _ = read_entities(publication)
    seen = alpha.perceived
    assert (seen.answered, seen.with_index) == (15, 23)
    assert (seen.answered_above_par, seen.above_par) == (7, 11)
    assert seen.own_answer == {
        "low_n": Decimal("0.4"),
        "measured": Decimal("0.9"),
        "modelled": Decimal(0),
        "not_measured": None,
    }
    assert sum(alpha.value_map.zones.values()) == 23
    assert sum(alpha.value_map.answered.values()) == 15
    page = _page(warehouse, "index.html")
    assert "7 of 15 customers who answered stand above par, and 4 of 8 of whom only" in page
    shown = page.split("How the perceived value of the customers is known")[1].split("</table>")[0]
    assert ">40.0 %<" in shown and ">90.0 %<" in shown


def test_stated_reasons_stand_beside_what_was_not_measured(warehouse: Path) -> None:
    beta = _page(warehouse, "index.html").split('<section class="entity"')[2]
    assert "no measure of value" in beta and "<td>Price</td>" in beta


def test_what_stands_behind_perceived_value_has_its_interval_and_only_the_latest(warehouse: Path):
    with Publication(warehouse / "publication") as publication:
        alpha, beta = read_entities(publication)
    recommends, promises = alpha.perceived.behind
    assert recommends.labels[:4] == ["customers", "score", "score interval", "answers"]
    assert [row[1:6] for row in recommends.rows] == [
        ["12.500", "8.500 to 16.500", "80", "50", "52"],
        [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING],
    ]
    assert promises.rows == [
        ["2024", "On time", "90.0 %", "80.0 %", "75.0 % to 85.0 %", "120", "broken"]
    ]
    assert not beta.perceived.behind
    page = _page(warehouse, "index.html")
    assert "What stands behind it" in page and "<script>alert(1)" not in page


def test_bridge_leads_from_the_year_before_to_now_and_leaves_out_what_is_nothing(warehouse: Path):
    with Publication(warehouse / "publication") as publication:
        alpha, beta = read_entities(publication)
    assert [bridge.base for bridge in alpha.bridges] == ["year before"]
    steps = alpha.bridges[0].steps
    assert sum(step.amount for step in steps[:-1]) == steps[-1].amount == 107
    bars = charts.bridge(alpha).data[0]
    assert list(bars.x) == ["Year before", "Price", "Volume", "Mix", "Cost rate", "Now"]
    assert list(bars.base) == [0, 100, 110, 114, 112, 0]
    assert not beta.bridges
    assert charts.bridge(beta) is None


def test_waterfall_closes_where_a_part_was_not_measured(warehouse: Path) -> None:
    with Publication(warehouse / "publication") as publication:
        alpha = read_entities(publication)[0]
        profit = publication.rows(
            "select sum(operating_profit_amount) as profit from fct_customer_profitability_monthly "
            "where entity_id = 'alpha'"
        )[0]["profit"]
    running = Decimal(0)
    for step in alpha.waterfall.steps:
        if step.kind == "total":
            assert running in (0, step.amount)
            running = step.amount
        else:
            running += step.amount
    assert running == profit == alpha.profit
    assert "Contribution not measured" in [step.label for step in alpha.waterfall.steps]


def test_a_long_whale_curve_is_thinned_and_keeps_its_peak_and_end(warehouse: Path) -> None:
    with Publication(warehouse / "publication") as publication:
        (curve,) = read_entities(publication)[0].curves
    assert len(curve.points) <= CURVE_POINTS + 3
    assert curve.customers == 3000
    assert (curve.peak_rank, curve.peak) == (1999, Decimal("1999000.0000"))
    assert (curve.peak_rank, curve.peak) in curve.points
    assert curve.points[0][0] == 1 and curve.points[-1] == (3000, curve.peak_end)
    assert curve.unranked == 500


def test_money_in_tables_is_exact(warehouse: Path) -> None:
    page = _page(warehouse, "reconciliation.html")
    assert "109,809,274.2030" in page
    assert "1,233.25" in page
    assert "What keeps periods from being signed" in page
    assert "sign_contradicts_type" in page
    assert "raw = accepted + quarantined holds in every row" in page


def test_what_is_out_of_its_period_or_between_entities_or_plans_is_shown(warehouse: Path) -> None:
    page = _page(warehouse, "reconciliation.html")
    assert "material in 1 of 2 rows" in page
    assert page.index("777.2") < page.index("20.5")
    assert "46.8691" in page and "Not eliminated, largest first" in page
    assert "155.5" in page


def test_the_catalogue_describes_every_mart_of_the_manifest(warehouse: Path) -> None:
    page = _page(warehouse, "catalogue.html")
    for word in ("dim_customers", "The customer_id.", "finance", "Finance report", "3,000"):
        assert word in page


def test_a_second_build_gives_the_same_bytes_and_leaves_nothing_behind(warehouse: Path) -> None:
    before = _digest(warehouse / "site")
    assert _build(warehouse) == warehouse / "site" / "index.html"
    assert _digest(warehouse / "site") == before
    assert not list(warehouse.glob("site.*"))


def test_a_failing_build_leaves_the_old_site(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _digest(warehouse / "site")
    monkeypatch.setattr("orchestration.site.build.read_entities", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _build(warehouse)
    assert _digest(warehouse / "site") == before


def test_a_publication_without_marts_still_gives_a_site(tmp_path: Path) -> None:
    _publish(tmp_path / "publication", "create schema marts")
    (tmp_path / "manifest.json").write_text(json.dumps(_dbt_manifest()))
    _build(tmp_path)
    assert "no entities" in _page(tmp_path, "index.html")
    assert "Not published yet: rpt_assumptions" in _page(tmp_path, "assumptions.html")


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (Decimal("1234567.895"), 2, "1,234,567.90"),
        (Decimal("-0.004"), 2, "0.00"),
        (Decimal("-1234.5"), 0, f"{numbers.MINUS}1,235"),
        (None, 2, "not measured"),
    ],
)
def test_money_is_rounded_for_display_only(
    value: Decimal | None, digits: int, expected: str
) -> None:
    assert numbers.money(value, digits) == expected


def test_other_values_as_text() -> None:
    shown = [None, True, 12345, Decimal("0.500000000"), date(2024, 1, 31), ["a", 1]]
    assert [numbers.text(v) for v in shown] == [
        numbers.NOTHING,
        "yes",
        "12,345",
        "0.5",
        "2024-01-31",
        "a, 1",
    ]


def test_chart_json_cannot_end_its_block() -> None:
    figure = charts._figure("</script><script>", "y")
    assert "<" not in charts.to_json(figure)
