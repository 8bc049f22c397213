"""A backup's manifest: what a file with the whole database in it says of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1
"""Of the file; raised when an older version could not read it any more."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows a table has, and the sum of all of them in the order of their key."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    What a backup says of itself. `database`: what it was made of. `migrations`: the last one by app. `tables`: rows and
    checksum by table. `left_out`: tables that are empty in it.
    """

    format: int
    version: str
    made_at: datetime
    database: str
    migrations: Mapping[str, str]
    tables: Mapping[str, TableSum]
    left_out: Sequence[str] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "made_at": self.made_at.isoformat(), "left_out": list(self.left_out)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Manifest":
        return cls(
            format=values["format"],
            version=values["version"],
            made_at=datetime.fromisoformat(values["made_at"]),
            database=values["database"],
            migrations=values["migrations"],
            tables={name: TableSum(**table) for name, table in values["tables"].items()},
            left_out=values["left_out"],
        )
