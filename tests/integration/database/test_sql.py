"""The builder's statements on both databases."""

from decimal import Decimal

import pytest
from django.db import transaction

from tradepost.database import sql
from tradepost.database.models import ProductRecord, SetupRecord, VariantRecord
from tradepost.database.sql import Column, Rows


@pytest.fixture
def product(database, noon):
    return ProductRecord.objects.create(handle="tee", title="Tee", created_at=noon, updated_at=noon)


def variant_row(product, sku, **values):
    return {
        "product_id": product.pk,
        "sku": sku,
        "options": ["S", {"deep": 1}],
        "position": 1,
        "price": Decimal("9.99"),
        "cost": None,
        "barcode": "",
        "mpn": "",
        "taxable": True,
        "sells_without_stock": False,
        "sku_made_up": False,
        "is_gone": False,
        "is_priced": True,
        "stated_by": "",
        "source_quantity": 0,
    } | values


def read(*names):
    return list(VariantRecord.objects.order_by("sku").values(*names))


def test_inserted_rows_come_back_with_what_was_asked_for(product):
    made = sql.insert(VariantRecord, [variant_row(product, "A"), variant_row(product, "B")], returning=("sku", "id"))

    ids = dict(VariantRecord.objects.values_list("sku", "id"))
    assert sorted(made, key=lambda row: row["sku"]) == [{"sku": "A", "id": ids["A"]}, {"sku": "B", "id": ids["B"]}]
    assert read("sku", "options", "price", "cost", "taxable")[0] == {
        "sku": "A",
        "options": ["S", {"deep": 1}],
        "price": Decimal("9.99"),
        "cost": None,
        "taxable": True,
    }


def test_what_all_rows_have_alike_is_read_as_what_differs_is(database, noon):
    columns = {
        "id": Column.INTEGER,
        "price": Column.INTEGER,
        "name": Column.TEXT,
        "is_new": Column.BOOLEAN,
        "at": Column.TIME,
        "groups": Column.JSON,
        "nothing": Column.INTEGER,
    }
    usual = {"price": Decimal("1.50"), "name": "50 % 'off'", "is_new": False, "at": noon, "groups": [], "nothing": None}
    other = {"price": Decimal(2), "name": "", "is_new": True, "at": noon.replace(hour=1), "groups": [1], "nothing": 1}
    alike = [{"id": 1} | usual, {"id": 2} | usual]

    read = [
        sql.fetch_rows("SELECT * FROM given WHERE id <= %s ORDER BY id", 2, given=Rows(columns, rows))
        for rows in (alike, [*alike, {"id": 3} | other])
    ]

    assert read[0] == read[1]
    assert [row["id"] for row in read[0]] == [1, 2]


def test_nothing_is_no_value_whatever_else_the_rows_have(database):
    rows = [{"id": 1, "groups": None}, {"id": 2, "groups": [1]}]

    found = sql.fetch_numbers(
        "SELECT id FROM given WHERE groups IS NULL", given=Rows({"id": Column.INTEGER, "groups": Column.JSON}, rows)
    )

    assert found == [1]


def test_constants_are_the_same_in_every_row(product):
    rows = [{"sku": sku, "position": place} for place, sku in enumerate("AB")]

    sql.insert(
        VariantRecord,
        rows,
        constants={
            "product_id": product.pk,
            "price": Decimal("9.99"),
            "options": ["S"],
            "barcode": "",
            "mpn": "",
            "taxable": False,
            "sells_without_stock": False,
            "sku_made_up": False,
            "is_gone": False,
            "is_priced": True,
            "stated_by": "",
        },
    )

    assert read("sku", "position", "price", "options", "taxable") == [
        {"sku": "A", "position": 0, "price": Decimal("9.99"), "options": ["S"], "taxable": False},
        {"sku": "B", "position": 1, "price": Decimal("9.99"), "options": ["S"], "taxable": False},
    ]


def test_what_is_there_already_is_left_alone_and_not_returned(product, channel):
    rows = [{"channel_id": channel.pk, "kind": "category", "code": code} for code in ("A", "B")]
    sql.insert(SetupRecord, rows[:1])

    made = sql.insert(SetupRecord, rows, unique=("channel_id", "kind", "code"), returning=("code",))

    assert made == [{"code": "B"}]
    assert SetupRecord.objects.count() == 2


def test_an_upsert_keeps_and_fills_what_it_is_told_and_takes_the_rest(product):
    sql.insert(VariantRecord, [variant_row(product, "A", source_quantity=3, cost=Decimal(1), msrp=None)])

    sql.upsert(
        VariantRecord,
        [
            variant_row(product, "A", source_quantity=0, cost=Decimal(2), msrp=Decimal(4), price=Decimal(5)),
            variant_row(product, "B", msrp=Decimal(6)),
        ],
        unique=("sku",),
        keep=("source_quantity",),
        fill=("cost", "msrp"),
    )

    assert read("sku", "source_quantity", "cost", "msrp", "price") == [
        {"sku": "A", "source_quantity": 3, "cost": Decimal(1), "msrp": Decimal(4), "price": Decimal(5)},
        {"sku": "B", "source_quantity": 0, "cost": None, "msrp": Decimal(6), "price": Decimal("9.99")},
    ]


def test_an_update_sets_what_the_rows_name_where_the_conditions_hold(product):
    sql.insert(VariantRecord, [variant_row(product, sku) for sku in "ABC"])
    VariantRecord.objects.filter(sku="B").update(is_gone=True)

    sql.update(
        VariantRecord,
        [{"sku": sku, "barcode": f"4{sku}", "cost": None} for sku in "ABX"],
        key="sku",
        where={"is_gone": False},
    )

    assert read("sku", "barcode") == [
        {"sku": "A", "barcode": "4A"},
        {"sku": "B", "barcode": ""},
        {"sku": "C", "barcode": ""},
    ]


def test_pages_hold_each_number_once_and_follow_on(product, noon):
    sql.insert(VariantRecord, [variant_row(product, sku) for sku in "ABCD"])
    ids = list(VariantRecord.objects.order_by("id").values_list("id", flat=True))
    condition = {"where": ("sku <> %s", "NOT is_gone"), "params": ("B",)}

    first = sql.page(VariantRecord, "id", **condition, after=0, limit=2)
    second = sql.page(VariantRecord, "id", **condition, after=first[-1], limit=2)
    products = sql.page(VariantRecord, "product_id", **condition, after=0, limit=2)

    assert (first, second, products) == ([ids[0], ids[2]], [ids[3]], [product.pk])
    assert sql.count(VariantRecord, "id", **condition) == 3


def test_a_table_that_is_a_parameter_can_be_read_by_name(database):
    given = Rows(
        {"sku": Column.TEXT, "pieces": Column.INTEGER, "is_open": Column.BOOLEAN},
        [{"sku": "A", "pieces": 1, "is_open": True}, {"pieces": 2, "is_open": False, "sku": "B"}],
    )

    rows = sql.fetch_rows("SELECT pieces AS quantity, sku FROM given WHERE is_open", given=given)
    total = sql.fetch_numbers("SELECT SUM(pieces) FROM given", given=given)

    assert rows == [{"quantity": 1, "sku": "A"}]
    assert total == [3]


@pytest.mark.parametrize("locked", [False, True])
def test_what_is_read_of_many_records_is_what_the_orm_reads(product, locked):
    sql.insert(VariantRecord, [variant_row(product, "A"), variant_row(product, "B", cost=Decimal("2.50"), options=[])])

    for model in (ProductRecord, VariantRecord):
        names = [field.attname for field in model._meta.concrete_fields]
        kept = {values[0]: values for values in model.objects.order_by("id").values_list("id", *names)}
        with transaction.atomic():
            found = sql.read_values(model, ["id", *names], reversed(kept), by="id", locked=locked)
        assert {values[0]: values for values in found} == kept
        if locked:
            assert found == list(kept.values())
