"""Orders against a sandbox store: fetched once, acknowledged, shipped, and what sales mean for stock."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from miva_sandbox import provisioning
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Order
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import ShipmentPath
from tradepost.domain.plan import Action, Outcome
from tradepost.operations.ports import NewShipment

from .conftest import HEADER, MUG


class Shopper:
    """Shops as a browser would, and returns the number of the order."""

    def __init__(self, storefront):
        self._storefront = storefront

    def buy(self, code, *, quantity=1, **options):
        return buy(
            self._storefront,
            store_code="sandbox",
            purchases=[Purchase(code, list(options.items()), quantity)],
            name="Ada Byron",
        )


@pytest.fixture
def shopper(published):
    return Shopper(published.sandbox.storefront)


def test_an_order_is_imported_once_however_often_it_is_fetched(published, shopper):
    number = shopper.buy("MUG-01", quantity=2)

    first = published.get_orders()
    second = published.get_orders()

    imported = [r for r in first.results if r.change.action is Action.IMPORT]
    assert [(r.change.subject.key, r.outcome) for r in imported] == [(str(number), Outcome.APPLIED)]
    assert [r for r in second.results if r.change.action is Action.IMPORT] == []
    assert Order.objects.count() == 1


def test_a_variant_of_a_family_is_found_again_in_the_order(published, shopper):
    shopper.buy("tee", Colour="Red", Size="L")

    published.get_orders()

    (line,) = Order.objects.get().lines.all()
    assert (line.sku, line.quantity, line.listing.sku) == ("TEE-RED-L", 1, "TEE-RED-L")
    assert Order.objects.get().state == "open"


def test_an_imported_order_is_acknowledged_by_one_note(published, shopper):
    number = shopper.buy("MUG-01")

    published.get_orders()
    published.get_orders()

    order = published.store.orders_by_id([number])[number]
    assert order.notes == (f"Tradepost has taken over order {number}.",)
    assert Order.objects.get().acknowledged_at is not None


def test_an_order_of_nothing_that_is_known_is_not_managed_and_stops_no_other(published, shopper):
    _provision(published, "<Product_Add><Code>ALIEN</Code><SKU>A</SKU><Name>Alien</Name><Price>1</Price></Product_Add>")
    strange = shopper.buy("ALIEN")
    usual = shopper.buy("MUG-01")

    published.get_orders()

    states = dict(Order.objects.values_list("external_id", "state"))
    assert states == {strange: "not_managed", usual: "open"}


def test_a_sale_makes_no_work_because_both_sides_know_of_it(published, shopper):
    shopper.buy("MUG-01", quantity=3)
    published.get_orders()

    run = published.sync()

    assert published.on_store()["mug-01"].stock.count == 11
    assert [r for r in run.results if r.outcome is Outcome.APPLIED and r.change.touches("price")] == []
    assert published.listing("MUG-01").available == 11


def test_a_sale_is_taken_off_an_increase_that_does_not_know_of_it(published, shopper):
    published.import_text(HEADER + MUG.replace(",14,", ",20,"))
    shopper.buy("MUG-01", quantity=3)

    published.sync()
    at_first = published.on_store()["mug-01"].stock.count
    published.sync()

    # 20 counted in the warehouse, 3 sold since. What nobody has sighted yet is in neither figure.
    assert at_first == 17
    assert published.on_store()["mug-01"].stock.count == 17


@pytest.mark.parametrize("path", list(ShipmentPath))
def test_a_shipment_arrives_with_tracking_carrier_and_cost(published, shopper, path):
    published.settings = replace(published.settings, shipment_path=path)
    number = shopper.buy("MUG-01", quantity=2)
    published.get_orders()
    _ship(published, number, tracking_number="1Z999", cost=Decimal("7.35"))

    run = published.sync_orders()
    again = published.sync_orders()

    assert run.bad() == []
    assert again.results == []
    order = published.store.orders_by_id([number])[number]
    (shipment,) = order.shipments
    assert (shipment.tracking_number, shipment.carrier, shipment.cost, shipment.is_shipped) == (
        "1Z999",
        "UPS",
        Decimal("7.35"),
        True,
    )
    assert order.status == "shipped"
    assert Order.objects.get().state == "closed"


def test_a_part_of_a_line_can_be_shipped_and_the_rest_later(published, shopper):
    number = shopper.buy("MUG-01", quantity=3)
    published.get_orders()
    _ship(published, number, tracking_number="ONE", lines={"MUG-01": 1})
    published.sync_orders()
    partly = published.store.orders_by_id([number])[number].status
    _ship(published, number, tracking_number="TWO", lines=None)

    run = published.sync_orders()

    assert partly == "partially_shipped"
    assert run.bad() == []
    order = published.store.orders_by_id([number])[number]
    assert order.status == "shipped"
    assert sorted(shipment.tracking_number for shipment in order.shipments) == ["ONE", "TWO"]


def test_more_than_was_ordered_cannot_be_shipped(published, shopper):
    number = shopper.buy("MUG-01", quantity=1)
    published.get_orders()

    with pytest.raises(NotAllowed):
        _ship(published, number, tracking_number="ONE", lines={"MUG-01": 2})


def test_an_order_that_vanished_from_the_store_is_told_and_the_others_go_on(published, shopper):
    gone, stays = shopper.buy("MUG-01"), shopper.buy("CUP-01")
    published.get_orders()
    for number in (gone, stays):
        _ship(published, number, tracking_number=f"T{number}")
    _provision(published, f'<Order_Delete order_id="{gone}"/>')

    run = published.sync_orders()

    ((_key, message),) = run.bad()
    assert message.startswith(f"Order {gone} is not on the store any more. ")
    assert published.store.orders_by_id([stays])[stays].status == "shipped"


def test_a_preview_of_orders_imports_none(published, shopper):
    number = shopper.buy("MUG-01")

    run = published.get_orders(is_dry=True)

    shown = [(change.subject.key, change.action) for unit in run.units for change in unit.changes]
    assert shown == [(str(number), Action.UPDATE), (str(number), Action.IMPORT)]  # the pieces it took, and the order
    assert Order.objects.count() == 0


def _provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


def _ship(shop, number, *, tracking_number, cost=Decimal("5.00"), lines=None):
    with transaction.atomic():
        return shop.orders.add_shipment(NewShipment(number, "UPS", tracking_number, cost, lines), at=datetime.now(UTC))


@pytest.mark.parametrize("first", [1, 2])
def test_two_parts_of_one_line_recorded_before_the_sync_become_two_shipments(published, shopper, first):
    number = shopper.buy("MUG-01", quantity=3)
    published.get_orders()
    _ship(published, number, tracking_number="ONE", lines={"MUG-01": first})
    _ship(published, number, tracking_number="TWO", lines={"MUG-01": 3 - first})

    run = published.sync_orders()

    assert run.bad() == []
    order = published.store.orders_by_id([number])[number]
    pieces = {
        shipment.tracking_number: sum(line.quantity for line in order.lines if line.line_id in shipment.line_ids)
        for shipment in order.shipments
    }
    assert pieces == {"ONE": first, "TWO": 3 - first}
    assert order.status == "shipped"
    assert published.sync_orders().results == []
