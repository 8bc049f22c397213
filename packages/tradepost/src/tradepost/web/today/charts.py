"""Small charts: bars of the days of a week, drawn by Unfold's chart.js, and readable as text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar per name. `figure`: what all of them come to, as it is written beside the title."""

    title: str
    names: Sequence[str]
    values: Sequence[int]
    figure: int

    @property
    def words(self) -> str:
        """The same, for who can't see it."""
        return ", ".join(f"{name} {value:,}" for name, value in zip(self.names, self.values, strict=True))

    @property
    def data(self) -> str:
        """As the template's component takes it."""
        bars: dict[str, Any] = {"data": list(self.values), "backgroundColor": "var(--color-primary-600)"}
        return json.dumps({"labels": list(self.names), "datasets": [bars]})
