"""
Filters of list queries, in the two forms that mean what they say: one `search` entry per condition (all of them), or
one entry with several conditions (any of them). A store drops what it does not understand without a word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Operator: TypeAlias = Literal["EQ", "NE", "GT", "GE", "LT", "LE", "CO", "LIKE", "TRUE", "FALSE", "NULL", "IN"]
Filter: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: Operator
    value: str | int = ""

    def as_member(self) -> dict[str, str | int]:
        return {"field": self.field, "operator": self.operator, "value": self.value}


def is_one_of(field: str, values: Iterable[str | int]) -> Condition:
    """
    Match any of the values. Raises ValueError for what a store can't be asked.

    An empty list would match every row, and a comma parts values.
    """
    texts = [str(value).strip() for value in values]
    if not texts or not all(texts):
        raise ValueError(f"{field}: an empty list or value would match every row")
    if any("," in text for text in texts):
        raise ValueError(f"{field}: a value with a comma can't be looked for in a list")
    return Condition(field, "IN", ",".join(texts))


def all_of(*conditions: Condition) -> list[Filter]:
    return [{"name": "search", "value": [condition.as_member()]} for condition in conditions]


def any_of(*conditions: Condition) -> list[Filter]:
    if not conditions:
        raise ValueError("any_of nothing would match every row")
    return [{"name": "search", "value": [condition.as_member() for condition in conditions]}]


def columns(names: Sequence[str]) -> list[Filter]:
    """Ask for on-demand columns; a store leaves out those that it or the token's rights do not know."""
    return [{"name": "ondemandcolumns", "value": list(names)}] if names else []
