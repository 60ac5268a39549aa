"""What a gate found, in plain words.

Belongs here: the result of a gate and how it is told. Does not: Great Expectations, which is slow
to import and which nothing that only reads an outcome needs.
"""

from dataclasses import dataclass, field
from typing import Any

from orchestration.settings import GateError


@dataclass(frozen=True)
class Fault:
    """One expectation that did not hold."""

    suite: str
    table: str
    column: str | None
    severity: str
    expectation: str
    observed: str
    reason: str
    action: str

    def __str__(self) -> str:
        place = f"table {self.table}" + (f", column {self.column}" if self.column else "")
        text = f"{place}: expected {self.expectation}; found {self.observed}"
        if self.reason:
            text += f" ({self.reason})"
        return f"{text}. {self.action}" if self.action else text


@dataclass
class GateOutcome:
    """Whether a gate lets the run go on, and everything it noticed."""

    gate: str
    suites: list[str] = field(default_factory=list)
    expectations: int = 0
    failures: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    # suite and reason: an absent table is said, not passed over
    skipped: dict[str, str] = field(default_factory=dict)
    # rows by relation; the next run compares with them
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """No critical expectation failed; warnings do not block."""
        return not self.failures

    def raise_if_blocked(self) -> None:
        """Stop the run if a critical expectation failed.

        Raises:
            GateError: one line for each critical failure.
        """
        if self.failures:
            lines = [f"{self.gate} gate: {fault}" for fault in self.failures]
            raise GateError("\n".join(lines))

    def headline(self) -> str:
        """One line for people."""
        return (
            f"{self.gate} gate {'passed' if self.passed else 'FAILED'}: "
            f"{self.expectations} expectations in {len(self.suites)} suites, "
            f"{len(self.failures)} critical, {len(self.warnings)} warnings, "
            f"{len(self.skipped)} tables absent"
        )

    def summary(self) -> dict[str, Any]:
        """What the publication's manifest keeps; the whole numbers go into the run's summary."""
        return {
            "result": "passed" if self.passed else "failed",
            "suites": len(self.suites),
            "expectations": self.expectations,
            "critical": len(self.failures),
            "warnings": len(self.warnings),
            "absent": len(self.skipped),
            "failed": [str(f) for f in self.failures],
            "warned": [str(f) for f in self.warnings],
            "skipped": dict(sorted(self.skipped.items())),
            "rows": dict(sorted(self.rows.items())),
        }
