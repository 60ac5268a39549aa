"""The figures of the report: sums and counts over published marts, one query a figure.

Belongs here: which rows are added up, and the plain records the charts and tables are made of.
Does not: drawing, or formatting. Everything here is bounded in rows, however large the marts are.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orchestration.site.behind import read_behind
from orchestration.site.publication import Publication
from orchestration.site.tables import Table

PERIODS = 12
CURVE_POINTS = 1000
CURVE_BUDGET = 40_000
MAP_POINTS = 1500
MAP_BUDGET = 30_000
MAP_RATED = 40
BIN_WIDTH = Decimal("0.05")

# The statement from list to operating profit: each subtotal, and the steps from the one before.
STEPS: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("list_amount", ()),
    ("invoice_amount", (("discount_amount", -1),)),
    ("pocket_amount", (("rebate_amount", -1),)),
    (
        "gross_margin_amount",
        (("freight_charged_amount", 1), ("freight_paid_amount", -1), ("direct_cost_amount", -1)),
    ),
    ("contribution_amount", (("cost_to_serve_amount", -1),)),
    ("operating_profit_amount", (("customer_sustaining_amount", -1),)),
)
# Why profit changed, in the order the report shows it.
BARS = {
    "price_effect_amount": "Price",
    "volume_effect_amount": "Volume",
    "mix_effect_amount": "Mix",
    "exchange_effect_amount": "Exchange",
    "cost_rate_effect_amount": "Cost rate",
    "efficiency_effect_amount": "Efficiency",
    "capacity_effect_amount": "Capacity",
    "new_customers_amount": "New customers",
    "lost_customers_amount": "Lost customers",
    "new_products_amount": "New products",
    "lost_products_amount": "Lost products",
    "method_change_amount": "Change of method",
    "frozen_difference_amount": "Frozen against computed",
}
COMPARISONS = {"prior_year": "year before", "budget": "budget"}
LABELS = {
    "list_amount": "List value",
    "discount_amount": "Discounts",
    "invoice_amount": "Invoice value",
    "rebate_amount": "Rebates",
    "pocket_amount": "Pocket value",
    "freight_charged_amount": "Freight charged",
    "freight_paid_amount": "Freight paid",
    "direct_cost_amount": "Direct cost",
    "gross_margin_amount": "Gross margin",
    "cost_to_serve_amount": "Cost to serve",
    "contribution_amount": "Contribution",
    "customer_sustaining_amount": "Customer-sustaining cost",
    "operating_profit_amount": "Operating profit",
    "pocket": "pocket value",
    "trailing_12": "trailing 12 periods",
}
PROFIT_LEVELS = ("operating_profit", "contribution", "gross_margin", "pocket")
ZONES = ("below_band", "within_band", "above_band")
STATUSES = ("measured", "low_n", "modelled", "not_measured")


@dataclass(frozen=True)
class Step:
    """One bar: a subtotal, a step to the next one, or what drops out unmeasured."""

    label: str
    amount: Decimal
    kind: str  # total, step, unmeasured


@dataclass
class Waterfall:
    """From list value to operating profit, as far as it was measured."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Bridge:
    """From the profit of a base to profit, over the periods that have such a base."""

    base: str
    profit_level: str
    periods: int
    steps: list[Step] = field(default_factory=list)


@dataclass
class Curve:
    """The whale curve of one profit level: cumulative profit, best customer first."""

    profit_level: str
    period: str
    customers: int
    total: Decimal
    unranked: Decimal
    peak: Decimal
    peak_rank: int
    losing: int
    peak_share: Decimal | None
    top_decile_share: Decimal | None
    gini: Decimal | None
    points: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def peak_end(self) -> Decimal:
        """Where the curve ends: the profit of all ranked customers."""
        return self.total - self.unranked


@dataclass
class PerceivedValue:
    """The value for the customers in one period, with what was not measured counted."""

    month_start_date: date | None = None
    customers: dict[str, int] = field(default_factory=dict)
    invoice: dict[str, Decimal] = field(default_factory=dict)
    own_answer: dict[str, Decimal | None] = field(default_factory=dict)
    respondents: int = 0
    responses: int = 0
    methods: list[str] = field(default_factory=list)
    bins: dict[str, dict[Decimal, int]] = field(default_factory=dict)
    above_par: int = 0
    answered_above_par: int = 0
    with_index: int = 0
    # segments against par, suppliers against the market, ourselves over each competitor
    segments: list[dict] = field(default_factory=list)
    suppliers: list[dict] = field(default_factory=list)
    comparisons: list[dict] = field(default_factory=list)
    reasons: list[dict] = field(default_factory=list)
    behind: list[Table] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Customers who said something themselves, however little."""
        return self.customers.get("measured", 0) + self.customers.get("low_n", 0)


@dataclass
class ValueMap:
    """Both halves, customer by customer, in one period."""

    month_start_date: date | None = None
    profit_level: str | None = None
    band_low: Decimal | None = None
    band_high: Decimal | None = None
    bands: int = 0
    both: int = 0
    without_value: int = 0
    without_profit: int = 0
    zones: dict[str, int] = field(default_factory=dict)
    # of them those who answered themselves, and those whose whole interval lies in the zone
    answered: dict[str, int] = field(default_factory=dict)
    clear: dict[str, int] = field(default_factory=dict)
    points: list[dict] = field(default_factory=list)
    quadrants: list[dict] = field(default_factory=list)


@dataclass
class Entity:
    """Everything the report page says about one entity."""

    entity_id: str
    name: str
    currency: str
    revenue_label: str | None
    organisation_type: str | None
    is_synthetic: bool
    digits: int
    as_of_date: date | None
    has_ledger: bool | None
    first_month: date | None = None
    last_month: date | None = None
    periods: int = 0
    unsigned: dict[str, list[date]] = field(default_factory=dict)
    active_customers: int = 0
    revenue: Decimal | None = None
    profit: Decimal | None = None
    profit_level: str | None = None
    profit_covers: Decimal | None = None
    is_cost_assumed: bool = False
    waterfall: Waterfall = field(default_factory=Waterfall)
    unused_capacity: Decimal | None = None
    unassigned: Decimal | None = None
    bridges: list[Bridge] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    perceived: PerceivedValue = field(default_factory=PerceivedValue)
    value_map: ValueMap = field(default_factory=ValueMap)
    tie_outs: list[dict] = field(default_factory=list)

    @property
    def unsigned_periods(self) -> int:
        """Periods shown that cannot be signed."""
        return sum(len(months) for months in self.unsigned.values())

    @property
    def slug(self) -> str:
        """A safe name for anchors and chart ids: entity ids are data."""
        return "".join(
            c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in self.entity_id
        )


def read_entities(publication: Publication) -> list[Entity]:
    """Every entity with its figures, in the order of their ids."""
    entities = {
        row["entity_id"]: Entity(
            entity_id=row["entity_id"],
            name=row["entity_name"] or row["entity_id"],
            currency=row["currency"] or "",
            revenue_label=row["revenue_label"],
            organisation_type=row["organisation_type"],
            is_synthetic=bool(row["is_synthetic"]),
            digits=2 if row["minor_digits"] is None else row["minor_digits"],
            as_of_date=row["as_of_date"],
            has_ledger=row["has_ledger"],
        )
        for row in publication.rows("""
            select
                entity_id, entity_name, currency, revenue_label, organisation_type, is_synthetic,
                minor_digits, as_of_date, has_ledger
            from dim_entities
            order by entity_id
        """)
    }
    _make_recent_periods(publication)
    for reader in (
        _read_periods,
        _read_waterfalls,
        _read_pools_left_over,
        _read_bridges,
        _read_curves,
        _read_perceived_value,
        _read_segments_and_suppliers,
        _read_stated_reasons,
        _read_value_maps,
        _read_tie_outs,
    ):
        reader(publication, entities)
    for entity_id, tables in read_behind(publication).items():
        if entity := entities.get(entity_id):
            entity.perceived.behind = tables
    return list(entities.values())


def _order_of(known: tuple[str, ...], code: str) -> tuple[int, str]:
    """Known codes in their order, others after them by name."""
    return (known.index(code) if code in known else len(known), code)


def _make_recent_periods(publication: Publication) -> None:
    publication.execute(f"""
        create or replace temp table recent_periods as
        with
        shown as (
            select distinct entity_id, month_start_date from fct_customer_profitability_monthly
        )
        select entity_id, month_start_date
        from shown
        qualify
            row_number() over (partition by entity_id order by month_start_date desc) <= {PERIODS}
    """)


def _read_periods(publication: Publication, entities: dict[str, Entity]) -> None:
    for row in publication.rows("""
        select
            facts.entity_id,
            facts.month_start_date,
            bool_and(coalesce(facts.signable, false)) as is_signable,
            max(facts.period_status) as period_status
        from fct_customer_profitability_monthly as facts
        inner join recent_periods
            on
                facts.entity_id = recent_periods.entity_id
                and facts.month_start_date = recent_periods.month_start_date
        group by facts.entity_id, facts.month_start_date
        order by facts.entity_id, facts.month_start_date
    """):
        if entity := entities.get(row["entity_id"]):
            month = row["month_start_date"]
            entity.first_month = entity.first_month or month
            entity.last_month = month
            entity.periods += 1
            if not row["is_signable"]:
                status = row["period_status"] or "not_signable"
                entity.unsigned.setdefault(status, []).append(month)


def _read_waterfalls(publication: Publication, entities: dict[str, Entity]) -> None:
    """Sums by step over the rows in which the subtotal after it is known.

    A row whose next subtotal is NULL leaves the statement there, in a bar of its own, so that
    what is drawn closes and nothing unmeasured is drawn as 0.
    """
    selected = []
    for position, (total, steps) in enumerate(STEPS):
        selected.append(f"sum({total}) as {total}")
        selected.append(f"count({total}) as {total}_rows")
        selected.append(f"sum(invoice_amount) filter (where {total} is not null) as {total}_of")
        selected += [f"sum({s}) filter (where {total} is not null) as {s}" for s, _ in steps]
        if position:
            before = STEPS[position - 1][0]
            selected.append(
                f"sum({before}) filter (where {total} is null) as {total}_left_out, "
                f"count({before}) filter (where {total} is null) as {total}_left_out_rows"
            )
    for row in publication.rows(f"""
        select
            facts.entity_id,
            count(*) as row_count,
            count(distinct facts.customer_id) as customers,
            count(*) filter (where facts.is_direct_cost_assumed) as assumed_rows,
            {", ".join(selected)}
        from fct_customer_profitability_monthly as facts
        inner join recent_periods
            on
                facts.entity_id = recent_periods.entity_id
                and facts.month_start_date = recent_periods.month_start_date
        group by facts.entity_id
    """):
        entity = entities.get(row["entity_id"])
        if entity is None:
            continue
        entity.active_customers = row["customers"]
        entity.revenue = row["invoice_amount"]
        entity.waterfall = waterfall_of(row)
        entity.is_cost_assumed = bool(row["assumed_rows"])
        if entity.is_cost_assumed:
            entity.waterfall.notes.append(
                f"Direct cost is assumed in {row['assumed_rows']:,} of {row['row_count']:,} "
                "customer-periods: a rate by policy, in no source."
            )
        for total, _ in STEPS[3:]:
            if row[f"{total}_rows"]:
                entity.profit, entity.profit_level = row[total], LABELS[total]
                entity.profit_covers = row[f"{total}_of"]


def waterfall_of(row: dict) -> Waterfall:
    """The bars of one entity's statement from its sums."""
    waterfall = Waterfall()
    for position, (total, steps) in enumerate(STEPS):
        if not row[f"{total}_rows"]:
            unknown = [LABELS[s] for s, _ in steps if row[s] is None]
            reason = f" ({', '.join(unknown).lower()} unknown)" if unknown else ""
            waterfall.notes.append(
                f"{LABELS[total]} and what follows were not measured{reason}; nothing is drawn."
            )
            break
        if position and row[f"{total}_left_out_rows"]:
            left_out = row[f"{total}_left_out"]
            waterfall.steps.append(Step(f"{LABELS[total]} not measured", -left_out, "unmeasured"))
            waterfall.notes.append(
                f"{LABELS[total]} was not measured in {row[f'{total}_left_out_rows']:,} of "
                f"{row['row_count']:,} customer-periods; they leave the statement in a bar of "
                "their own."
            )
        waterfall.steps += [
            Step(LABELS[s], sign * row[s], "step") for s, sign in steps if row[s] is not None
        ]
        waterfall.steps.append(Step(LABELS[total], row[total], "total"))
    return waterfall


def _read_pools_left_over(publication: Publication, entities: dict[str, Entity]) -> None:
    for row in publication.rows("""
        select
            facts.entity_id,
            sum(facts.unused_capacity_amount) as unused_capacity_amount,
            sum(facts.unassigned_amount) as unassigned_amount
        from rpt_ledger_reconciliation as facts
        inner join recent_periods
            on
                facts.entity_id = recent_periods.entity_id
                and facts.month_start_date = recent_periods.month_start_date
        where facts.tie_out = 'T2'
        group by facts.entity_id
    """):
        if entity := entities.get(row["entity_id"]):
            entity.unused_capacity = row["unused_capacity_amount"]
            entity.unassigned = row["unassigned_amount"]


def _read_bridges(publication: Publication, entities: dict[str, Entity]) -> None:
    """The bridges of the recent periods added up, the deepest profit level first."""
    sums = ", ".join(f"sum(facts.{bar}) as {bar}" for bar in BARS)
    rows = publication.rows(f"""
        select
            facts.entity_id,
            facts.comparison,
            facts.profit_level,
            count(distinct facts.month_start_date) as periods,
            sum(facts.base_profit_amount) as base_profit_amount,
            sum(facts.profit_amount) as profit_amount,
            {sums}
        from rpt_profit_bridge as facts
        inner join recent_periods
            on
                facts.entity_id = recent_periods.entity_id
                and facts.month_start_date = recent_periods.month_start_date
        where facts.comparison in ('prior_year', 'budget')
        group by facts.entity_id, facts.comparison, facts.profit_level
    """)
    order = tuple(COMPARISONS)
    for row in sorted(
        rows,
        key=lambda row: (
            order.index(row["comparison"]),
            _order_of(PROFIT_LEVELS, row["profit_level"]),
        ),
    ):
        if entity := entities.get(row["entity_id"]):
            base = COMPARISONS[row["comparison"]]
            steps = [Step(base[0].upper() + base[1:], row["base_profit_amount"], "total")]
            steps += [Step(name, row[bar], "step") for bar, name in BARS.items()]
            steps.append(Step("Now", row["profit_amount"], "total"))
            entity.bridges.append(Bridge(base, row["profit_level"], row["periods"], steps))


def _read_curves(publication: Publication, entities: dict[str, Entity]) -> None:
    """The latest curve of each profit level, thinned in SQL; its peak is always kept."""
    publication.execute("""
        create or replace temp table latest_curves as
        with
        readings as (
            select distinct entity_id, profit_level, period from rpt_whale_curve
        )
        select entity_id, profit_level, period
        from readings
        qualify
            row_number() over (
                partition by entity_id, profit_level
                order by case when period = 'trailing_12' then 0 else 1 end, period desc
            ) = 1
    """)
    curves: dict[tuple[str, str], Curve] = {}
    for row in publication.rows("""
        select
            curve.entity_id,
            curve.profit_level,
            cast(latest_curves.period as varchar) as period,
            count(curve.customer_rank) as customers,
            coalesce(sum(curve.profit_amount), 0) as total,
            coalesce(sum(curve.profit_amount) filter (where curve.customer_rank is null), 0)
                as unranked,
            -- the curve starts at the origin: where everybody loses, that is its peak
            greatest(max(curve.cumulative_profit_amount), 0) as peak,
            coalesce(
                arg_max(curve.customer_rank, (curve.cumulative_profit_amount, -curve.customer_rank))
                filter (where curve.cumulative_profit_amount > 0),
                0
            ) as peak_rank,
            count(*) filter (where curve.customer_rank is not null and curve.profit_amount < 0)
                as losing,
            max(concentration.peak_share) as peak_share,
            max(concentration.top_decile_share) as top_decile_share,
            max(concentration.gini_rsv_coefficient) as gini
        from rpt_whale_curve as curve
        inner join latest_curves
            on
                curve.entity_id = latest_curves.entity_id
                and curve.profit_level = latest_curves.profit_level
                and curve.period = latest_curves.period
        left join rpt_profit_concentration as concentration
            on
                curve.entity_id = concentration.entity_id
                and curve.profit_level = concentration.profit_level
                and curve.period = concentration.period
        group by curve.entity_id, curve.profit_level, latest_curves.period
        order by curve.entity_id, curve.profit_level
    """):
        entity_id = row.pop("entity_id")
        if entity := entities.get(entity_id):
            curve = Curve(**row)
            entity.curves.append(curve)
            curves[entity_id, curve.profit_level] = curve
    for entity in entities.values():
        entity.curves.sort(key=lambda curve: _order_of(PROFIT_LEVELS, curve.profit_level))
    points = max(50, min(CURVE_POINTS, CURVE_BUDGET // max(1, len(curves))))
    for row in publication.rows(
        """
        with
        ranked as (
            select
                curve.entity_id,
                curve.profit_level,
                curve.customer_rank,
                curve.cumulative_profit_amount,
                max(curve.customer_rank) over sizes as customers,
                max(curve.cumulative_profit_amount) over sizes as peak
            from rpt_whale_curve as curve
            inner join latest_curves
                on
                    curve.entity_id = latest_curves.entity_id
                    and curve.profit_level = latest_curves.profit_level
                    and curve.period = latest_curves.period
            where curve.customer_rank is not null
            window sizes as (partition by curve.entity_id, curve.profit_level)
        )
        select entity_id, profit_level, customer_rank, cumulative_profit_amount
        from ranked
        where
            customers <= $points
            or customer_rank = 1
            or cumulative_profit_amount = peak
            or (customer_rank - 1) * $points // customers <> customer_rank * $points // customers
        order by entity_id, profit_level, customer_rank
        """.replace("$points", str(points))
    ):
        if curve := curves.get((row["entity_id"], row["profit_level"])):
            curve.points.append((row["customer_rank"], row["cumulative_profit_amount"]))


def _read_perceived_value(publication: Publication, entities: dict[str, Entity]) -> None:
    publication.execute("""
        create or replace temp table latest_perceived_value as
        with
        latest as (
            select entity_id, max(month_start_date) as month_start_date
            from fct_customer_perceived_value_monthly
            group by entity_id
        ),
        revenue as (
            select facts.entity_id, facts.customer_id, sum(facts.invoice_amount) as invoice_amount
            from fct_customer_profitability_monthly as facts
            inner join recent_periods
                on
                    facts.entity_id = recent_periods.entity_id
                    and facts.month_start_date = recent_periods.month_start_date
            group by facts.entity_id, facts.customer_id
        )
        select
            facts.entity_id,
            facts.customer_id,
            facts.month_start_date,
            facts.perceived_value_index,
            coalesce(facts.responses_count, 0) as responses_count,
            coalesce(facts.respondents_count, 0) as respondents_count,
            facts.method,
            facts.own_answer_share,
            coalesce(facts.measurement_status, 'not_measured') as measurement_status,
            coalesce(revenue.invoice_amount, 0) as invoice_amount
        from fct_customer_perceived_value_monthly as facts
        inner join latest
            on
                facts.entity_id = latest.entity_id
                and facts.month_start_date = latest.month_start_date
        left join revenue
            on facts.entity_id = revenue.entity_id and facts.customer_id = revenue.customer_id
    """)
    for row in publication.rows("""
        select
            entity_id,
            month_start_date,
            measurement_status,
            count(*) as customers,
            sum(invoice_amount) as invoice_amount,
            sum(responses_count) as responses,
            sum(respondents_count) as respondents,
            count(perceived_value_index) as with_index,
            count(*) filter (where perceived_value_index > 1) as above_par,
            cast(avg(own_answer_share) as decimal(18, 9)) as own_answer,
            list(distinct method order by method) filter (where method is not null) as methods
        from latest_perceived_value
        group by entity_id, month_start_date, measurement_status
        order by entity_id, measurement_status
    """):
        if (entity := entities.get(row["entity_id"])) is None:
            continue
        perceived = entity.perceived
        perceived.month_start_date = row["month_start_date"]
        perceived.customers[row["measurement_status"]] = row["customers"]
        perceived.invoice[row["measurement_status"]] = row["invoice_amount"]
        perceived.own_answer[row["measurement_status"]] = row["own_answer"]
        perceived.responses += int(row["responses"])
        perceived.respondents += int(row["respondents"])
        perceived.with_index += row["with_index"]
        perceived.above_par += row["above_par"]
        if row["measurement_status"] != "modelled":
            perceived.answered_above_par += row["above_par"]
        perceived.methods = sorted({*perceived.methods, *(row["methods"] or [])} - {"none"})
    bins: dict[str, dict[str, dict[Decimal, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in publication.rows(f"""
        select
            entity_id,
            measurement_status,
            cast(floor(least(greatest(perceived_value_index, 0), 3) / {BIN_WIDTH}) as integer)
                as bin,
            count(*) as customers
        from latest_perceived_value
        where perceived_value_index is not null
        group by entity_id, measurement_status, bin
        order by entity_id, measurement_status, bin
    """):
        bins[row["entity_id"]][row["measurement_status"]][row["bin"] * BIN_WIDTH] = row["customers"]
    for entity_id, found in bins.items():
        if entity := entities.get(entity_id):
            entity.perceived.bins = {status: dict(by_bin) for status, by_bin in found.items()}


def _read_segments_and_suppliers(publication: Publication, entities: dict[str, Entity]) -> None:
    """The points of the latest period: quality against price, suppressed ones without numbers."""
    for row in publication.rows(f"""
        select
            entity_id,
            month_start_date,
            map_level,
            rated_id,
            reference,
            coalesce(price_basis, 'answered') as price_basis,
            relative_quality,
            relative_quality_low,
            relative_quality_high,
            relative_price,
            relative_price_low,
            relative_price_high,
            relative_hassle,
            value_index,
            value_low,
            value_high,
            fair_price,
            fair_value_rule,
            response_rate,
            customers_count,
            reliability
        from rpt_value_map
        qualify
            month_start_date = max(month_start_date) over (partition by entity_id)
            and row_number() over (
                partition by entity_id, map_level
                order by month_start_date desc, customers_count desc nulls last, rated_id
            ) <= {MAP_RATED}
        order by
            entity_id,
            case map_level when 'entity' then 0 else 1 end,
            customers_count desc nulls last,
            rated_id
    """):
        if entity := entities.get(row["entity_id"]):
            perceived = entity.perceived
            is_supplier = row["map_level"] == "supplier"
            (perceived.suppliers if is_supplier else perceived.segments).append(row)
    for row in publication.rows(f"""
        select
            entity_id,
            month_start_date,
            competitor_id as rated_id,
            'competitor' as map_level,
            'answered' as price_basis,
            relative_quality,
            relative_price,
            relative_hassle,
            value_against_competitor as value_index,
            value_low,
            value_high,
            response_rate,
            pairs_count as customers_count,
            reliability
        from rpt_competitor_value
        qualify
            month_start_date = max(month_start_date) over (partition by entity_id)
            and row_number() over (
                partition by entity_id
                order by month_start_date desc, pairs_count desc nulls last, competitor_id
            ) <= {MAP_RATED}
        order by entity_id, pairs_count desc nulls last, competitor_id
    """):
        if entity := entities.get(row["entity_id"]):
            entity.perceived.comparisons.append(row)


def _read_stated_reasons(publication: Publication, entities: dict[str, Entity]) -> None:
    for row in publication.rows("""
        select entity_id, reason, statements_count, customers_count
        from rpt_stated_reasons
        qualify
            row_number() over (
                partition by entity_id order by statements_count desc, reason
            ) <= 20
        order by entity_id, statements_count desc, reason
    """):
        if entity := entities.get(row["entity_id"]):
            entity.perceived.reasons.append(row)


def _read_value_maps(publication: Publication, entities: dict[str, Entity]) -> None:
    publication.execute("""
        create or replace temp table latest_customer_value as
        with
        latest as (
            select entity_id, max(month_start_date) as month_start_date
            from fct_customer_value_monthly
            group by entity_id
        )
        select
            facts.entity_id,
            facts.customer_id,
            facts.month_start_date,
            facts.perceived_value_index,
            facts.measurement_status,
            facts.band_lower_index,
            facts.band_upper_index,
            facts.value_zone,
            case facts.value_zone
                when 'below_band' then facts.perceived_value_high < facts.band_lower_index
                when 'above_band' then facts.perceived_value_low > facts.band_upper_index
                when 'within_band' then
                    facts.perceived_value_low >= facts.band_lower_index
                    and facts.perceived_value_high <= facts.band_upper_index
            end as is_clear,
            facts.quadrant_probability,
            coalesce(facts.quadrant, 'not_measured') as quadrant,
            facts.customer_strategy,
            facts.profit_level,
            facts.trailing_profit_amount as profit_amount
        from fct_customer_value_monthly as facts
        inner join latest
            on
                facts.entity_id = latest.entity_id
                and facts.month_start_date = latest.month_start_date
    """)
    for row in publication.rows("""
        select
            entity_id,
            month_start_date,
            max(profit_level) as profit_level,
            min(band_lower_index) as band_low,
            max(band_upper_index) as band_high,
            count(distinct (band_lower_index, band_upper_index))
                filter (where band_lower_index is not null) as bands,
            count(*) filter (where perceived_value_index is not null and profit_amount is not null)
                as both,
            count(*) filter (where perceived_value_index is null) as without_value,
            count(*) filter (where profit_amount is null) as without_profit
        from latest_customer_value
        group by entity_id, month_start_date
    """):
        if entity := entities.get(row.pop("entity_id")):
            entity.value_map = ValueMap(**row)
    for row in publication.rows("""
        select
            entity_id,
            value_zone,
            count(*) as customers,
            count(*) filter (where measurement_status in ('measured', 'low_n')) as answered,
            count(*) filter (where is_clear) as clear
        from latest_customer_value
        where value_zone is not null
        group by entity_id, value_zone
        order by entity_id, value_zone
    """):
        if entity := entities.get(row["entity_id"]):
            entity.value_map.zones[row["value_zone"]] = row["customers"]
            entity.value_map.answered[row["value_zone"]] = row["answered"]
            entity.value_map.clear[row["value_zone"]] = row["clear"]
    for row in publication.rows("""
        select
            entity_id,
            quadrant,
            customer_strategy,
            avg(quadrant_probability) as probability,
            count(*) as customers,
            count(*) filter (where measurement_status = 'measured') as measured,
            sum(profit_amount) as profit_amount,
            count(profit_amount) as with_profit
        from latest_customer_value
        group by entity_id, quadrant, customer_strategy
        order by
            entity_id, case when quadrant like '%_band' then 0 else 1 end, quadrant,
            customer_strategy
    """):
        if entity := entities.get(row["entity_id"]):
            entity.value_map.quadrants.append(row)
    mapped = sum(1 for entity in entities.values() if entity.value_map.both)
    points = max(100, min(MAP_POINTS, MAP_BUDGET // max(1, mapped)))
    for row in publication.rows(f"""
        with
        chosen as (
            select
                entity_id,
                customer_id,
                quadrant,
                perceived_value_index,
                profit_amount
            from latest_customer_value
            where perceived_value_index is not null and profit_amount is not null
            -- by a hash of the key: a fair selection that is the same every time
            qualify
                row_number() over (
                    partition by entity_id order by md5(customer_id), customer_id
                ) <= {points}
        )
        select
            chosen.entity_id,
            chosen.customer_id,
            customers.name,
            chosen.quadrant,
            chosen.perceived_value_index,
            chosen.profit_amount
        from chosen
        left join dim_customers as customers
            on
                chosen.entity_id = customers.entity_id
                and chosen.customer_id = customers.customer_id
        order by chosen.entity_id, chosen.quadrant, chosen.customer_id
    """):
        if entity := entities.get(row["entity_id"]):
            entity.value_map.points.append(row)


# amounts of different accounts, T1's, do not add up: some are heads or square feet
_TIE_OUT_AMOUNTS = (
    "ledger_amount",
    "assigned_amount",
    "unused_capacity_amount",
    "unassigned_amount",
    "quarantined_amount",
    "reconciling_amount",
    "difference_amount",
)


def _read_tie_outs(publication: Publication, entities: dict[str, Entity]) -> None:
    """Line by line: revenue is signed by its effect, cost is positive, so lines do not add up."""
    sums = ", ".join(
        f"sum(case when facts.tie_out <> 'T1' then facts.{amount} end) as {amount}"
        for amount in _TIE_OUT_AMOUNTS
    )
    for row in publication.rows(f"""
        select
            facts.entity_id,
            facts.tie_out,
            case when facts.tie_out <> 'T1' then facts.pnl_line end as pnl_line,
            {sums},
            count(*) as row_count,
            list(distinct facts.tie_out_status order by facts.tie_out_status)
                filter (where facts.tie_out_status is not null) as statuses,
            count(*) filter (where not facts.is_signable) as not_signable
        from rpt_ledger_reconciliation as facts
        inner join recent_periods
            on
                facts.entity_id = recent_periods.entity_id
                and facts.month_start_date = recent_periods.month_start_date
        group by all
        order by all
    """):
        if entity := entities.get(row["entity_id"]):
            entity.tie_outs.append(row)
