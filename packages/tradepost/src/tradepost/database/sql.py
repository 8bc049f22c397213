"""
Set-based SQL that SQLite and PostgreSQL both take.

Rows go in as one JSON parameter and are a table inside the statement, so that a batch is one statement with the same
text whatever its size. Both databases know `UPDATE ... FROM`, `INSERT ... ON CONFLICT` and `RETURNING`.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection

from tradepost.database.fields import to_column


class Column(StrEnum):
    """The type of a column of a table that is a parameter; values are PostgreSQL's names."""

    INTEGER = "bigint"  # decimals, too: they are held as integers
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "timestamptz"
    JSON = "jsonb"  # a list or an object


@dataclass(frozen=True, slots=True)
class Rows:
    """A table to hand to a statement: its columns in the order of the values in each row."""

    columns: Mapping[str, Column]
    rows: Collection[Sequence[Any]]

    @classmethod
    def of_ids(cls, ids: Iterable[int]) -> "Rows":
        return cls({"id": Column.INTEGER}, [(number,) for number in ids])

    @classmethod
    def of_texts(cls, name: str, texts: Iterable[str]) -> "Rows":
        return cls({name: Column.TEXT}, [(text,) for text in texts])


def execute(statement: str, *params: Any, **tables: Rows) -> int:
    """Execute a statement that reads `tables` by their names; returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(_with(tables) + statement, [*_table_params(tables), *map(_param, params)])
        return int(cursor.rowcount)


def fetch(statement: str, *params: Any, **tables: Rows) -> list[tuple[Any, ...]]:
    """Execute a statement that answers with rows: a SELECT, or one with RETURNING."""
    with connection.cursor() as cursor:
        cursor.execute(_with(tables) + statement, [*_table_params(tables), *map(_param, params)])
        return list(cursor.fetchall())


def _with(tables: Mapping[str, Rows]) -> str:
    if not tables:
        return ""
    return "WITH " + ", ".join(_table(name, rows.columns) for name, rows in tables.items()) + " "


def _table(name: str, columns: Mapping[str, Column]) -> str:
    if connection.vendor == "sqlite":
        values = ", ".join(f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns))
        # Names are those of this package's own statements, never from outside.
        return f"{name} AS MATERIALIZED (SELECT {values} FROM json_each(%s))"  # noqa: S608
    values = ", ".join(
        f"(value->{place}) AS {column}" if kind is Column.JSON else f"(value->>{place})::{kind.value} AS {column}"
        for place, (column, kind) in enumerate(columns.items())
    )
    return f"{name} AS MATERIALIZED (SELECT {values} FROM jsonb_array_elements(%s::jsonb))"  # noqa: S608


def _table_params(tables: Mapping[str, Rows]) -> list[str]:
    return [json.dumps([list(row) for row in rows.rows], default=_plain) for rows in tables.values()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return to_column(value)
    if isinstance(value, datetime):
        return _time(value)
    raise TypeError(f"{type(value).__name__} is no value for a column.")


def _param(value: Any) -> Any:
    return _plain(value) if isinstance(value, Decimal | datetime) else value


def _time(value: datetime) -> str:
    # SQLite has no type for times: they are compared as texts, so they must be written exactly as Django does.
    return str(connection.ops.adapt_datetimefield_value(value.astimezone(UTC)))
