"""Where a shipment goes on an order: pure, without a store."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.domain.order import (
    Address,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
)
from tradepost.operations.sync_orders import carrier_on_store, find_on_store, one_of_each_order, placed

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

    assert "is shipped on the store already" in placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION)


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
    assert says in placed(a_shipment((1, 2)), order, path=ShipmentPath.PROVISION)


def test_a_token_that_ships_whole_lines_only_says_so():
    reason = placed(a_shipment((1, 2)), an_order(a_line(1, 3)), path=ShipmentPath.FUNCTION)

    assert "this token ships whole lines" in reason


@pytest.mark.parametrize("path", list(ShipmentPath))
def test_a_line_is_never_taken_out_of_a_parcel_with_a_number(path):
    parcel = StoreShipment(5, "7-5", False, "THEIRS", "UPS", Decimal(5), (1,))
    order = an_order(a_line(1, 2, StoreStatus.PROCESSING, shipment_id=5), shipments=(parcel,))

    assert "shipment 7-5 already" in placed(a_shipment((1, 2)), order, path=path)


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
