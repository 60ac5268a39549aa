"""How one expectation is written: what it says, why, how grave, and what to do.

Belongs here: the shape every expectation shares. Does not: thresholds, which stand in the suites.
"""

from typing import Any

from great_expectations.expectations import Expectation


def critical(
    kind: type[Expectation], says: str, do: str, why: str = "", **arguments: Any
) -> Expectation:
    """An expectation that blocks the run when it fails."""
    return _expectation(kind, "critical", says, do, why, arguments)


def warning(kind: type[Expectation], says: str, do: str, why: str, **arguments: Any) -> Expectation:
    """An expectation that only warns; it must say why it does not block."""
    if not why:
        raise ValueError(f"a warning needs a reason: {says}")
    return _expectation(kind, "warning", says, do, why, arguments)


def _expectation(
    kind: type[Expectation],
    severity: str,
    says: str,
    do: str,
    why: str,
    arguments: dict[str, Any],
) -> Expectation:
    return kind(
        severity=severity,
        notes=why or None,
        meta={"says": says, "do": do},
        **arguments,
    )
