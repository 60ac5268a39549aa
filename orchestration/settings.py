"""What a run is told: folders, the day it pretends it is, the engine.

Belongs here: reading options and naming the places things go. Does not: doing anything with them.
"""

import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
END_OF_TIME = datetime(9999, 12, 31)


class InputError(Exception):
    """The input cannot be used; the message names file, table, column and rows. Exit code 2."""


class GateError(Exception):
    """A gate found critical faults, so nothing was published. Exit code 3."""


class LockedError(Exception):
    """Another run holds the warehouse. Exit code 4."""


@dataclass(frozen=True)
class Settings:
    """One run's options. Paths are absolute; ``as_of`` None means the default of each entity."""

    landing: Path
    warehouse: Path
    policies: Path | None = None
    target: str = "duckdb"
    as_of: date | None = None
    postgres_dsn: str | None = None
    keep: int = 5
    demo_customers: int = 2000

    @classmethod
    def from_environment(cls, **given: object) -> "Settings":
        """Options as given, else from the environment, else the defaults of the README.

        Raises:
            InputError: AS_OF is not a date, TARGET not an engine, or POLICIES not a folder.
        """

        def option(name: str, default: str | None = None) -> str | None:
            value = given.get(name.lower())
            return str(value) if value not in (None, "") else os.environ.get(name) or default

        as_of = option("AS_OF")
        try:
            day = date.fromisoformat(as_of) if as_of else None
        except ValueError:
            raise InputError(f"AS_OF is {as_of!r}: give a day as YYYY-MM-DD") from None
        target = option("TARGET", "duckdb")
        if target not in ("duckdb", "spark"):
            raise InputError(f"TARGET is {target!r}: it is duckdb or spark")
        policies = option("POLICIES")
        if policies and not Path(policies).is_dir():
            raise InputError(f"POLICIES is {policies!r}: no such folder")
        return cls(
            landing=Path(option("LANDING", "landing")).resolve(),
            warehouse=Path(option("WAREHOUSE", "warehouse")).resolve(),
            policies=Path(policies).resolve() if policies else None,
            target=target,
            as_of=day,
            postgres_dsn=option("PUBLISH_POSTGRES_DSN"),
        )

    @property
    def known_before(self) -> datetime:
        """Nothing recorded at or after this time is known to the run."""
        if self.as_of is None:
            return END_OF_TIME
        return datetime.combine(self.as_of + timedelta(days=1), time())

    @property
    def build(self) -> Path:
        """Private to the writer."""
        return self.warehouse / "build"

    @property
    def build_db(self) -> Path:
        """The database dbt builds in; no reader ever opens it.

        Spark has one of its own: its raw tables come from there and its marts go back to it.
        """
        place = self.build / "spark" if self.target == "spark" else self.build
        return place / "twofold.duckdb"

    @property
    def of_the_code(self) -> Path:
        """What follows from the project's code alone, kept for all warehouses of a checkout."""
        kept = PROJECT / "target" / "kept"
        # the checkout may be read-only, or the folder another user's
        nearest = next(place for place in (kept, *kept.parents) if place.exists())
        return kept if os.access(nearest, os.W_OK) else self.build / "kept"

    @property
    def seeds(self) -> Path:
        """Shipped policies with the company's own in their place."""
        return self.build / "composed_seeds"

    @property
    def dbt_target(self) -> Path:
        """What dbt compiles and leaves: manifest, catalog, run results."""
        return self.build / "dbt"

    @property
    def synthetic_landing(self) -> Path:
        """Where the synthetic company is written when LANDING is empty."""
        return self.warehouse / "synthetic"

    @property
    def published(self) -> Path:
        """Publications, and the link ``current`` to the one in force."""
        return self.warehouse / "published"

    @property
    def current(self) -> Path:
        """The publication readers see."""
        return self.published / "current"

    @property
    def books(self) -> Path:
        """What must outlive every rebuild."""
        return self.warehouse / "books"

    @property
    def site(self) -> Path:
        """The static site."""
        return self.warehouse / "site"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages, before they go into the site."""
        return self.build / "data_docs"
