"""Shipments in both databases: what is due, what a person changes of them, and what is written of a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from tradepost.database.models import OrderEvent, ShipmentRecord
from tradepost.database.orders.orders import DjangoOrders
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import (
    Address,
    PaymentState,
    ShipmentLine,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
    Tracking,
)
from tradepost.domain.orders.shipment import CORRECTED, RETRIED, UNSENT, ShipmentState
from tradepost.operations.ports import NewShipment, ProvenShipment, ShipmentCorrection, UnsentShipment

from .test_index_use import plans_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACKING = Tracking("1Z", "UPS", Decimal("3.20"))


@pytest.fixture
def orders(channel) -> DjangoOrders:
    return DjangoOrders(channel.pk)


def order_of(*cups, status=StoreStatus.PENDING):
    """An order with a line for each number of cups, all of a state but the last."""
    lines = tuple(
        StoreOrderLine(number, "CUP", "CUP", "Cup", pieces, Decimal(10), Decimal(10) * pieces, status)
        for number, pieces in enumerate(cups, start=1)
    )
    last = replace(lines[-1], status=StoreStatus.PENDING)
    total = Decimal(10) * sum(cups)
    return StoreOrder(
        1001, status, NOON, Address(), Address(), total, "Post", PaymentState.CAPTURED, (*lines[:-1], last)
    )


@pytest.fixture
def shipment(orders, shop, noon):
    """A recorded shipment of two of three cups."""
    orders.add([order_of(3)], at=noon)
    return record(orders, noon, lines={"CUP": 2})


def record(orders, noon, **more):
    new = {"order_number": 1001, "carrier": "UPS", "tracking_number": "1Z", "cost": Decimal("3.20"), **more}
    return orders.add_shipment(NewShipment(**new), at=noon)


def row_of(shipment):
    return ShipmentRecord.objects.get(pk=shipment.id)


def tell(orders, shipment, noon, external_id=55):
    orders.mark_synced([ProvenShipment(shipment.id, external_id, TRACKING, TRACKING)], at=noon)


def put(shipment, state):
    is_there = state is ShipmentState.TOLD
    row = row_of(shipment)
    row.state, row.external_id, row.synced_at = state.value, 55 if is_there else None, row.shipped_at
    row.save()


ASKS = {
    "correct": (lambda o, code, at: o.correct_shipment(code, ShipmentCorrection("2Z"), by="Ann", at=at), CORRECTED),
    "suppress": (
        lambda o, code, at: o.leave_out_shipment(code, ShipmentState.SUPPRESSED, reason="No.", by="Ann", at=at),
        dict.fromkeys(UNSENT, ShipmentState.SUPPRESSED),
    ),
    "take back": (
        lambda o, code, at: o.leave_out_shipment(code, ShipmentState.TAKEN_BACK, reason="No.", by="Ann", at=at),
        dict.fromkeys(UNSENT, ShipmentState.TAKEN_BACK),
    ),
}


@pytest.mark.parametrize("state", ShipmentState)
@pytest.mark.parametrize("ask", ASKS)
def test_a_shipment_goes_where_its_table_says_and_nowhere_else(orders, shipment, noon, ask, state):
    put(shipment, state)
    work, moves = ASKS[ask]

    if state in moves:
        work(orders, shipment.code, noon)
        assert row_of(shipment).state == moves[state]
        assert OrderEvent.objects.get().by == "Ann"
    else:
        with pytest.raises(NotAllowed):
            work(orders, shipment.code, noon)
        assert row_of(shipment).state == state


@pytest.mark.parametrize("state", ShipmentState)
def test_only_what_is_parked_or_suppressed_is_retried(orders, shipment, noon, state):
    put(shipment, state)

    edits = orders.retry_shipments([shipment.code], by="Ann", at=noon)

    assert [edit.code for edit in edits] == ([shipment.code] if state in RETRIED else [])
    assert row_of(shipment).state == RETRIED.get(state, state)


@pytest.mark.parametrize("state", ShipmentState)
def test_what_is_due_is_what_waits(orders, shipment, state):
    put(shipment, state)

    due = [each.id for each in orders.shipments_due(after=0, limit=10)]

    assert due == ([shipment.id] if state is ShipmentState.WAITING else [])


def test_all_that_is_due_of_an_order_comes_beyond_the_limit_where_lines_are_sent_whole(orders, shipment, noon):
    rest = record(orders, noon, tracking_number="2Z")

    page = orders.shipments_due(after=0, limit=1)
    whole = orders.shipments_due(after=0, limit=1, whole_orders=True)

    assert [each.id for each in page] == [shipment.id]
    assert [each.id for each in whole] == [shipment.id, rest.id]


def test_shipments_of_another_channel_are_nobodys_here(orders, shipment, noon):
    other = DjangoOrders(4711)

    with pytest.raises(NotAllowed, match="no shipment"):
        other.correct_shipment(shipment.code, ShipmentCorrection("2Z"), by="Ann", at=noon)
    assert other.shipments_due(after=0, limit=10) == []
    assert other.retry_shipments(None, by="Ann", at=noon) == []


def test_what_is_being_sent_is_not_taken_back_until_it_is_known_to_be_absent(orders, shipment, noon):
    orders.begin_sending([shipment.id], at=noon)
    with pytest.raises(NotAllowed, match="being sent"):
        orders.leave_out_shipment(shipment.code, ShipmentState.TAKEN_BACK, reason="No.", by="Ann", at=noon)
    sending = orders.sending([shipment.id])
    orders.flag_shipments([UnsentShipment(shipment.id, "The store said no.", TRACKING, is_absent=True)])

    orders.leave_out_shipment(shipment.code, ShipmentState.TAKEN_BACK, reason="No.", by="Ann", at=noon)

    assert sending == {shipment.id}
    orders.begin_sending([shipment.id], at=noon)
    assert orders.sending([shipment.id]) == set()


def test_what_was_corrected_while_it_was_sent_stays_due_and_is_known_to_be_there(orders, shipment, noon):
    orders.begin_sending([shipment.id], at=noon)
    orders.correct_shipment(shipment.code, ShipmentCorrection("2Z"), by="Ann", at=noon)

    tell(orders, shipment, noon)
    orders.flag_shipments([UnsentShipment(shipment.id, "Old news.", TRACKING, is_parked=True)])

    row = row_of(shipment)
    assert (row.state, row.external_id, row.synced_at, row.last_error) == ("waiting", 55, None, "")
    (due,) = orders.shipments_due(after=0, limit=10)
    assert (due.external_id, due.proven, due.tracking_number) == (55, TRACKING, "2Z")


def test_what_is_found_by_its_number_is_not_given_another_while_it_is_in_doubt(orders, shipment, channel, noon):
    channel.shipment_path = "function"
    channel.save()
    orders.begin_sending([shipment.id], at=noon)

    with pytest.raises(NotAllowed, match="the store may have it"):
        orders.correct_shipment(shipment.code, ShipmentCorrection("2Z"), by="Ann", at=noon)
    tell(orders, shipment, noon)

    assert orders.correct_shipment(shipment.code, ShipmentCorrection("2Z"), by="Ann", at=noon).code == shipment.code


def test_a_file_means_the_package_by_its_reference_or_its_number(orders, shipment, noon):
    named = record(orders, noon, tracking_number="2Z", reference="P-1")

    def known(reference="", tracking_number=""):
        found = orders.known_shipment(1001, reference=reference, tracking_number=tracking_number)
        return found and found.code

    assert known(tracking_number="1Z") == shipment.code
    assert known(reference="P-1", tracking_number="1Z") == named.code
    assert known(reference="P-2", tracking_number="1Z") is None
    assert known(tracking_number="3Z") is None


def test_a_reference_is_there_once_in_an_order(orders, shipment, noon):
    record(orders, noon, tracking_number="2Z", lines={"CUP": 1}, reference="P-1")

    with pytest.raises(NotAllowed, match="the reference P-1 already"), transaction.atomic():
        record(orders, noon, tracking_number="3Z", reference=" P-1 ")


def test_pieces_of_what_was_taken_back_are_open_and_its_number_free_again(orders, shipment, noon):
    orders.leave_out_shipment(shipment.code, ShipmentState.TAKEN_BACK, reason="No.", by="Ann", at=noon)

    again = record(orders, noon)

    assert [(part.line_id, part.quantity) for part in again.lines] == [(1, 3)]
    assert [each.code for each in orders.ledger([1001])[1001].shipments] == [again.code]


def test_pieces_are_named_by_the_number_of_their_line_or_all_that_are_open_of_it(orders, shipment, noon):
    one = record(orders, noon, tracking_number="2Z", lines={1: None})

    assert [(part.line_id, part.quantity) for part in one.lines] == [(1, 1)]
    with pytest.raises(NotAllowed, match="no line with the number 9; it has 1"):
        record(orders, noon, tracking_number="3Z", lines={9: 1})


def test_what_the_store_has_otherwise_is_an_event_and_what_it_lost_is_parked(orders, shipment, noon):
    tell(orders, shipment, noon)
    known = order_of(2, 1, status=StoreStatus.SHIPPED)
    there = StoreShipment(55, shipment.code, True, "THEIRS", "UPS", Decimal("3.2"))
    orders.follow([replace(known, shipments=(there,))], at=noon)
    OrderEvent.objects.all().delete()

    orders.follow([replace(known, shipments=(there,))], at=noon)
    unchanged = OrderEvent.objects.count()
    orders.follow([known], at=noon)
    orders.follow([known], at=noon)

    assert unchanged == 0
    (event,) = OrderEvent.objects.all()
    assert event.fields == [{"name": f"shipment {shipment.code}", "before": "UPS THEIRS", "after": None}]
    row = row_of(shipment)
    assert (row.state, row.synced_at, row.proven) == ("parked", None, None)
    # A change of the order does not make it again: somebody wanted it gone.
    orders.wake_shipments([1001])
    assert row_of(shipment).state == "parked"


@pytest.mark.parametrize("state", [ShipmentState.SUPPRESSED, ShipmentState.TAKEN_BACK])
def test_what_the_store_has_lost_is_left_out_when_a_person_says_so(orders, shipment, noon, state):
    tell(orders, shipment, noon)
    orders.follow([order_of(3)], at=noon)
    with pytest.raises(NotAllowed, match="2 pieces of 'CUP' can't be shipped: order 1001 has 1 still open"):
        record(orders, noon, tracking_number="2Z", lines={"CUP": 2})

    orders.leave_out_shipment(shipment.code, state, reason="It is gone.", by="Ann", at=noon)

    row = row_of(shipment)
    assert (row.state, row.external_id) == (state, None)
    # What has left the house is not sent again, and what has not is.
    if state is ShipmentState.SUPPRESSED:
        with pytest.raises(NotAllowed, match="1 still open"):
            record(orders, noon, tracking_number="2Z", lines={"CUP": 2})
    else:
        assert record(orders, noon, tracking_number="2Z", lines={"CUP": 3}).lines == (ShipmentLine(1, 3),)


def test_what_is_parked_waits_again_when_its_order_changes(orders, shipment, noon):
    orders.flag_shipments([UnsentShipment(shipment.id, "No.", TRACKING, is_parked=True)])

    orders.wake_shipments([1002])
    other = row_of(shipment).state
    orders.wake_shipments([1001])

    assert (other, row_of(shipment).state, row_of(shipment).last_error) == ("parked", "waiting", "")


def test_one_that_stands_for_others_is_corrected_and_retried_with_them(orders, shipment, noon):
    rest = record(orders, noon, tracking_number="2Z")
    second = Tracking("2Z", "UPS", Decimal("3.20"))
    joined = Tracking("1Z, 2Z", "UPS", Decimal("6.40"))
    orders.mark_synced(
        [
            ProvenShipment(shipment.id, 55, TRACKING, joined),
            ProvenShipment(rest.id, 55, second, joined, joined_to=shipment.id),
        ],
        at=noon + timedelta(hours=1),
    )
    told = {row.state for row in ShipmentRecord.objects.all()}

    orders.correct_shipment(rest.code, ShipmentCorrection(carrier="DHL"), by="Ann", at=noon)

    assert told == {"told"}
    assert [each.id for each in orders.shipments_due(after=0, limit=10)] == [shipment.id, rest.id]


def test_due_and_parked_shipments_are_found_by_indexes_of_their_own(orders, database):
    due, *_ = plans_of(lambda: orders.shipments_due(after=0, limit=10))
    (count,) = plans_of(lambda: ShipmentRecord.objects.filter(channel=1, state="parked").count())

    assert "shipment_due" in due
    assert "shipment_parked" in count
