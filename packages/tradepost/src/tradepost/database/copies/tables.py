"""
The tables of a hub, as their models say: so a new model is in every copy, and a column of a kind that no copy knows
fails a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.db import models

Model = type[models.Model]

# Who is logged in: a backup in wrong hands would let its finder in, and a restored one those who were put out since.
# And who failed to: what limits logins counts anew.
LEFT_OUT = frozenset(
    {
        "tradepost_session",
        *("axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog", "axes_accesslog"),
    }
)

# What SQLite has indexes of words in, by the beginnings of their names: they follow the words, and can't be read.
MADE_OF_OTHERS = ("tradepost_productwords_trigrams", "tradepost_orderwords_trigrams")

# What `migrate` and a first start leave in a database that nobody has put anything into.
MADE_WITH_IT = frozenset({"django_content_type", "auth_permission", "tradepost_home", *LEFT_OUT})


class ColumnKind(StrEnum):
    """How values of a column are held; in a copy under way they are as SQLite holds them."""

    INTEGER = "integer"  # decimals, too: they are held as integers
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    JSON = "json"
    BYTES = "bytes"


_KINDS: tuple[tuple[type["models.Field[Any, Any]"], ColumnKind], ...] = (
    (models.BooleanField, ColumnKind.BOOLEAN),
    (models.IntegerField, ColumnKind.INTEGER),
    (models.CharField, ColumnKind.TEXT),
    (models.TextField, ColumnKind.TEXT),
    (models.DateTimeField, ColumnKind.TIME),
    (models.JSONField, ColumnKind.JSON),
    (models.BinaryField, ColumnKind.BYTES),
)


@dataclass(frozen=True, slots=True)
class CopiedColumn:
    """A column and how its values are held."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `key` is its primary key, by which it is read in the same order everywhere."""

    name: str
    columns: tuple[CopiedColumn, ...]
    key: str
    is_numbered: bool

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


@cache
def tables() -> tuple[Table, ...]:
    """Return all tables but those that are left out, each after those that its rows point to."""
    return tables_of(apps)


def tables_of(known: Apps) -> tuple[Table, ...]:
    """Return the tables of these models; of an earlier state, as its migrations had them."""
    return tuple(_table(model) for model in _in_order(known) if _options(model).db_table not in LEFT_OUT)


def _in_order(known: Apps) -> Iterator[Model]:
    # What we don't manage is a table of another program, the queue of the workers, for one: made from what is here.
    waiting = [model for model in known.get_models(include_auto_created=True) if _options(model).managed]
    placed: set[Model] = set()
    while waiting:
        ready = [model for model in waiting if _points_to(model) <= placed | {model}]
        if not ready:
            raise TypeError(f"These tables point to each other in a circle: {waiting}.")
        yield from ready
        placed.update(ready)
        waiting = [model for model in waiting if model not in placed]


def _points_to(model: Model) -> set[Model]:
    pointers = (field for field in _options(model).concrete_fields if isinstance(field, models.ForeignKey))
    return {_options(field.related_model).concrete_model for field in pointers}


def _table(model: Model) -> Table:
    options = _options(model)
    columns = tuple(CopiedColumn(field.column, _kind(model, field)) for field in options.concrete_fields)
    return Table(options.db_table, columns, options.pk.column, isinstance(options.pk, models.AutoField))


def _kind(model: Model, field: Any) -> ColumnKind:
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    kind = next((kind for of, kind in _KINDS if isinstance(target, of)), None)
    if kind is None:
        raise TypeError(f"No copy knows how {type(target).__name__} is held ({model.__name__}.{field.name}).")
    return kind


def _options(model: Any) -> Any:
    return model._meta  # noqa: SLF001 (Django documents it as public)
