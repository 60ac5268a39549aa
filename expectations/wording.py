"""What a result found, in plain words, for messages and pages alike.

Belongs here: turning Great Expectations' result dictionaries into a sentence. Does not: HTML.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationValidationResult


def observed(single: ExpectationValidationResult) -> str:
    """What was found: a value, rows that should not be, or how many and which."""
    result = single.result
    if "unexpected_count" in result:
        count, total = result["unexpected_count"], result.get("element_count") or 0
        text = f"{count} of {total} rows otherwise" if count else f"none of {total} rows otherwise"
        examples = [_shown(v) for v in result.get("partial_unexpected_list") or [] if v is not None]
        return text + (f", such as {', '.join(dict.fromkeys(examples))}" if examples else "")
    details = result.get("details") or {}
    if (rows := details.get("unexpected_rows")) is not None:
        more = "" if len(rows) <= 5 else "; …"
        return f"{len(rows)} rows: " + "; ".join(_row(row) for row in rows[:5]) + more
    if columns := details.get("mismatched"):
        parts = [
            f"{kind} {', '.join(sorted(names))}" for kind, names in sorted(columns.items()) if names
        ]
        return "; ".join(parts)
    return _shown(result.get("observed_value"))


def broken(single: ExpectationValidationResult) -> str | None:
    """Why an expectation could not be evaluated; None where it was."""
    info = single.exception_info or {}
    for one in [info] if "raised_exception" in info else info.values():
        if one.get("raised_exception"):
            lines = str(one.get("exception_message") or "").strip().splitlines()
            return f"that it cannot be evaluated: {lines[0] if lines else 'no reason given'}"
    return None


def _row(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in row.items())


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(_shown(v) for v in value)
    return str(value)
