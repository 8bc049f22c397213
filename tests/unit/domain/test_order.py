"""What the hub makes of an order: why it is held, which state it starts with, and whether it can be kept at all."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.order import (
    LARGEST_AMOUNT,
    LARGEST_ID,
    LARGEST_QUANTITY,
    Address,
    LineOption,
    OrderState,
    PaymentState,
    StoreCharge,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
    chosen_words,
    final_state,
    hold_reason,
    is_fresh,
    is_managed,
    is_to_acknowledge,
    unstorable,
)
from tradepost.domain.order_changes import Holds, state_of

LINE = StoreOrderLine(
    line_id=1,
    code="cup",
    sku="CUP",
    name="The cup",
    quantity=2,
    price=Decimal("10.00"),
    total=Decimal("20.00"),
    status=StoreStatus.PENDING,
)
ORDER = StoreOrder(
    id=1001,
    status=StoreStatus.PENDING,
    placed_at=datetime(2026, 3, 1, tzinfo=UTC),
    ship_to=Address(),
    bill_to=Address(),
    total=Decimal("24.95"),
    shipping_method="Post",
    payment_state=PaymentState.CAPTURED,
    lines=(LINE,),
    charges=(StoreCharge("SHIPPING", "Post", Decimal("4.95")),),
)


def test_nobody_has_to_look_at_an_order_that_is_all_known_and_adds_up():
    assert hold_reason(ORDER, unmatched=[]) == ""


def test_every_reason_to_hold_an_order_is_said():
    order = replace(ORDER, total=Decimal("30.00"), payment_state=PaymentState.REFUNDED)
    nameless = replace(LINE, name="", sku="", code="mug")

    assert hold_reason(order, unmatched=[LINE, nameless]) == (
        "'The cup' (SKU CUP) is no listing of this channel. 'mug' (SKU mug) is no listing of this channel. "
        "Lines and charges leave 5.05 of the total 30.00 unexplained. All that was paid was paid back."
    )


@pytest.mark.parametrize("status", StoreStatus)
def test_only_what_is_wholly_shipped_returned_or_cancelled_on_the_store_is_settled_in_the_hub(status):
    done = dict.fromkeys((StoreStatus.SHIPPED, StoreStatus.RMA_ISSUED, StoreStatus.RETURNED), OrderState.CLOSED)
    expected = {**done, StoreStatus.CANCELLED: OrderState.CANCELLED}.get(status)

    assert final_state(status) is expected
    assert state_of(status, Holds()) is (expected or OrderState.OPEN)
    assert state_of(status, Holds(by_rules="A line is unknown.")) is (expected or OrderState.ON_HOLD)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (replace(ORDER, id=2**70), "The order's number is out of range: 1.18059e+21."),
        (replace(ORDER, id=10**5000), "The order's number is out of range: 1.00000e+5000."),
        (replace(ORDER, total=Decimal("1e30")), "The order's total is out of range: 1e+30."),
        (replace(ORDER, total=Decimal("1e999999999")), "The order's total is out of range: 1e+999999999."),
        (replace(ORDER, total=Decimal("NaN")), "The order's total is out of range: NaN."),
        (
            replace(ORDER, charges=(StoreCharge("TAX", "", Decimal("-Infinity")),)),
            "The charge 'TAX' is out of range: -Infinity.",
        ),
        (replace(ORDER, currency="X" * 9), "The order's currency has 9 characters, and 8 is the most."),
        (replace(ORDER, shipping_method="X" * 256), "The order's shipping method has 256 characters"),
        (replace(ORDER, notes=("Ring\0twice",)), "A text of the order has a NUL character in it."),
        (replace(ORDER, ship_to=Address(city="\0")), "A text of the order has a NUL character in it."),
    ],
)
def test_a_value_of_an_order_that_the_hub_cannot_hold_is_named(order, reason):
    assert unstorable(order).startswith(reason)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"line_id": 2**70}, "The number of a line is out of range: 1.18059e+21."),
        ({"quantity": 2**70}, "The quantity of line 1 is out of range: 1.18059e+21."),
        ({"quantity": 2**31}, "The quantity of line 1 is out of range: 2.14748e+9."),
        ({"quantity": -1}, "The quantity of line 1 is out of range: -1."),
        ({"external_product_id": 2**63}, "The product of line 1 is out of range: 9.22337e+18."),
        ({"shipment_id": 2**63}, "The shipment of line 1 is out of range: 9.22337e+18."),
        ({"price": Decimal("-1e30")}, "The price of line 1 is out of range: -1e+30."),
        ({"total": Decimal("1e30")}, "The total of line 1 is out of range: 1e+30."),
        ({"code": "X" * 256}, "The code of line 1 has 256 characters, and 255 is the most."),
        ({"sku": "X" * 256}, "The SKU of line 1 has 256 characters, and 255 is the most."),
        ({"options": (LineOption("size", "s", "\0"),)}, "A text of the order has a NUL character in it."),
    ],
)
def test_a_value_of_a_line_that_the_hub_cannot_hold_is_named(values, reason):
    assert unstorable(replace(ORDER, lines=(LINE, replace(LINE, **values)))) == reason


@given(
    number=st.integers(-LARGEST_ID, LARGEST_ID),
    quantity=st.integers(0, LARGEST_QUANTITY),
    total=st.decimals(-LARGEST_AMOUNT, LARGEST_AMOUNT, allow_nan=False),
)
def test_what_fits_is_not_refused(number, quantity, total):
    assert unstorable(replace(ORDER, id=number, total=total, lines=(replace(LINE, quantity=quantity),))) == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ""),
        ((LineOption("size", "s", "", "Size", "Small"), LineOption("colour", "r", "", "Colour", "Red")), "Small, Red"),
        ((LineOption("size", "s"), LineOption("text", "", "For Bo", "Engraving", "")), "s, For Bo"),
        ((LineOption("gift", ""),), ""),
    ],
)
def test_the_chosen_options_are_said_in_the_words_of_the_page(options, words):
    assert chosen_words(options) == words


@pytest.mark.parametrize("state", OrderState)
def test_only_orders_that_go_on_are_acknowledged(state):
    assert is_to_acknowledge(state, is_acknowledged=False) is (state in {OrderState.OPEN, OrderState.ON_HOLD})
    assert not is_to_acknowledge(state, is_acknowledged=True)


def test_an_order_is_managed_when_any_item_is_known_or_it_has_none():
    wrap = replace(LINE, line_id=2, is_product=False)

    assert is_managed(replace(ORDER, lines=(LINE, wrap)), unmatched=[])
    assert not is_managed(replace(ORDER, lines=(LINE, wrap)), unmatched=[LINE])
    assert is_managed(replace(ORDER, lines=(wrap,)), unmatched=[])


@pytest.mark.parametrize("state", OrderState)
def test_an_order_is_fresh_until_it_is_opened_processed_or_done(state):
    untouched = {"is_opened": False, "is_handed_over": False, "has_shipment": False}

    assert is_fresh(state, **untouched) is (state not in {OrderState.CLOSED, OrderState.CANCELLED})
    assert not any(is_fresh(state, **{**untouched, what: True}) for what in untouched)
