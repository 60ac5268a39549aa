"""Decimals as whole numbers: the way through 64 bits and the one through 128 give the same."""

from decimal import Decimal

import duckdb
import pytest
from jinja2 import Environment

from orchestration.settings import PROJECT

MACROS = (PROJECT / "macros" / "exact_arithmetic.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("scale", [0, 4, 8, 9, 12])
def test_units_are_exact_below_at_and_above_what_64_bits_hold(scale: int) -> None:
    step = Decimal(1).scaleb(-scale)
    edges = [Decimal(10) ** max(0, 18 - 2 * scale), Decimal(10) ** (18 - scale), Decimal(1)]
    given = [sign * (edge + off) for edge in edges for off in (-step, 0, step) for sign in (1, -1)]
    to_units = Environment().from_string(MACROS).module.default__to_units("given", scale)
    rows = ", ".join(f"(cast('{number:f}' as decimal(38, {scale})))" for number in given)
    found = duckdb.sql(f"select {to_units} from (values {rows}, (null)) as t (given)").fetchall()
    assert [row[0] for row in found] == [int(number.scaleb(scale)) for number in given] + [None]
