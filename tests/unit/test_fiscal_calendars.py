"""The shipped week calendars: whole weeks, their pattern, 53rd weeks where they are published."""

import csv
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "seeds" / "policies" / "policy_fiscal_calendar.csv"
# years of 53 weeks that end on the Saturday nearest 31 January (National Retail Federation)
LONG_YEARS = {2012, 2017, 2023, 2028}


def weeks_of(calendar: str) -> dict[int, list[int]]:
    """Weeks of each period, by fiscal year; every period has to be whole weeks."""
    with SHIPPED.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["fiscal_calendar_id"] == calendar]
    weeks = defaultdict(list)
    for row, following in pairwise(rows):
        start = date.fromisoformat(row["period_start_date"])
        days = (date.fromisoformat(following["period_start_date"]) - start).days
        assert days % 7 == 0
        weeks[int(row["fiscal_year"])].append(days // 7)
    return weeks


@pytest.mark.parametrize("pattern", [(4, 4, 5), (4, 5, 4), (5, 4, 4)])
def test_week_calendar_has_its_pattern_and_the_published_long_years(pattern):
    years = weeks_of("retail_" + "_".join(map(str, pattern)))
    for year, weeks in years.items():
        extra = [0] * 11 + [sum(weeks) - 52]
        assert weeks == [w + e for w, e in zip(pattern * 4, extra, strict=True)]
        assert extra[-1] in (0, 1)
        if 2010 <= year <= 2030:
            assert (extra[-1] == 1) == (year in LONG_YEARS)


def test_year_2023_ends_on_the_published_day():
    with SHIPPED.open(newline="") as file:
        starts = {
            (row["fiscal_calendar_id"], row["fiscal_year"], row["fiscal_period"]): row
            for row in csv.DictReader(file)
        }
    assert starts["retail_4_5_4", "2023", "1"]["period_start_date"] == "2023-01-29"
    assert starts["retail_4_5_4", "2024", "1"]["period_start_date"] == "2024-02-04"
