"""What has become of an order: every difference once, and what it means for its state."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import an_order, an_order_line
from tradepost.domain.order import (
    Address,
    LineOption,
    OrderState,
    StoreStatus,
    acknowledgement_note,
)
from tradepost.domain.order_changes import (
    Holds,
    LedgerOrder,
    RecordedShipment,
    differences,
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


def ledger(*shipments, order=ORDER):
    return LedgerOrder(order, shipments=shipments)


UNTOLD = RecordedShipment("TP-1", is_told=False, lines={10: 2})
TOLD = RecordedShipment("TP-1", is_told=True, lines={10: 2})
CANCELLED = replace(FIRST, status=StoreStatus.CANCELLED)


@pytest.mark.parametrize(
    ("known", "found", "expected"),
    [
        (ledger(), of(ship_to=Address()), ""),
        (ledger(UNTOLD), ORDER, ""),
        (ledger(UNTOLD), of(ship_to=Address()), "The address was changed on the store after shipment TP-1"),
        (ledger(TOLD), of(ship_to=Address()), "The address was changed on the store after shipment TP-1"),
        (ledger(UNTOLD), of(lines=(SECOND,)), "Line 10, which is in shipment TP-1, was cancelled or removed"),
        (ledger(TOLD), of(lines=(CANCELLED, SECOND)), "Line 10, which is in shipment TP-1, was cancelled or removed"),
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
