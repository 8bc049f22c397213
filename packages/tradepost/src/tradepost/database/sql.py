"""
Set-based SQL that SQLite and PostgreSQL both take; the one place where statements are put together.

Rows go in as one JSON parameter and are a table inside the statement, so that a batch is one statement whose text does
not depend on its size; a column with one value in all rows is a parameter of its own. Both databases know
`UPDATE ... FROM`, `INSERT ... ON CONFLICT` and `RETURNING`.

Values travel by the name of their column, in and out. A row is a mapping, a dataclass or a named tuple; all rows of a
table have the same names, and a name that is missing or that the model does not have is a ValueError before anything
is executed; values without names, in a tuple or list, are a TypeError.

    sql.insert(Order, rows, unique=("channel_id", "external_id"), returning=("external_id", "id"))
    sql.upsert(VariantRecord, rows, unique=("sku",), keep=("stated_by",))
    sql.update(Listing, rows, where={"channel_id": 3})          # by id; every other name in the rows is set
    sql.page(Listing, "id", where=("channel_id = %s", "NOT is_paused"), params=(3,), after=0, limit=100)

What these can't say is written out, with the tables that it reads as arguments of their names:

    sql.execute("UPDATE tradepost_listing SET is_paused = true FROM given WHERE tradepost_listing.id = given.id",
                given=Rows({"id": Column.INTEGER}, [{"id": 7}]))
"""

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact

from tradepost.database.fields import ScaledField, from_column, to_column

if TYPE_CHECKING:
    import sqlite3

    from _typeshed import DataclassInstance
    from django.db.models.options import Options

    Row = Mapping[str, Any] | DataclassInstance | NamedTuple

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


class Column(StrEnum):
    """The type of a column of a table that is a parameter; values are PostgreSQL's names."""

    INTEGER = "bigint"  # decimals, too: they are held as integers
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "timestamptz"
    JSON = "jsonb"  # a list or an object


_TYPES: Sequence[tuple[type["models.Field[Any, Any]"], Column]] = (
    (models.BooleanField, Column.BOOLEAN),
    (models.IntegerField, Column.INTEGER),  # with big and scaled ones, and ids
    (models.CharField, Column.TEXT),
    (models.TextField, Column.TEXT),
    (models.DateTimeField, Column.TIME),
    (models.JSONField, Column.JSON),
)


class Rows:
    """A table to hand to a statement: its columns, and rows that have exactly these."""

    def __init__(self, columns: Mapping[str, Column], rows: "Collection[Row]") -> None:
        self.columns = columns
        # Of one column the values themselves: databases read them twice as fast.
        self._values: list[Any] = _values(columns, rows)
        self._given: tuple[Mapping[str, Any], str] | None = None

    @classmethod
    def _of_one_column(cls, name: str, column: Column, values: Iterable[Any]) -> "Rows":
        # A selection may be of many thousands, for each statement that it narrows: no row is made of each.
        made = cls({name: column}, ())
        made._values = list(values)
        return made

    @classmethod
    def of_ids(cls, ids: Iterable[int]) -> "Rows":
        return cls._of_one_column("id", Column.INTEGER, ids)

    @classmethod
    def of_texts(cls, name: str, texts: Iterable[str]) -> "Rows":
        return cls._of_one_column(name, Column.TEXT, texts)

    @classmethod
    def of_model(cls, model: type[models.Model], rows: "Sequence[Row]") -> "Rows":
        """Take the columns from the first row, and their types from the model."""
        return cls({name: _type_of(model, name) for name in _names(rows[0])}, rows)

    def as_given(self) -> tuple[Mapping[str, Any], str]:
        """Return columns that have one value in all rows, with it, and the rows of all other columns as JSON."""
        # One table may go into many statements.
        if self._given is None:
            self._given = self._in_columns() if len(self.columns) > 1 else ({}, _json_of(_plain_column(self._values)))
        return self._given

    def _in_columns(self) -> tuple[Mapping[str, Any], str]:
        # Column by column: mostly none of one's values has to be converted, and half of them are all the same.
        columns = dict(zip(self.columns, zip(*self._values, strict=True), strict=False))
        same = {name: _plain_column(values[:1])[0] for name, values in columns.items() if _is_one_value(values)}
        rest = [_plain_column(values) for name, values in columns.items() if name not in same]
        rows = [*zip(*rest, strict=True)] if rest else [()] * len(self._values)
        return {name: _json_of(value) if _is_nested(value) else value for name, value in same.items()}, _json_of(rows)


def _values(columns: Mapping[str, Column], rows: "Collection[Row]") -> list[Any]:
    of_row, names = itemgetter(*columns), tuple(columns)
    if len(names) == 1:
        return [of_row(_mapped(row, columns)) for row in rows]
    first = next(iter(rows), None)
    if (
        first is not None
        and not isinstance(first, Mapping)
        and tuple(_names(first)) == names
        and len({*map(type, rows)}) == 1
    ):
        return [*rows] if isinstance(first, tuple) else [*map(attrgetter(*names), rows)]
    return [
        # Mostly they were made alike.
        [*row.values()] if type(row) is dict and tuple(row) == names else of_row(_mapped(row, columns))
        for row in rows
    ]


def read(model: type[models.Model], columns: Sequence[str], ids: Iterable[int], *, by: str) -> list[dict[str, Any]]:
    """
    Read these columns of the records whose number `by` is one of `ids`, as the model has them.

    For many rows of many columns, which the ORM takes twice as long to make.
    """
    return [dict(zip(columns, values, strict=True)) for values in read_values(model, columns, ids, by=by)]


def read_values(
    model: type[models.Model], columns: Sequence[str], ids: Iterable[int], *, by: str, locked: bool = False
) -> list[tuple[Any, ...]]:
    """
    As `read`, but the values without their names, in the order of `columns`.

    `locked`: in the order of `by`, and nobody else writes to these until the transaction ends.
    """
    table = _name(_options(model).db_table)
    statement = _clauses(
        "SELECT", _list(model, columns), "FROM", table, "WHERE", _name(by), "IN (SELECT id FROM given)"
    )
    if locked:
        # A transaction of SQLite has the whole database to itself from its first statement on.
        lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
        statement = _clauses(statement, "ORDER BY", _name(by), lock)
    prepared = _prepared(statement, (), {"given": Rows.of_ids(ids)})
    with connection.cursor() as cursor:
        cursor.execute(*prepared)
        found: list[Sequence[Any]] = list(zip(*cursor.fetchall(), strict=True))
    for place, name in enumerate(columns if found else ()):
        convert = _converter(model, name)
        if convert is not None:
            found[place] = [None if value is None else convert(value) for value in found[place]]
    return list(zip(*found, strict=True))


def _converter(model: type[models.Model], name: str) -> Callable[[Any], Any] | None:
    """How a value of a column is made of what the database's driver gives; None where it is that."""
    if isinstance(_field(model, name), ScaledField):
        return from_column
    match _type_of(model, name):
        case Column.BOOLEAN:
            return bool
        case Column.JSON:
            return _from_json
        case Column.TIME if connection.vendor == "sqlite":
            return _in_utc
    return None


def _from_json(value: str) -> Any:
    # Mostly there is nothing, and everybody gets a list or an object of his own.
    return [] if value == "[]" else {} if value == "{}" else _decode(value)


def _in_utc(value: datetime) -> datetime:
    # SQLite has no zones: what is kept is UTC.
    return value.replace(tzinfo=UTC)


def among_ids(ids: Iterable[int]) -> RawSQL:
    """
    Give many ids to a filter, as `variant_id__in=among_ids(ids)`: as one parameter they cost a fraction of as many.

    Only where an index has the column with all others of the filter: a database does not know how many they are.
    """
    return _among(Column.INTEGER, ids)


def among_texts(texts: Iterable[str]) -> RawSQL:
    """Give many texts to a filter; see `among_ids`."""
    return _among(Column.TEXT, texts)


_Found = TypeVar("_Found", bound=models.Model)


def in_channel(
    found: models.QuerySet[_Found], channel_id: int, *, column: str = "channel_id"
) -> models.QuerySet[_Found]:
    """
    Narrow rows that are found by an index of their own, as by `product_id__in`, to those of a channel.

    Asked for the channel as it is, SQLite goes through all that the channel has: it does not know that this is a whole
    catalogue, and believes it to be fewer than the values of a batch.
    """
    return found.filter(Exact(_Unindexed(models.F(column), output_field=models.BigIntegerField()), channel_id))


class _Unindexed(models.Func):
    """A number as it is, of which no database looks for an index."""

    template = "+%(expressions)s"


def among_lists(model: type[models.Model], column: str, texts: Iterable[str]) -> RawSQL:
    """
    Give a filter the ids of rows whose list has one of these texts, as `product_id__in=among_lists(...)`.

    Case makes no difference from A to Z; the texts are in small letters.
    """
    table, given = _name(_options(model).db_table), _among(Column.TEXT, texts)
    each, folded = (
        ("json_each", "element.value COLLATE BINARY")
        if connection.vendor == "sqlite"
        else ("jsonb_array_elements_text", 'element.value COLLATE "C"')
    )
    statement = _clauses(
        *("SELECT", f"{table}.{_name('id')}", "FROM", f"{table},", f"{each}({table}.{_list(model, [column])})"),
        *("AS element" if connection.vendor == "sqlite" else "AS element(value)", "WHERE"),
        *(f"lower({folded})", "IN (", given.sql, ")"),
    )
    return RawSQL(statement, given.params)  # noqa: S611 - of our own texts


def among_found(statement: str, params: Sequence[Any]) -> RawSQL:
    """Give a filter what a statement of one column finds, as `pk__in=among_found(text, values)`."""
    return RawSQL(statement, params)  # noqa: S611 - of our own texts


def written(rows: models.QuerySet[Any]) -> tuple[str, Sequence[Any]] | None:
    """Write a query out, with its values; None where Django knows that nothing can fit it."""
    try:
        text, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return text, values


def _among(column: Column, values: Iterable[Any]) -> RawSQL:
    read, source = _OF_SQLITE if connection.vendor == "sqlite" else _OF_POSTGRESQL
    return RawSQL(_clauses("SELECT", read(None, column), source), [_json_of(list(values))])  # noqa: S611 - of our own texts


def execute(statement: str, *params: Any, **tables: Rows) -> None:
    """
    Execute a statement that reads `tables` by their names.

    Add RETURNING and fetch where it matters how many rows it wrote: SQLite's driver can't count behind a WITH.
    """
    prepared = _prepared(statement, params, tables)
    with connection.cursor() as cursor:
        cursor.execute(*prepared)


def fetch_rows(statement: str, *params: Any, **tables: Rows) -> list[dict[str, Any]]:
    """Execute a statement that answers with rows (a SELECT, or one with RETURNING); returns them by column name."""
    prepared = _prepared(statement, params, tables)
    with connection.cursor() as cursor:
        cursor.execute(*prepared)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def fetch_numbers(statement: str, *params: Any, **tables: Rows) -> list[int]:
    """Execute a statement that answers with one column of numbers."""
    prepared = _prepared(statement, params, tables)
    with connection.cursor() as cursor:
        cursor.execute(*prepared)
        return [int(number) for (number,) in cursor.fetchall()]


def ids_of(rows: models.QuerySet[Any]) -> list[int]:
    """
    Read the ids of many rows, in their order.

    As one value: drivers and the ORM take longer to hand over ten thousand rows than databases to find them.
    """
    query = written(rows.values("pk"))
    if query is None:
        return []
    collect = "json_group_array(pk)" if connection.vendor == "sqlite" else "json_agg(pk)"
    statement = _clauses("SELECT CAST(", collect, "AS text) FROM (", query[0], ") AS found")
    with connection.cursor() as cursor:
        cursor.execute(statement, query[1])
        (found,) = cursor.fetchone()
    return list(_decode(found)) if found else []


def insert(
    model: type[models.Model],
    rows: "Sequence[Row]",
    *,
    unique: Sequence[str] = (),
    constants: Mapping[str, Any] | None = None,
    returning: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """
    Insert rows; one that is there already, by its `unique` columns, is left as it is and not returned.

    `constants`: columns with the same value in every row. Returns the columns of `returning` of what was inserted.
    """
    on_conflict = ["ON CONFLICT (", _list(model, unique), ") DO NOTHING"] if unique else []
    return _insert(model, rows, on_conflict, constants=constants or {}, returning=returning)


def upsert(
    model: type[models.Model],
    rows: "Sequence[Row]",
    *,
    unique: Sequence[str],
    keep: Collection[str] = (),
    fill: Collection[str] = (),
    constants: Mapping[str, Any] | None = None,
    returning: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """
    Insert rows; one that is there already, by its `unique` columns, takes the new values.

    `constants`: columns with the same value in every row. `keep`: columns that stay as they were then. `fill`: columns
    that are only set where they are NULL.
    """
    if not rows:
        return []
    table = _name(_options(model).db_table)
    names = [*_names(rows[0]), *(constants or {})]
    _refuse_unknown({*unique, *keep, *fill} - {*names}, model)
    assignments = []
    for name in names:
        column = _name(name)
        if name in fill:
            assignments.append(f"{column} = COALESCE({table}.{column}, excluded.{column})")
        elif name not in keep and name not in unique:
            assignments.append(f"{column} = excluded.{column}")
    on_conflict = ["ON CONFLICT (", _list(model, unique), ") DO UPDATE SET", ", ".join(assignments)]
    return _insert(model, rows, on_conflict, constants=constants or {}, returning=returning)


def update(
    model: type[models.Model], rows: "Sequence[Row]", *, key: str = "id", where: Mapping[str, Any] | None = None
) -> None:
    """
    Set the columns that the rows name in those records that have their `key`.

    `where`: other columns that must have these values.
    """
    if not rows:
        return
    given = Rows.of_model(model, rows)
    _refuse_unknown({key} - given.columns.keys(), model)
    table = _name(_options(model).db_table)
    conditions = [f"{table}.{_name(key)} = given.{_name(key)}"]
    for name in where or {}:
        _type_of(model, name)
        conditions.append(f"{table}.{_name(name)} = %s")
    assignments = [f"{_name(name)} = given.{_name(name)}" for name in given.columns if name != key]
    statement = _clauses("UPDATE", table, "SET", ", ".join(assignments), "FROM given WHERE", " AND ".join(conditions))
    execute(statement, *(where or {}).values(), given=given)


def page(
    model: type[models.Model],
    key: str,
    *,
    where: Sequence[str],
    params: Sequence[Any],
    after: int,
    limit: int,
    **tables: Rows,
) -> list[int]:
    """
    Return the values of a number column above `after`, ascending, each once: those of records that meet `where`.

    `where`: conditions of our own text, all of which must hold; `params` are theirs, and never part of the text.
    """
    column = _list(model, [key])
    return fetch_numbers(
        _clauses(
            "SELECT" if key == "id" else "SELECT DISTINCT",
            column,
            "FROM",
            _name(_options(model).db_table),
            "WHERE",
            " AND ".join([*where, f"{column} > %s"]),
            "ORDER BY",
            column,
            "LIMIT %s",
        ),
        *params,
        after,
        limit,
        **tables,
    )


def first(
    model: type[models.Model],
    key: str,
    *,
    where: Sequence[str],
    params: Sequence[Any],
    order: Sequence[str],
    limit: int,
) -> list[int]:
    """Return the values of a number column of the first records that meet `where`, by the columns of `order`."""
    statement = _clauses(
        "SELECT",
        _list(model, [key]),
        "FROM",
        _name(_options(model).db_table),
        "WHERE",
        " AND ".join(where),
        "ORDER BY",
        _list(model, order),
        "LIMIT %s",
    )
    return fetch_numbers(statement, *params, limit)


def count(model: type[models.Model], key: str, *, where: Sequence[str], params: Sequence[Any], **tables: Rows) -> int:
    """Count the different values of a column among the records that meet all conditions; see `page`."""
    table = _name(_options(model).db_table)
    what = "COUNT(*)" if key == "id" else f"COUNT(DISTINCT {_list(model, [key])})"
    conditions = " AND ".join(where)
    (number,) = fetch_numbers(_clauses("SELECT", what, "FROM", table, "WHERE", conditions), *params, **tables)
    return number


# --- whole tables, from and to any database ---------------------------------------------------------------------------


def select_table(table: str, columns: Iterable[str], *, order: str) -> str:
    """Write the statement that reads a table; a column is a name, or one of our own expressions of it."""
    return _clauses("SELECT", ", ".join(columns), "FROM", _name(table), "ORDER BY", _name(order))


def insert_table(table: str, columns: Sequence[str]) -> str:
    """Write SQLite's statement for one row of a table."""
    values = ", ".join("?" for _ in columns)
    return _clauses("INSERT INTO", _name(table), "(", ", ".join(map(_name, columns)), ") VALUES (", values, ")")


def copy_into(table: str, columns: Iterable[str]) -> str:
    """Write PostgreSQL's statement that takes in a table's rows as a stream."""
    return _clauses("COPY", _name(table), "(", ", ".join(map(_name, columns)), ") FROM STDIN")


def count_table(table: str) -> str:
    return _clauses("SELECT COUNT(*) FROM", _name(table))


def highest_of(table: str, key: str) -> str:
    return _clauses("SELECT COALESCE(MAX(", _name(key), "), 0) FROM", _name(table))


def is_table_used(table: str) -> str:
    return _clauses("SELECT EXISTS (SELECT 1 FROM", _name(table), ")")


def empty_table(table: str) -> str:
    return _clauses("DELETE FROM", _name(table))


def name_of(name: str) -> str:
    """Quote a name of ours for an expression. Raises ValueError for anything else."""
    return _name(name)


def insert_rows(database: "sqlite3.Connection", statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Execute a statement of `insert_table` for each row."""
    database.executemany(statement, rows)


def _insert(
    model: type[models.Model],
    rows: "Sequence[Row]",
    on_conflict: Sequence[str],
    *,
    constants: Mapping[str, Any],
    returning: Sequence[str],
) -> list[dict[str, Any]]:
    if not rows:
        return []
    given = Rows.of_model(model, rows)
    statement = _clauses(
        "INSERT INTO",
        _name(_options(model).db_table),
        "(",
        _list(model, [*given.columns, *constants]),
        ") SELECT",
        ", ".join([*map(_name, given.columns), *("%s" for _ in constants)]),
        # Without a condition SQLite takes ON CONFLICT for the condition of a join.
        "FROM given WHERE true",
        *on_conflict,
    )
    if not returning:
        execute(statement, *constants.values(), given=given)
        return []
    statement = _clauses(statement, "RETURNING", _list(model, returning))
    return fetch_rows(statement, *constants.values(), given=given)


def _prepared(statement: str, params: Sequence[Any], tables: Mapping[str, Rows]) -> tuple[str, list[Any]]:
    if not tables:
        return statement, [*map(_param, params)]
    values: list[Any] = []
    texts: list[str] = []
    for name, rows in tables.items():
        same, rest = rows.as_given()
        values += [*same.values(), rest]
        texts.append(_table(name, rows.columns, same))
    return _clauses("WITH", ", ".join(texts), statement), [*values, *map(_param, params)]


def _table(name: str, columns: Mapping[str, Column], same: Collection[str]) -> str:
    """Write a table of JSON; `same`: those of its columns that are a parameter of their own, as for all rows."""
    read, source = _OF_SQLITE if connection.vendor == "sqlite" else _OF_POSTGRESQL
    is_bare = len(columns) == 1
    places = {column: None if is_bare else place for place, column in enumerate(c for c in columns if c not in same)}
    values = [
        f"{read(places[column], kind) if column in places else _once(kind)} AS {_name(column)}"
        for column, kind in columns.items()
    ]
    return _clauses(_name(name), "AS MATERIALIZED (SELECT", ", ".join(values), source, ")")


def _once(kind: Column) -> str:
    return "%s" if connection.vendor == "sqlite" else f"%s::{kind.value}"


def _from_sqlite(place: int | None, _kind: Column) -> str:
    # By its number, as `->>` would take it, it is read a quarter faster, but SQLite knows that from 3.38 on only.
    return "value" if place is None else f"json_extract(value, '$[{place}]')"


def _from_postgresql(place: int | None, kind: Column) -> str:
    if kind is Column.JSON:
        # As on SQLite, what is nothing is no value, and not one that says "null".
        return f"NULLIF({'value' if place is None else f'value->{place}'}, 'null'::jsonb)"
    return f"(value#>>'{{}}')::{kind.value}" if place is None else f"(value->>{place})::{kind.value}"


# How a value is read, by its place in a row, None where the row is the value; and from what.
_OF_SQLITE = (_from_sqlite, "FROM json_each(%s)")
_OF_POSTGRESQL = (_from_postgresql, "FROM jsonb_array_elements(%s::jsonb)")


def _clauses(*clauses: str) -> str:
    return " ".join(clauses)


def _list(model: type[models.Model], names: Iterable[str]) -> str:
    """List columns of a model. Raises ValueError for one that it does not have."""
    columns = list(names)
    _refuse_unknown({name for name in columns if _field(model, name) is None}, model)
    return ", ".join(map(_name, columns))


# There are a few hundred, and some of a batch's statements have fifty.
@cache
def _name(name: str) -> str:
    """Quote a name for a statement, as both databases do. Raises ValueError for anything that is no name of ours."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a table or column.")
    return str(connection.ops.quote_name(name))


def _options(model: type[models.Model]) -> "Options[Any]":
    return model._meta  # noqa: SLF001 (Django documents it as public)


def _type_of(model: type[models.Model], name: str) -> Column:
    field = _field(model, name)
    if field is None:
        raise ValueError(f"{model.__name__} has no column {name!r}.")
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return next(column for kind, column in _TYPES if isinstance(field, kind))


@cache
def _field(model: type[models.Model], column: str) -> "models.Field[Any, Any] | None":
    return next((field for field in _options(model).concrete_fields if field.column == column), None)


def _refuse_unknown(names: Collection[str], model: type[models.Model]) -> None:
    if names:
        raise ValueError(f"These rows of {model.__name__} have no column {', '.join(map(repr, sorted(names)))}.")


def _names(row: "Row") -> Collection[str]:
    if isinstance(row, Mapping):
        return row.keys()
    # A tuple without names is no row, which `fields` says.
    return getattr(row, "_fields", None) or [field.name for field in dataclasses.fields(row)]  # type: ignore[arg-type]


def _mapped(row: "Row", columns: Mapping[str, Column]) -> Mapping[str, Any]:
    # Mostly it is one, and to be asked costs as much as to be read.
    if type(row) is not dict and not isinstance(row, Mapping):
        row = {name: getattr(row, name) for name in _names(row)}
    if row.keys() != columns.keys():
        missing = ", ".join(sorted(columns.keys() - row.keys())) or "nothing"
        unknown = ", ".join(sorted(row.keys() - columns.keys())) or "nothing"
        raise ValueError(f"A row does not fit its table: {missing} is missing, {unknown} is unknown.")
    return row


def _plain_column(values: Sequence[Any]) -> Sequence[Any]:
    """The values as JSON can hold them. Raises TypeError for what is no value for a column."""
    if _AS_THEY_ARE.issuperset(map(type, values)):
        return values
    return [value if type(value) in _AS_THEY_ARE else _plain(value) for value in values]


def _is_one_value(values: Sequence[Any]) -> bool:
    """Whether several rows have one value. True is not 1, nor in a list, so that of lists only empty ones count."""
    first, kind = values[0], type(values[0])
    if len(values) == 1 or (first and _is_nested(first)):
        return False
    # Mostly the last one says it, and a walk through a column in Python would take longer than to write it.
    return bool(values[-1] == first) and values.count(first) == len(values) and {*map(type, values)} == {kind}


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


_AS_THEY_ARE = frozenset({bool, int, float, str, list, tuple, dict, type(None)})


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return to_column(value)
    if isinstance(value, datetime):
        return _time(value, connection.vendor)
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    raise TypeError(f"{type(value).__name__} is no value for a column.")


_decode = msgspec.json.decode
_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def _json_of(value: Any) -> str:
    return _encode(value).decode()


def _param(value: Any) -> Any:
    if isinstance(value, Mapping | list):
        return _json_of(value)
    return _plain(value) if isinstance(value, Decimal | datetime) else value


@lru_cache(maxsize=64)
def _time(value: datetime, _vendor: str) -> str:
    # Kept, as the rows of a batch mostly have one. SQLite has no type for times: they are compared as texts, so they
    # must be written exactly as Django does.
    return str(connection.ops.adapt_datetimefield_value(value.astimezone(UTC)))
