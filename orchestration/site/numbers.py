"""How a value is written: thousands separators, fixed digits, and words for what is not there.

Belongs here: turning one value into text. Does not: arithmetic beyond rounding for display.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NOT_MEASURED = "not measured"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


def money(amount: Decimal | None, digits: int = 2) -> str:
    """An amount rounded for display only; NULL is said, never drawn as 0."""
    if amount is None:
        return NOT_MEASURED
    return fixed(amount, digits)


def fixed(number: Decimal | int, digits: int) -> str:
    """A number with thousands separators and a fixed number of decimals, half away from zero."""
    step = Decimal(1).scaleb(-digits)
    rounded = Decimal(number).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{digits}f}"
    return MINUS + text if rounded < 0 else text


def percent(part: Decimal | int | None, whole: Decimal | int | None) -> str:
    """A share in per cent, or a dash where the whole is nothing."""
    if part is None or not whole:
        return NOTHING
    return fixed(Decimal(part) * 100 / Decimal(whole), 1) + " %"


def digits_needed(amounts: list[Decimal | None], least: int = 2) -> int:
    """Decimals that show every amount of a column exactly, four at most."""
    for amount in amounts:
        if amount is not None and amount != amount.quantize(Decimal(1).scaleb(-least)):
            return 4
    return least


def text(value: object) -> str:
    """Any other value of a mart as text; NULL is a dash."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case int():
            return fixed(value, 0)
        case Decimal():
            return fixed(value, max(0, -value.normalize().as_tuple().exponent))
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
        case list() | tuple():
            return ", ".join(text(item) for item in value)
        case _:
            return str(value)
