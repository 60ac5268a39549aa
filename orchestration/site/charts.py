"""The charts of the report as Plotly figures, and how a figure is put into a page.

Belongs here: colours, axes, labels. Does not: SQL. Amounts become floats here and only here:
a pixel is all they decide, the tables beside the charts show the decimals.
"""

import html
import json
from decimal import Decimal

import plotly.graph_objects as go

from orchestration.site.figures import (
    BIN_WIDTH,
    LABELS,
    STATUSES,
    Curve,
    Entity,
    Step,
)
from orchestration.site.numbers import fixed, percent

# Okabe and Ito's palette: told apart with every common colour vision, and in grey
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#8A8F98",
)
INK, LINE = "#1d2530", "#d5dae1"
STATUS_COLOURS = {"measured": BLUE, "low_n": "#56B4E9", "modelled": ORANGE}
STATUS_LABELS = {
    "measured": "measured",
    "low_n": "few answers (low n)",
    "modelled": "modelled, nobody answered",
    "not_measured": "not measured",
}
# colour says profit, shape says where the perceived value stands to its band
SIDE_COLOURS = {"profitable": BLUE, "unprofitable": RED}
ZONE_SYMBOLS = {"below_band": "triangle-down", "within_band": "circle", "above_band": "diamond"}


def label(code: str) -> str:
    """A code of a mart as words."""
    return LABELS.get(code) or STATUS_LABELS.get(code) or code.replace("_", " ")


def _escape(text: object) -> str:
    """Plotly reads a little HTML in its texts; data must stay text."""
    return html.escape(str(text), quote=True)


def _figure(x_title: str, y_title: str, **layout: object) -> go.Figure:
    axis = {
        "gridcolor": LINE,
        "zerolinecolor": INK,
        "zerolinewidth": 1,
        "linecolor": LINE,
        "automargin": True,
        "title": {"font": {"size": 13}},
    }
    figure = go.Figure(
        layout={
            "template": "none",
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
            "paper_bgcolor": "white",
            "plot_bgcolor": "white",
            "margin": {"l": 10, "r": 10, "t": 24, "b": 10},
            "height": 420,
            "separators": ".,",
            "hovermode": "closest",
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "xaxis": axis,
            "yaxis": axis,
        }
    )
    figure.update_xaxes(title_text=_escape(x_title))
    figure.update_yaxes(title_text=_escape(y_title))
    figure.update_layout(**layout)
    return figure


def waterfall(entity: Entity) -> go.Figure | None:
    """From list value to operating profit; a level that was not measured is not drawn."""
    return _stairs(entity, entity.waterfall.steps, entity.periods)


def bridge(entity: Entity) -> go.Figure | None:
    """Why profit changed: the first bridge, without the bars that are nothing."""
    if not entity.bridges:
        return None
    first = entity.bridges[0]
    steps = [step for step in first.steps if step.kind == "total" or step.amount]
    return _stairs(entity, steps, first.periods)


def _stairs(entity: Entity, steps: list[Step], periods: int) -> go.Figure | None:
    if not steps:
        return None
    figure = _figure("", f"{entity.currency}, {periods} periods", showlegend=False)
    starts, running = [], Decimal(0)
    for step in steps:
        starts.append(Decimal(0) if step.kind == "total" else running)
        running = step.amount if step.kind == "total" else running + step.amount
    figure.add_bar(
        x=[step.label for step in steps],
        y=[float(step.amount) for step in steps],
        base=[float(start) for start in starts],
        text=[_short(step.amount) for step in steps],
        textposition="outside",
        constraintext="none",
        cliponaxis=False,
        customdata=[fixed(step.amount, entity.digits) for step in steps],
        hovertemplate="%{x}: %{customdata} " + _escape(entity.currency) + "<extra></extra>",
        marker={
            "color": [_colour_of(step) for step in steps],
            "pattern": {
                "shape": ["/" if step.kind == "unmeasured" else "" for step in steps],
                "fgcolor": "white",
            },
        },
    )
    figure.update_xaxes(tickangle=-35, showgrid=False)
    return figure


def _colour_of(step: Step) -> str:
    if step.kind == "step":
        return RED if step.amount < 0 else GREEN
    return BLUE if step.kind == "total" else GREY


def whale_curve(entity: Entity) -> go.Figure | None:
    """Cumulative profit, best customer first, one line a profit level."""
    curves = [curve for curve in entity.curves if curve.points]
    if not curves:
        return None
    figure = _figure("customers, most profitable first", f"cumulated, {entity.currency}")
    for position, curve in enumerate(curves):
        colour = (BLUE, ORANGE, GREEN, PURPLE)[position % 4]
        ranks = [0] + [rank for rank, _ in curve.points]
        heights = [0.0] + [float(amount) for _, amount in curve.points]
        amounts = ["0"] + [fixed(amount, entity.digits) for _, amount in curve.points]
        figure.add_scatter(
            x=ranks,
            y=heights,
            mode="lines",
            name=_escape(label(curve.profit_level)),
            # pocket value is no profit: it would dwarf the others
            visible=True if curve.profit_level != "pocket" or len(curves) == 1 else "legendonly",
            line={"color": colour, "width": 2.5},
            customdata=amounts,
            hovertemplate="first %{x:,} customers: %{customdata} "
            + _escape(entity.currency)
            + "<extra>%{fullData.name}</extra>",
        )
        if position == 0 and curve.losing and curve.peak > 0:
            _mark_peak(figure, curve, colour)
    figure.update_xaxes(rangemode="tozero", tickformat=",")
    return figure


def _mark_peak(figure: go.Figure, curve: Curve, colour: str) -> None:
    share = None if curve.peak_share is None else percent(curve.peak_share, Decimal(1))
    note = f"peak {_short(curve.peak)}" + (f" = {share} of the total" if share else "")
    figure.add_scatter(
        x=[curve.peak_rank],
        y=[float(curve.peak)],
        mode="markers+text",
        text=[_escape(note)],
        textposition="top right" if curve.peak_rank * 4 < curve.customers else "top left",
        marker={"color": colour, "size": 9},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def perceived_value(entity: Entity) -> go.Figure | None:
    """How many customers at which perceived value, by how it is known."""
    bins = entity.perceived.bins
    if not bins:
        return None
    figure = _figure("perceived value index (1 = par)", "customers", barmode="stack", bargap=0.05)
    for status in [*STATUSES, *sorted(set(bins) - set(STATUSES))]:
        found = sorted(bins.get(status, {}).items())
        if found:
            figure.add_bar(
                x=[float(start + BIN_WIDTH / 2) for start, _ in found],
                y=[customers for _, customers in found],
                width=float(BIN_WIDTH),
                name=_escape(label(status)),
                marker={"color": STATUS_COLOURS.get(status, GREY)},
                customdata=[f"{start} to {start + BIN_WIDTH}" for start, _ in found],
                hovertemplate="%{customdata}: %{y:,} customers<extra>%{fullData.name}</extra>",
            )
    _shade_band(figure, entity)
    figure.add_vline(x=1, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.add_annotation(x=1, y=1, yref="paper", text="par", showarrow=False, xanchor="left")
    return figure


def value_map(entity: Entity) -> go.Figure | None:
    """Both halves: what a customer gets from us against what we get from the customer."""
    points = entity.value_map.points
    if not points:
        return None
    figure = _figure(
        "perceived value index: value for the customer (1 = par)",
        f"profit: value of the customer, {entity.currency}",
        height=520,
    )
    quadrants = {point["quadrant"] for point in points}
    for quadrant in sorted(quadrants, key=lambda q: (not q.endswith("_band"), q)):
        side, _, zone = quadrant.partition("_")
        members = [point for point in points if point["quadrant"] == quadrant]
        figure.add_scatter(
            x=[float(point["perceived_value_index"]) for point in members],
            y=[float(point["profit_amount"]) for point in members],
            mode="markers",
            name=_escape(label(quadrant)),
            marker={
                "color": SIDE_COLOURS.get(side, GREY),
                "size": 7,
                "opacity": 0.6,
                "symbol": ZONE_SYMBOLS.get(zone, "x-thin-open"),
            },
            text=[_escape(point["name"] or point["customer_id"]) for point in members],
            customdata=[
                [
                    _escape(point["customer_id"]),
                    fixed(point["profit_amount"], entity.digits),
                    fixed(point["perceived_value_index"], 3),
                ]
                for point in members
            ],
            hovertemplate="%{text} (%{customdata[0]})<br>perceived value %{customdata[2]}"
            + "<br>profit %{customdata[1]} "
            + _escape(entity.currency)
            + "<extra>%{fullData.name}</extra>",
        )
    _shade_band(figure, entity)
    low, high = frame(entity)
    figure.update_yaxes(range=[low, high])
    figure.add_vline(x=1, line={"color": INK, "width": 1, "dash": "dash"})
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    return figure


def segments(entity: Entity) -> go.Figure | None:
    """Quality against price of the segments, par = 1."""
    return _quality_against_price(entity.perceived.segments, "par = 1")


def suppliers(entity: Entity) -> go.Figure | None:
    """Quality against price of ourselves and the competitors, the market's mean = 1."""
    return _quality_against_price(entity.perceived.suppliers, "mean of the suppliers shown = 1")


def _quality_against_price(rows: list[dict], reference: str) -> go.Figure | None:
    shown = [
        row
        for row in rows
        if row["relative_quality"] is not None and row["relative_price"] is not None
    ]
    if not shown:
        return None
    price = "price and freight paid" if shown[0]["price_basis"] == "paid" else "price burden"
    figure = _figure(
        f"relative {price} ({reference})", f"relative quality ({reference})", height=460
    )
    on_line = sorted(
        {(row["fair_price"], row["relative_quality"]) for row in shown if row["fair_price"]}
        | {(Decimal(1), Decimal(1))}
    )
    figure.add_scatter(
        x=[float(price) for price, _ in on_line],
        y=[float(quality) for _, quality in on_line],
        mode="lines",
        name="fair value",
        line={"color": INK, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    # points at one place would print their names over each other
    places: dict[tuple[Decimal, Decimal], list[str]] = {}
    for row in shown:
        place = row["relative_price"], row["relative_quality"]
        places.setdefault(place, []).append(row["rated_id"])
    for reliability in sorted({row["reliability"] for row in shown}, reverse=True):
        members = [row for row in shown if row["reliability"] == reliability]
        figure.add_scatter(
            x=[float(row["relative_price"]) for row in members],
            y=[float(row["relative_quality"]) for row in members],
            mode="markers+text",
            name=_escape("30 or more customers" if reliability == "shown" else label(reliability)),
            text=[_escape(_name_at(places, row)) for row in members],
            textposition="top center",
            cliponaxis=False,
            error_x=_interval(members, "relative_price"),
            error_y=_interval(members, "relative_quality"),
            marker={
                "size": [min(30, 7 + (row["customers_count"] or 0) ** 0.5) for row in members],
                "color": BLUE if reliability == "shown" else "#56B4E9",
                "opacity": 0.75,
            },
            customdata=[
                [
                    fixed(row["value_index"], 3),
                    fixed(row["value_low"], 3),
                    fixed(row["value_high"], 3),
                    fixed(row["customers_count"] or 0, 0),
                    _escape(row["rated_id"]),
                ]
                for row in members
            ],
            hovertemplate="%{customdata[4]}<br>quality %{y:.3f}, price %{x:.3f}"
            "<br>value %{customdata[0]} (90 %: %{customdata[1]} to %{customdata[2]}),"
            " n = %{customdata[3]}<extra></extra>",
        )
    return figure


def _interval(rows: list[dict], measure: str) -> dict:
    """Bars from the lower to the upper end of a measure's interval; none where it has none."""
    ends = [(row[measure], row[f"{measure}_low"], row[f"{measure}_high"]) for row in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if high is None else float(high - own) for own, _, high in ends],
        "arrayminus": [None if low is None else float(own - low) for own, low, _ in ends],
        "color": GREY,
        "thickness": 1,
        "width": 0,
    }


def _name_at(places: dict[tuple[Decimal, Decimal], list[str]], row: dict) -> str:
    """The names of all points at a row's place, at the first of them; none at the others."""
    names = places[row["relative_price"], row["relative_quality"]]
    return ", ".join(names) if row["rated_id"] == names[0] else ""


def _shade_band(figure: go.Figure, entity: Entity) -> None:
    band = entity.value_map
    if band.band_low is not None and band.band_high is not None:
        figure.add_vrect(
            x0=float(band.band_low),
            x1=float(band.band_high),
            fillcolor=GREEN,
            opacity=0.09,
            line_width=0,
            layer="below",
        )


def frame(entity: Entity) -> tuple[float, float]:
    """The profits the value map shows: all but the outermost hundredth at either end, and 0."""
    profits = sorted(point["profit_amount"] for point in entity.value_map.points)
    beyond = len(profits) // 100
    low = min(profits[beyond], Decimal(0))
    high = max(profits[-1 - beyond], Decimal(0))
    margin = (high - low) / 10 or Decimal(1)
    return float(low - margin), float(high + margin)


def beyond_frame(entity: Entity) -> int:
    """How many of the points drawn lie outside the frame."""
    if not entity.value_map.points:
        return 0
    low, high = frame(entity)
    return sum(not low <= point["profit_amount"] <= high for point in entity.value_map.points)


def _short(amount: Decimal) -> str:
    """An amount on a bar: three digits and a unit."""
    for size, unit in ((9, "B"), (6, "M"), (3, "k")):
        if abs(amount) >= Decimal(10) ** size:
            scaled = amount / Decimal(10) ** size
            return f"{fixed(scaled, 0 if abs(scaled) >= 100 else 1)}{unit}"
    return fixed(amount, 0)


def to_json(figure: go.Figure) -> str:
    """A figure for a data block in a page: nothing in it can end the block or start a tag."""
    content = json.dumps(
        figure.to_plotly_json(),
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    for character in "<>&\u2028\u2029":
        content = content.replace(character, f"\\u{ord(character):04x}")
    return content
