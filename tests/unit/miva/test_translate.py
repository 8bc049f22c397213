"""Rows into the domain's values: what can't be read is None, and never looks like empty."""

from decimal import Decimal

import msgspec
import pytest

from tradepost.domain.orders.order import LineOption, PaymentState, StoreDiscount, StoreStatus
from tradepost.domain.store import StoreStock, StoreVariant
from tradepost.miva.rows import translate
from tradepost.miva.rows.order_records import WireOrder
from tradepost.miva.rows.product_records import InventorySettings, WireProduct, WireStore, WireVariant


def product(**columns):
    return msgspec.convert({"id": 1, "code": "MUG", **columns}, WireProduct, strict=False)


def read(row, **settings):
    return translate.product_of(row, **{"variants": (), "grams": Decimal(1), **settings})


def test_columns_that_did_not_come_are_unreadable_and_not_empty():
    found = read(product(), variants=None, grams=None)

    assert (found.stock, found.variants, found.addresses, found.weight_grams) == (None, None, None, None)


@pytest.mark.parametrize(
    ("columns", "stock"),
    [
        ({"product_inventory": 0, "product_inventory_active": False}, None),  # the neutral values of a missing right
        ({"productinventorysettings": {"active": True}}, None),
        (
            {"product_inventory": 0, "product_inventory_active": False, "productinventorysettings": {"active": False}},
            StoreStock(is_tracked=False, count=0, stops_sale_at_zero=False),
        ),
        # Tracked, while the store as a whole does not count.
        (
            {"product_inventory": 0, "product_inventory_active": False, "productinventorysettings": {"active": True}},
            None,
        ),
        (
            {"product_inventory": -2, "product_inventory_active": True, "productinventorysettings": {"active": True}},
            StoreStock(is_tracked=True, count=-2, stops_sale_at_zero=False),
        ),
    ],
)
def test_a_count_is_known_only_with_its_settings(columns, stock):
    assert translate.stock_of(product(**columns)) == stock


@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        ({"out_track": "y", "out_level": 0, "out_lvl_d": False}, True),
        ({"out_track": "y", "out_level": 3, "out_lvl_d": False}, True),
        ({"out_track": "y", "out_level": -5, "out_lvl_d": False}, False),
        ({"out_track": "y", "out_lvl_d": True}, False),
        ({"out_track": "d", "out_lvl_d": False}, False),
        ({"out_track": "n", "out_lvl_d": False}, False),
    ],
)
def test_that_zero_stops_the_sale_is_proven_by_the_products_own_settings_alone(settings, stops):
    settings = InventorySettings(active=True, **settings)
    row = WireProduct(
        id=1, code="MUG", product_inventory=0, product_inventory_active=True, productinventorysettings=settings
    )

    assert translate.stock_of(row).stops_sale_at_zero is stops
    assert translate.stock_of(row).sells_without_stock is (settings.out_track == "n")


@pytest.mark.parametrize(
    ("store", "grams"),
    [
        ({"wtunitcode": "lb"}, Decimal("453.59237")),
        ({"wtunitcode": "", "wtunits": "KG "}, Decimal(1000)),
        ({"wtunitcode": "stone"}, None),
        ({}, None),
    ],
)
def test_the_weight_unit_is_known_or_not(store, grams):
    assert translate.grams_per_unit(WireStore(id=1, code="acme", **store)) == grams


def test_custom_fields_are_texts_whatever_their_type():
    values = {"customfields": {"text": "a", "many": ["S", "M"], "number": 3, "none": None}, "other": {"x": "y"}}

    assert translate.fields_of(values) == {"text": "a", "many": "S|M", "number": "3", "none": ""}
    assert translate.fields_of(msgspec.UNSET) == {}


def test_variants_carry_codes_and_template_attributes_are_told_apart_by_number():
    row = product(attributes=[{"id": 7, "code": "size", "inventory": 1}, {"id": 8, "code": "t", "attemp_id": 3}])
    variant = msgspec.convert(
        {
            "product_id": 1, "variant_id": 3, "parts": [{"product_id": 5, "product_code": "MUG-S"}],
            "dimensions": [
                {"attr_id": 7, "option_id": 21, "option_code": "S"},
                {"attr_id": 8, "attmpat_id": 2, "option_id": 1, "option_code": ""},
            ],
        },
        WireVariant,
    )  # fmt: skip

    assert read(row, variants=[variant]).variants == (
        StoreVariant(frozenset({("size", "S"), ("#8.2", "#1")}), ("MUG-S",)),
    )


def test_numbers_and_booleans_of_older_servers_are_understood():
    found = read(product(price="19.90000000", active="1", taxable=0, exsearch="0"))

    assert (found.price, found.is_active, found.is_taxable, found.is_in_search) == (Decimal("19.9"), True, False, True)


def order(**members):
    return translate.order_of(
        msgspec.convert({"id": 1, "orderdate": 1_760_000_000, **members}, WireOrder, strict=False)
    )


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({}, PaymentState.PENDING),
        ({"payments": []}, PaymentState.PENDING),
        ({"payments": [{"type": 0}]}, PaymentState.PENDING),  # declined
        ({"payments": [{"type": 7}]}, PaymentState.PENDING),  # taken back
        ({"payments": [{"type": 3, "currency": "USD"}]}, PaymentState.AUTHORISED),
        ({"total_auth": "5.00"}, PaymentState.AUTHORISED),
        ({"total_capt": 2, "total_auth": 5}, PaymentState.PARTIALLY_CAPTURED),
        ({"total_capt": 5}, PaymentState.CAPTURED),
        ({"total_capt": 5, "total_rfnd": 2}, PaymentState.CAPTURED),
        ({"total_capt": 5, "total_rfnd": 5}, PaymentState.REFUNDED),
        ({"total": 0}, PaymentState.CAPTURED),  # nothing to pay
        ({"pay_status": 200}, PaymentState.PENDING),  # a column that stores do not keep
    ],
)
def test_what_was_paid_is_judged_by_amounts_and_records(members, state):
    assert order(**{"total": 5, **members}).payment_state is state


def test_a_line_that_comes_twice_is_one_line():
    twice = order(items=[{"line_id": 1, "quantity": 2}, {"line_id": 2}, {"line_id": 1, "quantity": 3}])

    assert [(line.line_id, line.quantity) for line in twice.lines] == [(1, 3), (2, 0)]


def test_discounts_coupons_and_custom_fields_are_read_and_nothing_of_a_card():
    found = order(
        discounts=[{"name": "spring", "descrip": "Spring sale", "total": "1.50"}],
        coupons=[{"code": "TEN", "descrip": "", "total": 10}],
        payments=[{"type": 5, "amount": "4.20", "refnum": "R1", "dtstamp": 1_760_000_000, "data": {"cc": "4111"}}],
        CustomField_Values={"customfields": {"gift": "yes", "sizes": ["S", "M"]}},
    )

    assert found.discounts == (
        StoreDiscount("Spring sale", Decimal("1.50")),
        StoreDiscount("TEN", Decimal(10), "TEN"),
    )
    assert found.custom_fields == {"gift": "yes", "sizes": "S|M"}
    assert "4111" not in repr(found)


def test_every_state_that_an_order_can_have_can_be_asked_for():
    askable = {status: translate.order_status_code(status) for status in StoreStatus}

    assert askable.pop(StoreStatus.OTHER) is None
    assert {translate.status_of(code): code for code in askable.values()} == askable
    assert translate.status_of(220) is StoreStatus.SHIPPED
    assert translate.status_of(999) is StoreStatus.OTHER


def test_typed_answers_come_from_the_short_or_the_long_field():
    line = {"line_id": 1, "options": [{"attr_code": "a", "data": "short"}, {"attr_code": "b", "data_long": "long"}]}

    assert order(items=[line]).lines[0].options == (LineOption("a", "", "short"), LineOption("b", "", "long"))
