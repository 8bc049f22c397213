"""What has become of an order: every difference once, and what it means for its state."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import NOON, an_order, an_order_line
from tradepost.domain.orders.order import (
    Address,
    LineOption,
    OrderState,
    StorePayment,
    StoreShipment,
    StoreStatus,
    Tracking,
    acknowledgement_note,
)
from tradepost.domain.orders.order_changes import (
    PERSONAL,
    Holds,
    LedgerOrder,
    RecordedShipment,
    changes_since,
    differences,
    seen_shipments,
    state_of,
    to_decide,
)
from tradepost.domain.plan import FieldChange

ORDER = an_order(1, an_order_line(10, 2), an_order_line(11, 1, "cup"))
FIRST, SECOND = ORDER.lines


def of(**more):
    return replace(ORDER, **more)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ORDER, []),
        (of(ship_to=Address(first_name="Bo")), [FieldChange("ship_to", ORDER.ship_to, Address(first_name="Bo"))]),
        (of(status=StoreStatus.SHIPPED), [FieldChange("status", StoreStatus.PENDING, StoreStatus.SHIPPED)]),
        (of(total=ORDER.total + Decimal("0.00001")), []),  # less than the hub holds
        (of(notes=(acknowledgement_note(order_number=1),)), []),  # our own
        (of(notes=("Ring twice.",)), [FieldChange("notes", (), ("Ring twice.",))]),
        (of(lines=(SECOND, FIRST)), []),
        (of(lines=(FIRST,)), [FieldChange("line 11", "1 x cup (pending)", None)]),
        (of(lines=(*ORDER.lines, an_order_line(12, 4))), [FieldChange("line 12", None, "4 x mug (pending)")]),
        (
            of(lines=(*ORDER.lines, an_order_line(12, 4, sku="MUG-RED"), an_order_line(13, 1, sku=""))),
            [
                FieldChange("line 12", None, "4 x MUG-RED (pending)"),
                FieldChange("line 13", None, "1 x mug (pending)"),
            ],
        ),
        (of(lines=(replace(FIRST, quantity=1), SECOND)), [FieldChange("line 10 quantity", 2, 1)]),
        (of(lines=(replace(FIRST, part_codes=("other",)), SECOND)), []),  # of today's catalogue
        (
            of(lines=(replace(FIRST, options=(LineOption("size", "S"),)), SECOND)),
            [FieldChange("line 10 options", (), (("size", "S", ""),))],
        ),
    ],
)
def test_a_difference_is_told_with_before_and_after(found, expected):
    assert list(differences(ORDER, found)) == expected


PAYMENT = StorePayment(1, Decimal("2.00"), NOON, "4111")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ship_to", Address(first_name="Bo")),
        ("bill_to", Address(first_name="Bo")),
        ("notes", ("Ring twice.",)),
        ("payments", (PAYMENT,)),
        ("custom_fields", {"gift_note": "For Bo"}),
    ],
)
def test_what_says_something_of_a_person_is_told_under_a_name_that_is_known_for_it(name, value):
    (change,) = differences(ORDER, of(**{name: value}))

    assert (change.name, change.before, change.after) == (name, getattr(ORDER, name), value)
    assert name in PERSONAL


def test_amounts_and_states_say_nothing_of_a_person():
    found = of(status=StoreStatus.SHIPPED, total=Decimal(1), shipping_method="Post")

    assert {change.name for change in differences(ORDER, found)} == {"status", "total", "shipping_method"}
    assert PERSONAL.isdisjoint({"status", "payment_state", "total", "shipping_method", "charges", "discounts"})


def test_the_smallest_amount_that_is_held_is_a_difference():
    found = of(total=ORDER.total + Decimal("0.0001"))

    assert [change.name for change in differences(ORDER, found)] == ["total"]


def test_what_a_page_calls_an_option_today_is_no_difference():
    def chosen(prompt):
        return of(lines=(replace(FIRST, options=(LineOption("size", "S", "", "Size", prompt),)),))

    assert differences(chosen("Small"), chosen("S (new)")) == ()


def test_a_line_that_was_cancelled_before_it_was_deleted_is_gone_already():
    known = of(lines=(FIRST, replace(SECOND, status=StoreStatus.CANCELLED)))

    assert differences(known, of(lines=(FIRST,))) == ()


texts = st.sampled_from(["", "a", "b"])


@given(st.sampled_from(StoreStatus), texts, texts, texts)
def test_the_state_follows_the_store_and_whatever_holds_the_order(status, by_rules, asked, released):
    holds = Holds(by_rules, asked, released)
    is_held = bool(asked) or bool(by_rules and by_rules != released)

    state = state_of(status, holds)

    if status in {StoreStatus.SHIPPED, StoreStatus.RMA_ISSUED, StoreStatus.RETURNED}:
        assert state is OrderState.CLOSED
    elif status is StoreStatus.CANCELLED:
        assert state is (OrderState.ON_HOLD if asked else OrderState.CANCELLED)
    else:
        assert state is (OrderState.ON_HOLD if is_held else OrderState.OPEN)
    # What the database insists on.
    assert state is not OrderState.ON_HOLD or holds.reason


@pytest.mark.parametrize(
    ("status", "holds", "expected"),
    [
        (StoreStatus.PENDING, Holds(), OrderState.NOT_MANAGED),
        (StoreStatus.PENDING, Holds(by_rules="Rule 'big'."), OrderState.NOT_MANAGED),  # what is not ours is not held
        (StoreStatus.PENDING, Holds(asked="Wait for Ada."), OrderState.ON_HOLD),
        (StoreStatus.SHIPPED, Holds(), OrderState.CLOSED),
        (StoreStatus.SHIPPED, Holds(asked="Wait for Ada."), OrderState.CLOSED),
        (StoreStatus.CANCELLED, Holds(), OrderState.CANCELLED),
    ],
)
def test_an_order_of_nothing_that_is_known_is_somebody_elses_unless_a_person_holds_it(status, holds, expected):
    assert state_of(status, holds, is_managed=False) is expected


def test_what_a_person_has_released_is_held_again_only_for_another_reason():
    released = Holds(by_rules="Rule 'big'.", released="Rule 'big'.")

    assert state_of(StoreStatus.PENDING, released) is OrderState.OPEN
    assert state_of(StoreStatus.PENDING, replace(released, by_rules="Rule 'far'.")) is OrderState.ON_HOLD


def test_an_item_is_unknown_until_it_is_matched_and_what_is_no_product_never_is():
    fee = an_order_line(12, 1, "fee", is_product=False)
    order = of(lines=(*ORDER.lines, fee))

    assert LedgerOrder(order).has_unknown_items
    assert LedgerOrder(order, matched=frozenset({10})).has_unknown_items
    assert not LedgerOrder(order, matched=frozenset({10, 11})).has_unknown_items
    assert not LedgerOrder(of(lines=(fee,))).has_unknown_items


def test_nobody_of_an_anonymous_order_comes_back_with_a_later_look_at_the_store():
    found = of(ship_to=Address(first_name="Ada", country="US"), notes=("Ring twice.",))

    assert LedgerOrder(ORDER).kept(found) == found
    kept = LedgerOrder(ORDER, is_anonymous=True).kept(found)
    assert (kept.ship_to, kept.notes, kept.lines) == (Address(country="US"), (), found.lines)


# --- our shipments on the store -------------------------------------------------------------------------------------

SENT = Tracking("1Z1", "UPS", Decimal("4.00"))
SHIPPED = RecordedShipment("TP-1", is_told=True, lines={10: 2}, external_id=7, proven=SENT)


def on_store(number="1Z1", carrier="UPS", cost="4.00", *, shipment_id=7):
    shipment = StoreShipment(shipment_id, "S-7", True, number, carrier, Decimal(cost), (10,))
    return of(shipments=(shipment,))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (on_store(), []),
        (on_store(carrier="ups", cost="4"), []),  # as a store may write it
        (on_store("1Z2"), [FieldChange("shipment TP-1 tracking_number", "1Z1", "1Z2")]),
        (on_store(carrier="DHL"), [FieldChange("shipment TP-1 carrier", "UPS", "DHL")]),
        (on_store(cost="5.00"), [FieldChange("shipment TP-1 cost", Decimal("4.00"), Decimal("5.00"))]),
        (on_store(shipment_id=8), [FieldChange("shipment TP-1", "UPS 1Z1", None)]),  # somebody else's
        (ORDER, [FieldChange("shipment TP-1", "UPS 1Z1", None)]),
    ],
)
def test_what_somebody_has_changed_of_our_shipment_is_told_by_its_code(found, expected):
    assert list(changes_since(LedgerOrder(ORDER, shipments=(SHIPPED,)), found)) == expected


@pytest.mark.parametrize(
    "shipment",
    [replace(SHIPPED, external_id=None), replace(SHIPPED, proven=None)],
    ids=["the store does not have it yet", "a request about it is on its way"],
)
def test_a_shipment_that_was_not_proven_can_not_have_been_changed(shipment):
    known = LedgerOrder(ORDER, shipments=(shipment,))

    assert seen_shipments(known, on_store("1Z2")) == {}
    assert changes_since(known, on_store("1Z2")) == ()


def test_each_shipment_of_ours_is_looked_at_and_kept_as_the_store_has_it_now():
    unsent = replace(SHIPPED, code="TP-0", external_id=None, proven=None)
    gone = replace(SHIPPED, code="TP-2", external_id=9)
    known = LedgerOrder(ORDER, shipments=(unsent, gone, SHIPPED))

    assert seen_shipments(known, on_store("1Z2")) == {"TP-1": Tracking("1Z2", "UPS", Decimal("4.00")), "TP-2": None}
    assert [change.name for change in changes_since(known, on_store("1Z2"))] == [
        "shipment TP-2",
        "shipment TP-1 tracking_number",
    ]
    assert seen_shipments(known, on_store()) == {"TP-2": None}


# --- what a person has to decide ------------------------------------------------------------------------------------


def ledger(*shipments, order=ORDER):
    return LedgerOrder(order, shipments=shipments)


UNTOLD = RecordedShipment("TP-1", is_told=False, lines={10: 2})
TOLD = RecordedShipment("TP-1", is_told=True, lines={10: 2}, external_id=7)
SUPPRESSED = replace(UNTOLD, is_told=True)
IN_PARCEL = replace(FIRST, shipment_id=7, status=StoreStatus.SHIPPED)
SPLIT_OFF = replace(IN_PARCEL, line_id=12)
CANCELLED = replace(FIRST, status=StoreStatus.CANCELLED)


@pytest.mark.parametrize(
    ("known", "found", "expected"),
    [
        (ledger(), of(ship_to=Address()), ""),
        (ledger(UNTOLD), ORDER, ""),
        (ledger(UNTOLD), of(ship_to=Address()), "The address was changed on the store after shipment TP-1"),
        (ledger(TOLD), of(ship_to=Address()), "The address was changed on the store after shipment TP-1"),
        (
            ledger(UNTOLD),
            of(ship_to=Address(), lines=(SECOND,)),
            "The address was changed on the store after shipment TP-1 was recorded. Line 10",
        ),
        (ledger(UNTOLD), of(lines=(SECOND,)), "Line 10, which is in shipment TP-1, was cancelled or removed"),
        (
            ledger(SUPPRESSED),
            of(lines=(CANCELLED, SECOND)),
            "Line 10, which is in shipment TP-1, was cancelled or removed",
        ),
        (
            ledger(TOLD, order=of(lines=(IN_PARCEL, SECOND))),
            of(lines=(CANCELLED, SECOND)),
            "Line 10, which is in shipment TP-1, was cancelled or removed",
        ),
        # The store has split off what was shipped, and counts it no more among what is to be shipped.
        (ledger(TOLD, order=of(lines=(FIRST, SPLIT_OFF))), of(lines=(CANCELLED, SPLIT_OFF)), ""),
        (ledger(TOLD, order=of(lines=(FIRST, SPLIT_OFF))), of(lines=(FIRST,)), "Line 12, which is in shipment TP-1"),
        (
            ledger(TOLD, replace(UNTOLD, code="TP-2"), order=of(lines=(FIRST, SPLIT_OFF))),
            of(lines=(replace(FIRST, quantity=1), SPLIT_OFF)),
            "Line 10 has fewer pieces on the store than shipment TP-2",
        ),
        (ledger(UNTOLD), of(lines=(replace(FIRST, quantity=1), SECOND)), "Line 10 has fewer pieces on the store"),
        # Split: the rest is on another line of the same article.
        (ledger(UNTOLD), of(lines=(replace(FIRST, quantity=1), SECOND, an_order_line(12, 1))), ""),
        (ledger(UNTOLD), of(status=StoreStatus.CANCELLED), "The order was cancelled on the store, and shipment TP-1"),
        (ledger(TOLD), of(status=StoreStatus.CANCELLED), ""),
        (ledger(UNTOLD), None, "The order was deleted on the store, and shipment TP-1"),
        (ledger(), None, ""),
        # What did not fit before was said then.
        (ledger(UNTOLD, order=of(lines=(CANCELLED, SECOND))), of(lines=(CANCELLED, SECOND)), ""),
    ],
)
def test_a_person_decides_what_no_longer_fits_a_shipment(known, found, expected):
    said = to_decide(known, found)

    assert said.startswith(expected)
    assert bool(said) is bool(expected)
