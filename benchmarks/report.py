"""Results as a Markdown table, an SVG plot and JSON.

Belongs here: ratios, slopes, showing. Does not: measuring.
"""

import json
import math
from pathlib import Path

WHOLE = ("floor", "nightly", "again", "late", "dbt", "profitability", "pandas", "postgres", "spark")
MEANING = {
    "floor": "the P&L by hand on DuckDB",
    "nightly": "landing, gates, build, tests, publication, site",
    "again": "a second night, nothing new",
    "late": "a further night, 0.1 % new lines",
    "dbt": "landing and dbt with its tests, no Dagster, no Great Expectations",
    "profitability": "landing and the P&L's models alone, no tests",
    "pandas": "the same P&L",
    "postgres": "the same P&L, Postgres 15",
    "spark": "the same P&L, Spark local",
}
HEADER = (
    "| data | lines | what | wall s | CPU s | peak GiB | written GiB | left GiB | times floor |\n"
    "|---|--:|---|--:|--:|--:|--:|--:|--:|\n"
)


def write(result: dict, folder: Path) -> None:
    """Write results.json, results.md and results.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(table(result), encoding="utf-8")
    (folder / "results.svg").write_text(plot(result), encoding="utf-8")


def table(result: dict) -> str:
    """Every line with its ratio to the floor of its case, then slopes and agreements."""
    lines = result["lines"]
    floors = {x["case"]: x["cost"] for x in lines if x["engine"] == "floor" and not x["step"]}
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    text = f"Machine: {facts}.\n\n{HEADER}"
    for line in lines:
        cost, floor = line["cost"], floors.get(line["case"])
        ratio = f"{cost['wall'] / floor['wall']:.2f}" if floor else ""
        what = f"{line['engine']}: {line['step']}" if line["step"] else f"**{line['engine']}**"
        cells = [
            line["case"],
            f"{line['lines']:,}",
            what,
            f"{cost['wall']:.1f}",
            _number(cost["cpu"], 1, 1),
            _number(cost["peak"], 2**30, 2),
            _number(cost["written"], 2**30, 2),
            _number(cost["left"], 2**30, 2),
            ratio,
        ]
        text += f"| {' | '.join(cells)} |\n"
    rows = [f"| {engine} | {wall:.2f} | {cpu:.2f} |" for engine, wall, cpu in slopes(lines)]
    if rows:
        text += "\nSlope in rows (log-log, smallest to largest meridian):\n\n"
        text += "| what | wall | CPU |\n|---|--:|--:|\n" + "\n".join(rows) + "\n"
    notes = [f"- {x['case']} {x['engine']}: {x['note']}" for x in lines if x["note"]]
    if notes:
        text += "\nSame cents:\n\n" + "\n".join(notes) + "\n"
    seen = {x["engine"] for x in lines}
    text += "\n" + "\n".join(f"- **{e}**: {m}" for e, m in MEANING.items() if e in seen) + "\n"
    return text


def _number(value: float | None, unit: float, digits: int) -> str:
    return "" if value is None else f"{value / unit:.{digits}f}"


def _whole(lines: list[dict], engine: str) -> list[dict]:
    """An engine's measurements on meridian, by size."""
    found = [
        x
        for x in lines
        if x["engine"] == engine and not x["step"] and not x["case"].startswith("tpcds")
    ]
    return sorted(found, key=lambda x: x["lines"])


def slopes(lines: list[dict]) -> list[tuple[str, float, float]]:
    """Growth of cost with rows from the smallest to the largest case; 1 is in proportion."""
    found = []
    for engine in WHOLE:
        sizes = _whole(lines, engine)
        if len(sizes) < 2 or sizes[0]["lines"] == sizes[-1]["lines"]:
            continue
        rows = math.log(sizes[-1]["lines"] / sizes[0]["lines"])
        wall, cpu = (
            math.log(sizes[-1]["cost"][kind] / sizes[0]["cost"][kind]) / rows
            for kind in ("wall", "cpu")
        )
        found.append((engine, wall, cpu))
    return found


COLOURS = dict(
    zip(
        WHOLE,
        (
            "#000000",
            "#0072b2",
            "#56b4e9",
            "#7fc8f8",
            "#009e73",
            "#66c2a5",
            "#e69f00",
            "#cc79a7",
            "#d55e00",
        ),
        strict=True,
    )
)
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 440, 70, 30, 150, 50


def plot(result: dict) -> str:
    """Wall seconds over revenue lines, both on log scales, one line an engine."""
    series = {e: _whole(result["lines"], e) for e in WHOLE}
    points = [(x["lines"], x["cost"]["wall"]) for s in series.values() for x in s]
    if not points:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    x_low, x_high = _decades([p[0] for p in points])
    y_low, y_high = _decades([p[1] for p in points])

    def place(lines: float, wall: float) -> tuple[float, float]:
        x = LEFT + (math.log10(lines) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        y = (
            HEIGHT
            - BOTTOM
            - (math.log10(wall) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        )
        return round(x, 1), round(y, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for decade in range(x_low, x_high + 1):
        x, _ = place(10**decade, 10**y_low)
        parts.append(
            f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**decade:,}</text>'
        )
    for decade in range(y_low, y_high + 1):
        _, y = place(10**x_low, 10**decade)
        parts.append(
            f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10**decade:,}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        "revenue lines</text>"
        f'<text x="{LEFT - 50}" y="{TOP - 12}">wall seconds</text>'
    )
    ends = []
    for engine, sizes in series.items():
        if not sizes:
            continue
        colour = COLOURS[engine]
        places = [place(x["lines"], x["cost"]["wall"]) for x in sizes]
        path = "M" + "L".join(f"{x} {y}" for x, y in places)
        parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="2" fill="none"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in places]
        ends.append((places[-1][1], places[-1][0], engine))
    free = 0.0
    for y, x, engine in sorted(ends):
        free = max(y + 4, free)
        parts.append(f'<text x="{x + 10}" y="{free}" fill="{COLOURS[engine]}">{engine}</text>')
        free += 14
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: list[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
