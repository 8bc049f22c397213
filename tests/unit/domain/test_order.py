"""What the hub makes of an order: why it is held, which state it starts with, and whether it can be kept at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.orders.order import (
    LARGEST_AMOUNT,
    LARGEST_ID,
    LARGEST_QUANTITY,
    LONGEST_PAYLOAD,
    Address,
    LineOption,
    OrderState,
    ParkedOrder,
    PaymentState,
    StoreCharge,
    StoreDiscount,
    StoreOrder,
    StoreOrderLine,
    StorePayment,
    StoreShipment,
    StoreStatus,
    Tracking,
    UnreadableOrder,
    acknowledgement_note,
    amount_words,
    aside_numbers,
    chosen_words,
    final_state,
    given_number,
    hold_reason,
    is_fresh,
    is_managed,
    is_to_acknowledge,
    parked,
    payment_state,
    shipped_at,
    total_mismatch,
    tracking_of,
    unstorable,
)
from tradepost.domain.orders.order_changes import Holds, state_of

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


@pytest.mark.parametrize("quantity", [0, 2**31 - 1])
def test_a_line_may_have_no_piece_left_and_as_many_as_fit(quantity):
    assert unstorable(replace(ORDER, lines=(replace(LINE, quantity=quantity),))) == ""


@pytest.mark.parametrize(
    "found",
    [ORDER, UnreadableOrder("1", "It is no order."), ParkedOrder("1", 1, "It is no order.", "a")],
    ids=["order", "unreadable", "parked"],
)
def test_the_record_as_the_store_sent_it_makes_no_other_order_of_it_and_is_in_no_log(found):
    sent = replace(found, payload="Ada Long, 1 Pier Rd")

    assert sent == found
    assert "Ada" not in repr(sent)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ""),
        ((LineOption("size", "s", "", "Size", "Small"), LineOption("colour", "r", "", "Colour", "Red")), "Small, Red"),
        ((LineOption("size", "s"), LineOption("text", "", "For Bo", "Engraving", "")), "s, For Bo"),
        ((LineOption("gift", ""),), ""),
        ((LineOption("gift", ""), LineOption("size", "s")), "s"),
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


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ({}, PaymentState.PENDING),
        ({"authorised": 10}, PaymentState.AUTHORISED),
        ({"has_record": True}, PaymentState.AUTHORISED),
        ({"authorised": 10, "captured": 4}, PaymentState.PARTIALLY_CAPTURED),
        ({"captured": 10}, PaymentState.CAPTURED),
        ({"captured": 12}, PaymentState.CAPTURED),
        ({"captured": 10, "refunded": 4}, PaymentState.CAPTURED),  # paid back in part
        ({"captured": 10, "refunded": 10}, PaymentState.REFUNDED),
        ({"captured": 4, "refunded": 4}, PaymentState.REFUNDED),
        ({"captured": 4, "refunded": 5}, PaymentState.REFUNDED),
        # Cents are money, too.
        ({"total": "0.50"}, PaymentState.PENDING),
        ({"authorised": "0.50"}, PaymentState.AUTHORISED),
        ({"captured": "0.50"}, PaymentState.PARTIALLY_CAPTURED),
        ({"total": "0.50", "captured": "0.50", "refunded": "0.50"}, PaymentState.REFUNDED),
        ({"total": 0}, PaymentState.CAPTURED),
        ({"total": -1}, PaymentState.CAPTURED),
        ({"total": 0, "captured": 4, "refunded": 4}, PaymentState.CAPTURED),
    ],
)
def test_what_was_paid_is_judged_by_its_amounts(paid, expected):
    amounts = {"total": 10, "authorised": 0, "captured": 0, "refunded": 0, **paid}
    has_record = amounts.pop("has_record", False)

    assert payment_state(**{name: Decimal(value) for name, value in amounts.items()}, has_record=has_record) is expected


@pytest.mark.parametrize(
    ("total", "mismatch"),
    [("24.95", "0"), ("24.96", "0"), ("24.94", "0"), ("24.961", "0.011"), ("24.93", "-0.02"), ("30", "5.05")],
)
def test_lines_and_charges_explain_the_total_to_the_cent(total, mismatch):
    gone = replace(LINE, line_id=2, total=Decimal(99), status=StoreStatus.CANCELLED)

    assert total_mismatch(replace(ORDER, total=Decimal(total), lines=(LINE, gone))) == Decimal(mismatch)


@pytest.mark.parametrize(
    ("amount", "words"),
    [("36.4", "36.40"), ("36", "36.00"), ("36.4000", "36.40"), ("0.00501", "0.0050"), ("-1", "-1.00")],
)
def test_an_amount_is_written_in_one_way_wherever_it_comes_from(amount, words):
    assert amount_words(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"customer_id": 2**63}, "The order's customer is out of range: 9.22337e+18."),
        ({"discounts": (StoreDiscount("Spring", Decimal("NaN")),)}, "The discount 'Spring' is out of range: NaN."),
        ({"payments": (StorePayment(1, Decimal("1e30"), ORDER.placed_at),)}, "A payment is out of range: 1e+30."),
        (
            {"charges": (StoreCharge("TAX", "Sales tax", Decimal("1e30")),)},
            "The charge 'Sales tax' is out of range: 1e+30.",
        ),
        ({"custom_fields": {"gift": "\0"}}, "A text of the order has a NUL character in it."),
        ({"custom_fields": {"\0": ""}}, "A text of the order has a NUL character in it."),
        ({"currency": "X" * 8, "shipping_method": "X" * 255, "customer_id": -LARGEST_ID}, ""),
    ],
)
def test_what_belongs_to_an_order_is_measured_too(values, reason):
    assert unstorable(replace(ORDER, **values)) == reason


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_amount_that_is_kept_to_a_hundredth_of_a_cent_fits_and_the_next_one_does_not(sign):
    largest = sign * Decimal("922337203685477.5807")

    assert unstorable(replace(ORDER, total=largest)) == ""
    assert unstorable(replace(ORDER, total=largest + sign * Decimal("0.0001"))).startswith("The order's total is out")


HOUR = timedelta(hours=1)


def test_an_order_left_with_its_last_package():
    at = ORDER.placed_at
    packages = tuple(
        StoreShipment(number, "S", shipped is not None, "1Z", "UPS", Decimal(), (), shipped)
        for number, shipped in enumerate((at + HOUR, at + 2 * HOUR, None))
    )
    order = replace(ORDER, status=StoreStatus.SHIPPED, updated_at=at + 9 * HOUR)

    assert shipped_at(replace(order, shipments=packages)) == at + 2 * HOUR
    assert shipped_at(replace(order, shipments=packages, status=StoreStatus.PENDING)) is None
    assert shipped_at(replace(order, shipments=packages, status=StoreStatus.CANCELLED)) is None
    # What needs no package has none.
    assert shipped_at(order) == at + 9 * HOUR
    assert shipped_at(replace(order, updated_at=None)) == at


@pytest.mark.parametrize(
    ("number", "external_id"),
    [
        ("1001", 1001),
        (str(LARGEST_ID), LARGEST_ID),
        (str(LARGEST_ID + 1), None),
        ("9" * 5000, None),
        ("-1", None),
        ("\u0664", None),
        ("", None),
    ],
)
def test_an_order_is_set_aside_under_its_number_as_far_as_it_has_one(number, external_id):
    aside = parked(number, reason="It is bad.", fingerprint="a", payload="{}")

    assert aside == ParkedOrder(number, external_id, "It is bad.", "a")
    assert aside.payload == "{}"


def test_of_an_order_that_is_set_aside_as_much_is_kept_as_tells_what_is_wrong_and_any_database_takes():
    aside = parked("1\0", reason="A\0", fingerprint="a", payload="\0" + "x" * LONGEST_PAYLOAD)

    assert (aside.number, aside.reason) == ("1\\0", "A\\0")
    assert aside.payload == "\\0" + "x" * (LONGEST_PAYLOAD - 1) + "..."
    assert parked("1", reason="", fingerprint="", payload="x" * LONGEST_PAYLOAD).payload == "x" * LONGEST_PAYLOAD


def test_how_the_store_has_a_package_is_read_as_it_was_kept():
    assert tracking_of({"number": "1Z", "carrier": "UPS", "cost": "4.10"}) == Tracking("1Z", "UPS", Decimal("4.10"))


def test_a_note_says_of_which_order_it_is():
    assert acknowledgement_note(order_number=7) != acknowledgement_note(order_number=8)


def test_an_order_is_set_aside_under_numbers_that_no_store_gives_and_that_tell_its_own():
    numbers = list(islice(aside_numbers(1042), 3))
    assert numbers[0] == -1042
    assert len(set(numbers)) == 3
    assert all(number < 0 for number in numbers)
    assert [given_number(number) for number in [1042, *numbers]] == [1042] * 4
