"""Decimals as whole numbers: the way through 64 bits and the one through 128 give the same.

What is reckoned with them fits where it must.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

import duckdb
import pyarrow as pa
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


def test_a_large_amount_has_its_rate():
    """A revenue of 22.9 million at half a per cent, as of ten million lines, and the widest."""
    at_rate = Environment().from_string(MACROS).module.amount_at_rate("amount", "rate")
    given = [("22913857.5365", "0.005"), ("-99999999999999.9999", "0.999999999"), ("0.0001", "0.5")]
    rows = ", ".join(
        f"(cast('{amount}' as decimal(18, 4)), cast('{rate}' as decimal(18, 9)))"
        for amount, rate in given
    )
    found = duckdb.sql(f"select {at_rate} from (values {rows}) as t (amount, rate)").fetchall()
    cent = Decimal("0.0001")
    assert [row[0] for row in found] == [
        (Decimal(amount) * Decimal(rate)).quantize(cent, ROUND_HALF_UP) for amount, rate in given
    ]


CLUSTERS = (PROJECT / "macros" / "clusters.sql").read_text(encoding="utf-8")


def effective(clusters: list[tuple[int, int, int]]) -> int:
    """Answers over the design effect in exact fractions, by its definition (Kish 1965).

    ``clusters``: answers, their sum and the sum of their squares.
    """
    n = sum(answers for answers, *_ in clusters)
    mean = Fraction(sum(total for _, total, _ in clusters), n)
    simple = Fraction(sum(squares for *_, squares in clusters)) - n * mean * mean
    parts = sum((total - mean * answers) ** 2 for answers, total, _ in clusters)
    if len(clusters) == 1:
        return 1
    if not simple:
        return max(1, floor(Fraction(n * n, sum(answers**2 for answers, *_ in clusters))))
    if not parts:
        return n
    independent = simple / (n - 1) * n
    clustered = Fraction(len(clusters), len(clusters) - 1) * parts
    return max(1, floor(n * min(1, independent / clustered) + Fraction(1, 10**6)))


# (answers, sum, sum of squares) of each cluster
DIGITS = 999_999_999
MANY = {
    "one answer a customer": [(1, x, x * x) for x in (3, 7, DIGITS, 12)],
    "alike but for the last digit": [(2, 2 * x, 2 * x * x) for x in (333333333, 333333334)] * 3,
    "of one mind": [(k, k * 5, k * 25) for k in (1, 2, 3)],
    "one cluster": [(7, 70, 900)],
    "no cluster differs": [(2, 10, 58), (4, 20, 116)],
    "a million answers of few customers": [
        (200_000, 200_000 * x, 200_000 * x * x + 10**17) for x in (DIGITS, 1, DIGITS, 500, 7)
    ],
    "four million": [
        (3_999_999, 3_999_999 * DIGITS, 3_999_999 * DIGITS**2 + 10**20),
        (1, 0, 0),
    ],
    "a million answers of many customers": [
        (25 + i % 20, (25 + i % 20) * x, (25 + i % 20) * x * x + i % 2 * 10**16)
        for i, x in enumerate((DIGITS - k * 1_664_525) % 10**9 for k in range(30_000))
    ],
}


@pytest.mark.parametrize("clusters", MANY.values(), ids=MANY)
def test_effective_respondents_are_exact_at_any_size(clusters: list[tuple[int, int, int]]) -> None:
    environment = Environment()
    environment.globals["type_whole"] = lambda: "hugeint"
    macro = environment.from_string(CLUSTERS).module.effective_respondents_units
    connection = duckdb.connect()
    connection.execute("create table clusters (answers hugeint, total hugeint, squares hugeint)")
    names = ("answers", "total", "squares")
    columns = pa.table(
        {
            name: pa.array([row[i] for row in clusters], type=pa.decimal128(38))
            for i, name in enumerate(names)
        }
    )
    connection.register("given", columns)
    connection.execute("insert into clusters select * from given")
    [[units]] = connection.execute(f"select {macro(*names)} from clusters").fetchall()
    assert units == effective(clusters) * 10**9
