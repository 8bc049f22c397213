"""
List queries: Count, Offset, Sort and Filter become SQL. What a real store drops in silence is dropped, and reported
to lint.

A function describes its rows once (Spec); `read` turns the parameters of a call into a ListQuery, `fetch` runs it.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from miva_sandbox.api.parameters import as_text
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError
from miva_sandbox.state.numbers import to_units

_GROUPS = {"search": "", "search_AND": "AND", "search_OR": "OR"}
_COMPARISONS = {"EQ": "=", "NE": "<>", "GT": ">", "GE": ">=", "LT": "<", "LE": "<="}
_LEADING_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})")
CUSTOM_FIELDS = "CustomField_Values:"


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL with its values."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """
    A field that can be searched or sorted. `sql` is its expression, `decimals` how far its integers are scaled,
    `key_sql` an indexed twin that holds the text case-folded.
    """

    sql: str
    is_text: bool = False
    decimals: int = 0
    key_sql: str = ""
    searchable: bool = True
    sortable: bool = True


# Returns the condition of a field that is not a plain column, or None where the server drops it.
Special = Callable[[Call, str, str, Any], Condition | None]


@dataclass(frozen=True, slots=True)
class Spec:
    """
    What can be asked of a list.

    `shows` are the function's own filters with scalar values; `prefixes` begin on-demand columns with a parameter,
    in lower case but for custom fields. `special` is asked for every field that is no column, `special_sort` likewise
    returns SQL to sort by; both return None for what they don't know.
    """

    columns: Mapping[str, Column]
    default_sort: str
    on_demand: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    special: Special | None = None
    special_sort: Callable[[Call, str], str | None] | None = None
    failure_code: str = "MER-JSN-00054"
    # Where the server compares on-demand names as words, their case counts.
    exact_columns: bool = False


@dataclass(slots=True)
class ListQuery:
    """`where` is an SQL expression (1 without filter); `on_demand` the known columns asked for, in lower case."""

    count: int = 0
    offset: int = 0
    order_by: str = ""
    where: str = "1"
    values: list[Any] = field(default_factory=list)
    on_demand: list[str] = field(default_factory=list)
    shows: dict[str, str] = field(default_factory=dict)
    failure_code: str = ""

    def also(self, sql: str, *values: Any) -> None:
        """Narrow the query by one more condition."""
        self.where = sql if self.where == "1" else f"({self.where}) AND ({sql})"
        self.values += values


def read(call: Call, spec: Spec) -> ListQuery:
    parameters = call.parameters
    query = ListQuery(
        count=parameters.integer("Count") or 0,
        offset=max(0, parameters.integer("Offset") or 0),
        order_by=_order_by(call, spec, as_text(parameters.raw("Sort"))),
        failure_code=spec.failure_code,
    )
    filters = parameters.raw("Filter")
    if filters is not None and not isinstance(filters, list):
        call.lint.report("unreadable filter", call.function, "Filter is no array")
    searches: list[tuple[str, Condition]] = []
    for entry in filters if isinstance(filters, list) else ():
        _read_filter(call, spec, query, entry, searches)
    if searches:
        joined = _join(searches)
        query.where = joined.sql
        query.values = list(joined.values)
    return query


def _read_filter(call: Call, spec: Spec, query: ListQuery, entry: Any, searches: list[tuple[str, Condition]]) -> None:
    members = {key.casefold(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
    name, value = members.get("name"), members.get("value")
    if not isinstance(name, str):
        call.lint.report("unreadable filter", call.function, json.dumps(entry, default=str)[:200])
    elif name in _GROUPS:
        condition = _group(call, spec, name, value)
        if condition is not None:
            searches.append((_GROUPS[name] or "AND", condition))
    elif name == "ondemandcolumns":
        for column in value if isinstance(value, list) else [value]:
            _ask_for(call, spec, query, column)
    elif name in spec.shows and "value" in members:
        query.shows[name] = as_text(value)
    else:
        call.lint.report("unknown filter", call.function, name)


def _ask_for(call: Call, spec: Spec, query: ListQuery, column: Any) -> None:
    text = as_text(column)
    if text.startswith(CUSTOM_FIELDS) and CUSTOM_FIELDS in spec.prefixes:
        query.on_demand.append(text)
        return
    name = text if spec.exact_columns else text.casefold()
    prefix = next((prefix for prefix in spec.prefixes if name.startswith(prefix)), "")
    if prefix or name in spec.on_demand:
        # The answer's key repeats what follows the prefix as it was asked for.
        query.on_demand.append(prefix + text[len(prefix) :] if prefix else name)
    elif name not in spec.columns and name not in ("", "*"):
        call.lint.report("unknown column", call.function, text)


def _group(call: Call, spec: Spec, name: str, conditions: Any) -> Condition | None:
    """
    Join the conditions of one entry. The entry's name says how the *entry* is attached, not how its conditions are
    combined: `search` and `search_AND` join theirs by OR, `search_OR` by AND.
    """
    inner = "AND" if name == "search_OR" else "OR"
    level: list[tuple[str, Condition]] = []
    if not isinstance(conditions, list):
        call.lint.report("unreadable filter", call.function, f"{name} without an array of conditions")
        return None
    for entry in conditions:
        members = {key.casefold(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        field_name, operator, value = members.get("field"), members.get("operator"), members.get("value")
        if not isinstance(field_name, str) or not isinstance(operator, str):
            call.lint.report("unreadable filter", call.function, json.dumps(entry, default=str)[:200])
        elif field_name in _GROUPS and operator == "SUBWHERE":
            condition = _group(call, spec, field_name, value)
            if condition is not None:
                level.append((_GROUPS[field_name] or inner, condition))
        else:
            condition = _condition(call, spec, field_name, operator, value)
            if condition is not None:
                level.append((inner, condition))
    return _join(level) if level else None


def _join(level: Sequence[tuple[str, Condition]]) -> Condition:
    """Write the level as flat SQL, where AND binds tighter; the first element's joining word has no effect."""
    sql = level[0][1].sql + "".join(f" {word} {condition.sql}" for word, condition in level[1:])
    return Condition(f"({sql})", tuple(value for _, condition in level for value in condition.values))


def _condition(call: Call, spec: Spec, name: str, operator: str, value: Any) -> Condition | None:
    column = spec.columns.get(name)
    condition: Condition | None = None
    if column is not None and column.searchable:
        condition = compare(column, operator, value)
    elif spec.special is not None:
        condition = spec.special(call, name, operator, value)
    if condition is None:
        # Unfiltered rows are what a real store answers, and what a caller must know of.
        call.lint.report("dropped condition", call.function, f"{name} {operator}")
    return condition


def compare(column: Column, operator: str, value: Any) -> Condition | None:
    """Write one comparison; None for an operator that is none, or an IN without elements."""
    text = value if isinstance(value, str) else as_text(value)
    match operator:
        case "EQ" | "NE" | "GT" | "GE" | "LT" | "LE":
            if column.key_sql and operator in ("EQ", "NE"):
                return Condition(f"{column.key_sql} {_COMPARISONS[operator]} ?", (text.casefold(),))
            return Condition(f"{_comparable(column)} {_COMPARISONS[operator]} ?", (_bound(column, text),))
        case "CO" | "LIKE":
            return _like(column, "LIKE", f"%{text}%" if operator == "CO" else text)
        case "NC" | "NOTLIKE":
            return _like(column, "NOT LIKE", f"%{text}%" if operator == "NC" else text)
        case "TRUE" | "FALSE":
            wanted = int(operator == "TRUE")
            return Condition(f"{column.sql} = ?", (str(wanted) if column.is_text else wanted * 10**column.decimals,))
        case "NULL":
            # A number that equals the blank text is 0 in the store's database.
            return Condition(f"coalesce({column.sql}, ?) = ?", ("", "") if column.is_text else (0, 0))
        case "IN" | "NOT_IN":
            elements = [element.strip() for element in text.split(",") if element.strip()]
            if not elements:
                return None
            word = "IN" if operator == "IN" else "NOT IN"
            bound: list[str | int | float]
            if column.key_sql:
                left, bound = column.key_sql, [element.casefold() for element in elements]
            else:
                left, bound = _comparable(column), [_bound(column, element) for element in elements]
            return Condition(
                f"{left} {word} (SELECT value FROM json_each(?))",  # noqa: S608 - our own names
                (json.dumps(bound),),
            )
        case _:
            return None


def _like(column: Column, word: str, pattern: str) -> Condition:
    if column.is_text:
        expression = column.sql
    elif column.decimals:
        expression = f"printf('%.{column.decimals}f', {column.sql} / 1e{column.decimals})"
    else:
        expression = f"CAST({column.sql} AS TEXT)"
    return Condition(f"{expression} {word} ? ESCAPE '\\'", (pattern,))


def _comparable(column: Column) -> str:
    return f"{column.sql} COLLATE NOCASE" if column.is_text else column.sql


def _bound(column: Column, text: str) -> str | int | float:
    """Convert as the database does: of a text compared with a number its leading number counts, else 0."""
    if column.is_text:
        return text
    found = _LEADING_NUMBER.match(text)
    number = Decimal(found.group().strip()) if found else Decimal(0)
    if column.decimals:
        return _fitting(to_units(number, decimals=column.decimals))
    return _fitting(int(number)) if number == number.to_integral_value() else float(number)


def _fitting(number: int) -> int | float:
    """Keep within the database's integers; comparisons with something larger still come out right."""
    return number if -(2**63) <= number < 2**63 else float(number)


def _order_by(call: Call, spec: Spec, sort: str) -> str:
    """Write one column, then the default column in the same direction as tie-breaker."""
    direction = "DESC" if sort.startswith("-") else "ASC"
    name = sort.removeprefix("-")
    expressions: list[str] = []
    if name:
        column = spec.columns.get(name)
        special = spec.special_sort(call, name) if column is None and spec.special_sort else None
        if column is not None and column.sortable:
            expressions.append(_comparable(column))
        elif special is not None:
            expressions.append(special)
        else:
            call.lint.report("unknown sort", call.function, sort)
    if name != spec.default_sort:
        expressions.append(_comparable(spec.columns[spec.default_sort]))
    return ", ".join(f"{expression} {direction}" for expression in expressions)


def fetch(
    call: Call, query: ListQuery, *, select: str, source: str, values: Sequence[Any] = ()
) -> tuple[list[sqlite3.Row], int]:
    """Return the rows of the page and the number of all rows that match. `values` belong to `source`."""
    bound = (*values, *query.values)
    try:
        total = call.store.db.value(
            f"SELECT count(*) FROM {source} WHERE {query.where}",  # noqa: S608 - values are bound, names are our own
            bound,
        )
        if query.count < 0:
            return [], total
        rows = call.store.db.rows(
            f"SELECT {select} FROM {source} WHERE {query.where} ORDER BY {query.order_by} LIMIT ? OFFSET ?",  # noqa: S608 - values are bound, names are our own
            (*bound, query.count or -1, query.offset),
        )
    except sqlite3.Error as error:
        raise ApiError(query.failure_code, str(error)) from error
    return rows, total


def fetch_records(
    records: Sequence[Mapping[str, Any]], query: ListQuery, *, columns: Sequence[str]
) -> tuple[list[Mapping[str, Any]], int]:
    """Run a query over a few records that lie in no table, by making one of their texts."""
    with closing(sqlite3.connect(":memory:")) as database:
        names = ", ".join(columns)
        database.execute(f"CREATE TABLE records (position INTEGER PRIMARY KEY, {names})")
        database.executemany(
            f"INSERT INTO records ({names}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608 - names are our own
            [[record[name] for name in columns] for record in records],
        )
        found = database.execute(
            f"SELECT position FROM records WHERE {query.where} ORDER BY {query.order_by}",  # noqa: S608 - likewise
            query.values,
        ).fetchall()
    rows = [records[position - 1] for (position,) in found]
    if query.count < 0:
        return [], len(rows)
    return rows[query.offset :][: query.count or None], len(rows)
