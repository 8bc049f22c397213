"""Rows fit their table by name, or nothing is executed; what databases do with them is tested in `integration`."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest

from tradepost.database import sql
from tradepost.database.models import Listing, OrderLine, VariantRecord
from tradepost.database.sql import Column, Rows

COLUMNS = {"sku": Column.TEXT, "quantity": Column.INTEGER}


@dataclass(frozen=True, slots=True)
class Count:
    quantity: int
    sku: str


class Place(NamedTuple):
    sku: str
    quantity: int


def given(rows):
    same, rest = rows.as_given()
    return same, json.loads(rest)


def test_values_stand_under_their_column_whatever_their_order_in_the_row():
    rows = Rows(COLUMNS, [{"sku": "A", "quantity": 1}, {"quantity": 2, "sku": "B"}, Count(3, "C")])

    assert given(rows) == ({}, [["A", 1], ["B", 2], ["C", 3]])


def test_named_tuples_are_rows_in_whatever_order_their_names_are():
    assert given(Rows(COLUMNS, [Place("A", 1), Place("B", 2)])) == ({}, [["A", 1], ["B", 2]])
    assert given(Rows(dict(reversed(COLUMNS.items())), [Place("A", 1), Place("B", 2)])) == ({}, [[1, "A"], [2, "B"]])
    assert given(Rows(COLUMNS, [Place("A", 1), Count(2, "B")])) == ({}, [["A", 1], ["B", 2]])


def test_what_all_rows_have_alike_is_given_once():
    columns = {"id": Column.INTEGER, "name": Column.TEXT, "price": Column.INTEGER, "groups": Column.JSON}
    rows = Rows(columns, [{"id": number, "name": "Tee", "price": Decimal("1.50"), "groups": []} for number in range(3)])

    assert given(rows) == ({"name": "Tee", "price": 15000, "groups": "[]"}, [[0], [1], [2]])


@pytest.mark.parametrize("others", [(True, 1), (1, None), (None, ""), ([1], [True]), ("a", "A"), (0, False)])
def test_what_only_looks_alike_is_not_given_once(others):
    columns = {"id": Column.INTEGER, "value": Column.JSON}
    rows = Rows(columns, [{"id": 7, "value": value} for value in others])

    assert given(rows) == ({"id": 7}, [[value] for value in others])


def test_rows_that_are_all_alike_stay_as_many_as_they_are():
    assert given(Rows(COLUMNS, [{"sku": "A", "quantity": 1}] * 3)) == ({"sku": "A", "quantity": 1}, [[], [], []])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"sku": "A"}, "quantity is missing, nothing is unknown"),
        ({"sku": "A", "quantity": 1, "price": 2}, "nothing is missing, price is unknown"),
        ({"sku": "A", "qty": 1}, "quantity is missing, qty is unknown"),
    ],
)
def test_a_row_with_a_missing_or_unknown_name_is_refused(row, fault):
    with pytest.raises(ValueError, match=fault):
        Rows(COLUMNS, [{"sku": "Z", "quantity": 0}, row])


@pytest.mark.parametrize("row", [("A", 1), ["A", 1]])
def test_values_without_names_are_refused(row):
    with pytest.raises(TypeError):
        Rows(COLUMNS, [row])
    with pytest.raises(TypeError):
        sql.insert(VariantRecord, [row])


def test_types_come_from_the_model():
    rows = Rows.of_model(
        OrderLine,
        [{"order_id": 1, "sku": "A", "name": "Tee", "price": Decimal("9.99"), "options": [], "is_product": True}],
    )

    assert rows.columns == {
        "order_id": Column.INTEGER,
        "sku": Column.TEXT,
        "name": Column.TEXT,
        "price": Column.INTEGER,
        "options": Column.JSON,
        "is_product": Column.BOOLEAN,
    }
    assert given(rows) == ({}, [[1, "A", "Tee", 99900, [], True]])
    assert Rows.of_model(Listing, [{"proven_at": datetime(2026, 3, 1, tzinfo=UTC)}]).columns == {
        "proven_at": Column.TIME
    }


@pytest.mark.parametrize(
    "statement",
    [
        lambda: sql.insert(VariantRecord, [{"sku": "A", "colour": "red"}]),
        lambda: sql.insert(VariantRecord, [{"sku": "A"}], returning=("colour",)),
        lambda: sql.insert(VariantRecord, [{"sku": "A"}], unique=("colour",)),
        lambda: sql.insert(VariantRecord, [{"sku": "A"}], constants={"colour": "red"}),
        lambda: sql.insert(VariantRecord, [{"sku": "A"}, {"sku": "B", "colour": "red"}]),
        lambda: sql.upsert(VariantRecord, [{"sku": "A"}], unique=("sku",), keep=("colour",)),
        lambda: sql.upsert(VariantRecord, [{"sku": "A"}], unique=("sku",), fill=("colour",)),
        lambda: sql.update(VariantRecord, [{"id": 1, "colour": "red"}]),
        lambda: sql.update(VariantRecord, [{"sku": "A", "price": 1}], key="colour"),
        lambda: sql.update(VariantRecord, [{"id": 1, "price": 1}], where={"colour": "red"}),
        lambda: sql.page(VariantRecord, "colour", where=(), params=(), after=0, limit=1),
    ],
)
def test_a_column_that_the_model_does_not_have_is_refused_before_the_database_is_asked(statement):
    with pytest.raises(ValueError, match="colour"):
        statement()


@pytest.mark.parametrize("value", [b"red", {"red"}, date(2026, 3, 1)], ids=["bytes", "set", "date"])
def test_what_no_column_holds_is_refused_before_the_database_is_asked(value):
    for row in ({"sku": value}, {"sku": value, "quantity": 1}):
        with pytest.raises(TypeError, match="is no value for a column"):
            sql.insert(VariantRecord, [row])


@pytest.mark.parametrize("name", ["id; DROP TABLE x", 'a"b', "", "Id", "1a", "ä"])
def test_only_a_plain_name_gets_into_a_statement(name):
    with pytest.raises(ValueError, match="no name"):
        sql.execute("SELECT 1", given=Rows({name: Column.TEXT}, []))


def test_without_rows_there_is_nothing_to_do():
    assert sql.insert(VariantRecord, []) == []
    assert sql.upsert(VariantRecord, [], unique=("sku",)) == []
    sql.update(VariantRecord, [])
