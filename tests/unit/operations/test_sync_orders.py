"""Where a shipment goes on an order, and how it gets there."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.hub import MemoryHub
from tradepost.domain.orders.order import (
    Address,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
)
from tradepost.domain.orders.shipment import carrier_on_store
from tradepost.domain.plan import Outcome, Proof
from tradepost.operations.orders.sync_orders import (
    SendShipments,
    find_on_store,
    one_of_each_order,
    placed,
)
from tradepost.operations.ports import ShipmentSend

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_line(line_id, quantity, status=StoreStatus.PENDING, *, sku="MUG", shipment_id=0):
    return StoreOrderLine(
        line_id, sku, sku, "Mug", quantity, Decimal(1), Decimal(quantity), status, shipment_id=shipment_id
    )


def an_order(*lines, shipments=()):
    return StoreOrder(
        7, StoreStatus.PENDING, NOW, Address(), Address(), Decimal(3), "", True, lines, shipments=shipments
    )


def a_shipment(*parts, number=1, order=7):
    lines = tuple(ShipmentLine(line, quantity) for line, quantity in parts)
    return Shipment(number, f"TP-{number}", order, "UPS", "1Z", Decimal(5), lines, NOW)


def test_a_shipment_goes_on_the_line_it_was_recorded_for():
    assert placed(a_shipment((1, 2)), an_order(a_line(1, 3)), path=ShipmentPath.PROVISION) == a_shipment((1, 2))


def test_pieces_that_a_split_moved_to_another_line_are_found_there():
    order = an_order(a_line(1, 1, StoreStatus.SHIPPED), a_line(2, 2))

    assert placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION) == a_shipment((2, 2))


def test_pieces_of_another_article_are_never_taken():
    order = an_order(a_line(1, 1, StoreStatus.SHIPPED), a_line(2, 2, sku="CUP"))

    obstacle = placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION)

    assert "is shipped on the store already" in obstacle.reason
    assert obstacle.is_final


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (None, "Order 7 is not on the store any more."),
        (an_order(a_line(9, 1)), "Line 1 is not in order 7"),
        (an_order(a_line(1, 1, StoreStatus.CANCELLED)), "is cancelled on the store already"),
        (an_order(a_line(1, 1)), "fewer than 2 pieces"),
    ],
)
def test_what_cannot_be_shipped_is_told_with_the_reason(order, says):
    assert says in placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION).reason


def test_a_part_of_a_line_waits_where_only_whole_lines_are_shipped():
    obstacle = placed(a_shipment((1, 2)), an_order(a_line(1, 3)), path=ShipmentPath.FUNCTION)

    assert "ships whole lines" in obstacle.reason
    assert not obstacle.is_final


@pytest.mark.parametrize("path", list(ShipmentPath))
def test_a_line_is_never_taken_out_of_a_parcel_with_a_number(path):
    parcel = StoreShipment(5, "7-5", False, "THEIRS", "UPS", Decimal(5), (1,))
    order = an_order(a_line(1, 2, StoreStatus.PROCESSING, shipment_id=5), shipments=(parcel,))

    assert "shipment 7-5 already" in placed(a_shipment((1, 2)), order, path=path).reason


def test_a_line_that_is_only_being_picked_may_be_shipped():
    parcel = StoreShipment(5, "7-5", False, "", "", Decimal(), (1,))
    order = an_order(a_line(1, 2, StoreStatus.PROCESSING, shipment_id=5), shipments=(parcel,))

    assert placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION) == a_shipment((1, 2))


@pytest.mark.parametrize(
    ("word", "carrier"),
    [("fedex", "FedEx"), (" Canada Post ", "CanadaPost"), ("ups", "Brown"), ("Pigeon Express", "Pigeon Express")],
)
def test_a_carrier_is_called_what_the_channel_or_else_what_stores_usually_call_it(word, carrier):
    assert carrier_on_store(word, {"ups": "Brown"}) == carrier


def test_shipments_of_one_order_go_one_after_the_other():
    one, two, other = a_shipment(number=1), a_shipment(number=2), a_shipment(number=3, order=8)

    assert one_of_each_order([one, two, other]) == [[one, other], [two]]


def test_a_shipped_parcel_with_the_same_lines_and_another_number_is_not_ours():
    there = StoreShipment(5, "7-20260101-00005", True, "OTHER", "UPS", Decimal(5), (1,))
    order = an_order(a_line(1, 3, StoreStatus.SHIPPED, shipment_id=5), shipments=(there,))

    assert find_on_store(a_shipment((1, 3)), order, path=ShipmentPath.FUNCTION) is None


# --- driven ---------------------------------------------------------------------------------------------------------


def drive(hub, **options):
    return hub.drive(SendShipments(hub.settings), **options)


def hub_with(*shipments, path=ShipmentPath.PROVISION, orders=None, **settings):
    hub = MemoryHub(shipment_path=path, **settings)
    hub.store.desk.place(*(orders or [an_order(a_line(1, 3), a_line(2, 2, sku="CUP"))]))
    hub.orders.kept = dict(hub.store.desk.orders)
    hub.orders.shipments = {shipment.id: shipment for shipment in shipments}
    return hub


@pytest.mark.parametrize("path", list(ShipmentPath))
def test_a_shipment_is_made_then_marked_as_shipped_and_proven(path):
    hub = hub_with(a_shipment((1, 3)), path=path)

    run = drive(hub)

    (there,) = hub.store.desk.orders[7].shipments
    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.READ)]
    assert (there.is_shipped, there.tracking_number, there.carrier, there.cost) == (True, "1Z", "UPS", Decimal(5))
    assert [method for method, _keys in hub.store.writes] == ["create_shipments", "send_shipments"]
    assert hub.orders.synced == {1: there.id}
    assert hub.orders.kept == hub.store.desk.orders


def test_a_second_run_reads_and_writes_nothing():
    hub = hub_with(a_shipment((1, 3)))
    drive(hub)
    hub.store.writes.clear()
    hub.store.orders_by_id = None

    assert (drive(hub).results, hub.store.writes) == ([], [])


def test_a_shipment_that_has_arrived_already_is_found_and_not_sent():
    hub = hub_with(a_shipment((1, 3)))
    drive(hub)
    hub.orders.synced.clear()
    hub.store.writes.clear()

    run = drive(hub)

    assert (run.outcomes, hub.store.writes) == ({"TP-1": Outcome.UNCHANGED}, [])
    assert list(hub.orders.synced) == [1]


def test_a_shipment_that_was_made_and_not_marked_is_only_marked():
    hub = hub_with(a_shipment((1, 2)))
    hub.store.desk.make_shipment(ShipmentSend(a_shipment((1, 2)), "UPS"))

    run = drive(hub)

    assert (run.outcomes, hub.store.writes) == ({"TP-1": Outcome.APPLIED}, [("send_shipments", ("TP-1",))])


def test_two_shipments_of_one_order_go_one_after_the_other_on_what_the_first_has_left():
    hub = hub_with(a_shipment((1, 1), number=1), a_shipment((1, 2), number=2))

    run = drive(hub)

    order = hub.store.desk.orders[7]
    assert run.outcomes == {"TP-1": Outcome.APPLIED, "TP-2": Outcome.APPLIED}
    assert sorted(line.quantity for line in order.lines if line.sku == "MUG") == [1, 2]
    assert {line.status for line in order.lines if line.sku == "MUG"} == {StoreStatus.SHIPPED}


def test_the_second_shipment_of_an_order_is_looked_at_when_the_first_is_through():
    hub = hub_with(a_shipment((1, 1), number=1), a_shipment((1, 2), number=2))
    has_looked_twice = threading.Event()
    looks, was_ahead = [], []
    orders_by_id, create = hub.store.orders_by_id, hub.store.create_shipments

    def look(ids):
        looks.append(ids)
        if len(looks) > 1:
            has_looked_twice.set()
        return orders_by_id(ids)

    def make(sends, *, path):
        if not was_ahead:
            was_ahead.append(has_looked_twice.wait(0.3))
        return create(sends, path=path)

    hub.store.orders_by_id, hub.store.create_shipments = look, make

    drive(hub)

    assert was_ahead == [False]


def test_what_can_not_be_shipped_is_flagged_and_stops_no_other():
    other = replace(an_order(a_line(30, 1)), id=8)
    hub = hub_with(
        a_shipment((1, 9), number=1), a_shipment((30, 1), number=2, order=8), orders=[an_order(a_line(1, 3)), other]
    )

    run = drive(hub)

    assert run.outcomes == {"TP-1": Outcome.FAILED, "TP-2": Outcome.APPLIED}
    assert "fewer than 9 pieces" in hub.orders.errors[1]
    assert list(hub.orders.synced) == [2]


def test_an_order_that_is_not_on_the_store_any_more_is_written_to_by_nobody():
    hub = hub_with(a_shipment((1, 1)))
    hub.store.desk.orders.clear()

    run = drive(hub)

    assert (run.outcomes, hub.store.writes) == ({"TP-1": Outcome.FAILED}, [])
    assert hub.orders.errors[1].startswith("Order 7 is not on the store any more. ")
    assert hub.orders.parked_shipments == {1}


def test_an_order_that_can_not_be_understood_is_left_as_it_was_known():
    hub = hub_with(a_shipment((1, 1)))
    hub.store.desk.unreadable[7] = "Its date is no date."
    before = dict(hub.orders.kept)

    run = drive(hub)

    assert (run.bad(), hub.store.writes) == ([("TP-1", "Its date is no date.")], [])
    assert hub.orders.errors == {1: "Its date is no date."}
    assert hub.orders.kept == before


def test_a_preview_makes_no_shipment():
    hub = hub_with(a_shipment((1, 1)))

    run = drive(hub, is_dry=True)

    assert [unit.key for unit in run.units] == ["TP-1"]
    assert (hub.store.writes, hub.store.desk.orders[7].shipments) == ([], ())


def test_a_run_that_is_cut_off_between_two_shipments_of_an_order_sees_both_again():
    hub = hub_with(a_shipment((1, 1), number=1), a_shipment((1, 2), number=2))
    batches = SendShipments(hub.settings).batches(hub.ports(), 0)

    assert [(len(batch.rows), batch.key) for batch in batches] == [(1, None), (1, 2)]


fates = st.sampled_from(["well", "lost", "lost but done", "refused", "silent"])


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3).filter(lambda parts: sum(parts) <= 6),
    st.lists(fates, max_size=4),
    st.integers(1, 3),
)
def test_whatever_is_lost_every_piece_is_shipped_once(parts, drawn, batch_size):
    shipments = [a_shipment((1, pieces), number=number) for number, pieces in enumerate(parts, start=1)]
    hub = hub_with(*shipments, orders=[an_order(a_line(1, 6), a_line(2, 2, sku="CUP"))], batch_size=batch_size)

    for fate in [*drawn, "well", "well"]:
        faults = hub.store.faults
        faults.refused, faults.silent, faults.lost = {}, set(), {}
        if fate == "refused":
            faults.refused["TP-1"] = "No."
        elif fate == "silent":
            faults.silent.add("TP-1")
        elif fate != "well":
            faults.lost["TP-1"] = fate == "lost but done"
        run = drive(hub)
        shipped = {there.code for there in hub.store.desk.orders[7].shipments if there.is_shipped}
        assert {key for key, outcome in run.outcomes.items() if outcome is Outcome.APPLIED} <= shipped

    order = hub.store.desk.orders[7]
    pieces = {
        there.code: sum(line.quantity for line in order.lines if line.line_id in there.line_ids)
        for there in order.shipments
    }
    assert pieces == {f"TP-{number}": pieces for number, pieces in enumerate(parts, start=1)}
    assert set(hub.orders.synced) == {shipment.id for shipment in shipments}
    assert hub.orders.errors == {}


# --- whole lines only -----------------------------------------------------------------------------------------------


def test_a_request_that_may_still_land_is_not_repeated_where_it_would_tear_lines_out():
    hub = hub_with(a_shipment((1, 3)), path=ShipmentPath.FUNCTION)
    hub.store.faults.lost["TP-1"] = False
    lost = drive(hub)
    hub.store.faults.lost.clear()
    hub.store.writes.clear()

    early = drive(hub)
    writes = list(hub.store.writes)
    hub.now += hub.lost_answer_wait
    late = drive(hub)

    assert lost.outcomes == {"TP-1": Outcome.UNKNOWN}
    assert (early.outcomes, writes) == ({"TP-1": Outcome.SKIPPED}, [])
    assert late.outcomes == {"TP-1": Outcome.APPLIED}


def test_parts_of_a_line_go_as_one_when_all_of_them_are_recorded():
    hub = hub_with(a_shipment((1, 1), number=1), path=ShipmentPath.FUNCTION)
    alone = drive(hub)
    waiting = hub.orders.errors[1]
    second = replace(a_shipment((1, 2), number=2), tracking_number="2Z")
    hub.orders.shipments[2] = second

    together = drive(hub)

    # It waits, which is no error, however many runs come by.
    assert (alone.outcomes, alone.bad()) == ({"TP-1": Outcome.SKIPPED}, [])
    assert "It waits until shipments of the rest are recorded" in waiting
    assert hub.orders.parked_shipments == set()
    assert together.outcomes == {"TP-1": Outcome.APPLIED}
    (there,) = hub.store.desk.orders[7].shipments
    assert (there.tracking_number, there.cost) == ("1Z, 2Z", Decimal(10))
    assert hub.orders.synced == {1: there.id, 2: there.id}


def test_a_part_that_will_not_fit_the_line_with_the_others_is_told_and_sends_nothing():
    hub = hub_with(a_shipment((1, 1), number=1), a_shipment((1, 3), number=2), path=ShipmentPath.FUNCTION)

    run = drive(hub)

    assert (run.outcomes, hub.store.writes) == ({"TP-1": Outcome.FAILED}, [])
    assert "fewer than 4 pieces" in hub.orders.errors[1]
    assert hub.orders.parked_shipments == {1, 2}


@given(st.lists(fates, max_size=4), st.integers(1, 3), st.booleans())
def test_whatever_is_lost_whole_lines_are_shipped_once(drawn, batch_size, is_parted):
    shipments = [a_shipment((1, 1), number=1), a_shipment((1, 5), number=2)] if is_parted else [a_shipment((1, 6))]
    order = an_order(a_line(1, 6), a_line(2, 2, sku="CUP"))
    hub = hub_with(*shipments, path=ShipmentPath.FUNCTION, orders=[order], batch_size=batch_size)

    for fate in [*drawn, "well", "well"]:
        faults = hub.store.faults
        faults.refused, faults.silent, faults.lost = {}, set(), {}
        if fate == "refused":
            faults.refused["TP-1"] = "No."
        elif fate == "silent":
            faults.silent.add("TP-1")
        elif fate != "well":
            faults.lost["TP-1"] = fate == "lost but done"
        drive(hub)
        hub.now += hub.lost_answer_wait

    (there,) = hub.store.desk.orders[7].shipments
    assert (there.is_shipped, there.line_ids) == (True, (1,))
    assert set(hub.orders.synced) == {shipment.id for shipment in shipments}
