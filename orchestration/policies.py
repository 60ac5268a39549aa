"""The policy files in force: the shipped ones, with a company's own in their place.

Belongs here: composing and hashing the seed folder. Does not: what a policy means.
"""

import csv
import filecmp
import hashlib
import shutil
from pathlib import Path

from orchestration.settings import PROJECT, InputError, Settings

SHIPPED = PROJECT / "seeds"


def compose(settings: Settings) -> Path:
    """Lay the seed folder of this run; files that did not change are not touched.

    Returns:
        The folder, which dbt takes its seeds from.

    Raises:
        InputError: a file in POLICIES is not a policy, is one in another format than .csv, or its
            columns are not the shipped ones'.
    """
    wanted = {p.relative_to(SHIPPED): p for p in sorted(SHIPPED.rglob("*.csv"))}
    faults = []
    for own in sorted(settings.policies.glob("*.csv")) if settings.policies else ():
        place = Path("policies") / own.name
        if place not in wanted:
            names = ", ".join(p.stem for p in wanted if p.parts[0] == "policies")
            faults.append(f"{own.name}: not a policy; policies are {names}")
            continue
        shipped_columns, own_columns = _header(wanted[place]), _header(own)
        if own_columns != shipped_columns:
            faults.append(
                f"{own.name}: its columns are {', '.join(own_columns)}; "
                f"they have to be {', '.join(shipped_columns)}"
            )
        wanted[place] = own
    known = {place.stem for place in wanted if place.parts[0] == "policies"}
    for other in sorted(settings.policies.iterdir()) if settings.policies else ():
        if other.suffix != ".csv" and other.name.split(".", 1)[0] in known:
            faults.append(f"{other.name}: not read; a policy is a .csv file, separated by commas")
    if faults:
        raise InputError("\n".join(faults))
    for place, origin in wanted.items():
        copy = settings.seeds / place
        if not copy.exists() or not filecmp.cmp(origin, copy, shallow=False):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, copy)
    for stale in sorted(settings.seeds.rglob("*")):
        if stale.is_file() and stale.relative_to(settings.seeds) not in wanted:
            stale.unlink()
    return settings.seeds


def digests(settings: Settings) -> dict[str, str]:
    """A hash of every policy and lookup in force, by name."""
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(settings.seeds.rglob("*.csv"))
    }


def digest(settings: Settings) -> str:
    """One hash over every policy and lookup in force."""
    total = hashlib.sha256()
    for path in sorted(settings.seeds.rglob("*.csv")):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines), [])
