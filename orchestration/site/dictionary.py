"""Every published mart and column in words, as the dbt manifest describes them.

Belongs here: reading descriptions. Does not: reading data.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ColumnText:
    """One column: what it is called, holds and means."""

    name: str
    data_type: str
    description: str


@dataclass
class MartText:
    """One mart: what a row is, who answers for it, who reads it."""

    name: str
    folder: str
    description: str
    grain: list[str]
    owner: str
    columns: list[ColumnText]
    readers: list[str] = field(default_factory=list)
    tests: int = 0
    row_count: int | None = None

    @property
    def hints(self) -> dict[str, str]:
        """Column descriptions by column."""
        return {column.name: column.description for column in self.columns}


def read_manifest(path: Path) -> dict:
    """The dbt manifest."""
    return json.loads(path.read_text(encoding="utf-8"))


def marts_of(manifest: dict, row_counts: dict[str, int] | None = None) -> list[MartText]:
    """The marts of the project, by folder and name."""
    marts: dict[str, MartText] = {}
    for unique_id, node in manifest.get("nodes", {}).items():
        fqn = node.get("fqn", [])
        if node.get("resource_type") != "model" or "marts" not in fqn:
            continue
        meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
        marts[unique_id] = MartText(
            name=node["name"],
            folder=fqn[-2],
            description=node.get("description", ""),
            grain=list(meta.get("grain", [])),
            owner=meta.get("owner", ""),
            columns=[
                ColumnText(c["name"], c.get("data_type") or "", c.get("description", ""))
                for c in node.get("columns", {}).values()
            ],
            row_count=(row_counts or {}).get(node["name"]),
        )
    for exposure in manifest.get("exposures", {}).values():
        for unique_id in exposure.get("depends_on", {}).get("nodes", []):
            if unique_id in marts:
                marts[unique_id].readers.append(exposure.get("label") or exposure["name"])
    for node in manifest.get("nodes", {}).values():
        if node.get("resource_type") == "test" and node.get("attached_node") in marts:
            marts[node["attached_node"]].tests += 1
    for mart in marts.values():
        mart.readers.sort()
    return sorted(marts.values(), key=lambda mart: (mart.folder, mart.name))
