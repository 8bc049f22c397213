"""
The proof that nothing was lost: every order of the store has its place in the hub, every shipment is on both sides, and
whatever is not as it should be is named with its remedy (R50, R51).
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.state import orders as store_orders
from stock_shop import HOUR, StockShop
from tradepost.database.models import Channel, Order, ParkedOrderRecord, ShipmentRecord
from tradepost.domain.orders.order import AcknowledgeMode, StoreStatus
from tradepost.domain.orders.order_proof import OrderPlace, proof_of
from tradepost.operations.orders import reconcile_orders
from tradepost.operations.ports import NewShipment
from tradepost.operations.selection import Selection

from .conftest import ALL_RIGHTS, EIGHT

LATE = 2 * HOUR
DAY = 24 * HOUR


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


def reconcile(shop, *, is_dry=False, **options):
    run = MemoryRun(is_dry=is_dry, atomic=transaction.atomic)
    reconcile_orders.execute(shop.ports(run), Selection.of(None, **{"tells_all": True, **options}))
    return run


def places(run):
    """Where each order is, by number."""
    return {
        int(result.change.subject.key): result.change.after("place")
        for result in run.results
        if result.change.subject.kind == "order"
    }


def sides(run):
    return {
        result.change.subject.key: (result.change.after("in_hub"), result.change.after("on_store"))
        for result in run.results
        if result.change.subject.kind == "shipment"
    }


def proof():
    return proof_of(Channel.objects.get().orders_proof)


def record(shop, number, tracking="1Z9", **more):
    with transaction.atomic():
        return shop.orders.add_shipment(NewShipment(number, "UPS", tracking, **more), at=shop.clock())


def in_store(shop, work):
    with shop.sandbox.store.db.lock:
        return work(shop.sandbox.store)


# --- all is well ----------------------------------------------------------------------------------------------------


def test_every_order_has_its_place_and_a_day_without_faults_has_no_difference(shop):
    kept, sent, cancelled, deleted = shop.buy("MUG", 1), shop.buy("TEE-S", 2), shop.buy("MUG", 1), shop.buy("TEE-M", 1)
    shop.get_orders()
    record(shop, sent)
    shop.sync_orders()
    shop.merchant.cancel(cancelled)
    shop.merchant.delete(deleted)
    early = shop.buy("MUG", 1)
    shop.merchant.ship(early)
    shop.get_orders()
    new = shop.buy("MUG", 1)

    run = reconcile(shop)

    assert run.bad() == []
    assert places(run) == {
        kept: OrderPlace.IMPORTED,
        sent: OrderPlace.CLOSED,
        cancelled: OrderPlace.CANCELLED,
        deleted: OrderPlace.CANCELLED,
        early: OrderPlace.NOT_ELIGIBLE,
        new: OrderPlace.NEW,
    }
    assert set(sides(run).values()) == {(True, True)}
    assert (proof().placed, proof().in_ledger, proof().differences) == (6, 4, 0)
    assert proof().sentence == (
        "6 placed, 4 in the hub, 1 not to be imported, 1 placed just now, 0 missing; 4 acknowledged; 1 shipment, "
        "1 on the store: no difference."
    )


def test_nothing_is_written_to_the_store_and_a_preview_says_the_same(shop):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    record(shop, number)
    shop.wait(LATE)
    before = shop.sandbox.store.db.rows("SELECT * FROM orders")

    preview, run = reconcile(shop, is_dry=True), reconcile(shop)

    assert preview.bad() == run.bad() != []
    assert shop.sandbox.store.db.rows("SELECT * FROM orders") == before


def test_only_orders_of_the_time_that_is_asked_for_are_compared(shop):
    old = shop.buy("MUG", 1)
    shop.get_orders()
    shop.wait(3 * DAY)
    young = shop.buy("MUG", 1)
    shop.get_orders()
    edge = int(shop.clock().timestamp()) - DAY

    assert places(reconcile(shop, placed=(edge, None))) == {young: OrderPlace.IMPORTED}
    assert places(reconcile(shop, placed=(None, edge))) == {old: OrderPlace.IMPORTED}
    # What was asked for in part says nothing of the rest.
    assert proof() is None


def test_what_is_as_it_should_be_is_counted_and_not_told_unless_it_is_asked_for(shop):
    shop.buy("MUG", 1)
    shop.get_orders()

    assert reconcile(shop, tells_all=False).results == []
    assert proof().in_ledger == 1


# --- orders that are not where they belong --------------------------------------------------------------------------


def test_an_order_that_no_get_has_fetched_for_an_hour_is_missing_and_a_get_brings_it(shop):
    number = shop.buy("MUG", 1)
    shop.wait(LATE)

    run = reconcile(shop)
    shop.get_orders()

    ((subject, words),) = run.bad()
    assert (subject, places(run)[number]) == (str(number), OrderPlace.MISSING)
    assert "'tradepost orders get'" in words
    assert proof().counts["missing"] == 1
    assert reconcile(shop).bad() == []


def test_an_order_that_the_ledger_has_lost_is_missing_and_the_remedy_brings_it_back(shop):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    Order.objects.all().delete()
    shop.wait(LATE)

    run = reconcile(shop)
    shop.sync(preview={"full_existence": True})
    shop.get_orders()

    assert places(run) == {number: OrderPlace.MISSING}
    assert "listings sync --full" in run.bad()[0][1]
    assert places(reconcile(shop)) == {number: OrderPlace.IMPORTED}


def test_a_parked_order_is_a_difference_with_its_reason(shop):
    number = shop.buy("MUG", 1)
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET orderdate = -1 WHERE id = ?", (number,)))
    shop.get_orders()
    assert ParkedOrderRecord.objects.count() == 1

    run = reconcile(shop)

    assert places(run) == {number: OrderPlace.PARKED}
    assert f"'tradepost orders retry {number}'" in run.bad()[0][1]


def test_an_order_that_changed_long_ago_and_was_not_followed_is_named_without_a_word_of_the_person(shop):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    in_store(shop, lambda store: store_orders.update(store, number, {"ship_addr1": "77 Secret Street"}))
    shop.wait(LATE)

    run = reconcile(shop)

    ((_, words),) = run.bad()
    assert "ship_to" in words
    assert "Secret" not in words + proof().sentence + str(proof().examples)
    shop.get_orders()
    assert reconcile(shop).bad() == []


def test_an_order_that_vanished_from_the_store_is_named_until_the_hub_has_noticed(shop):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    shop.merchant.delete(number)

    run = reconcile(shop)
    shop.get_orders()

    assert run.bad() == [
        (str(number), f"Order {number} is not on the store any more; 'tradepost orders get' notices it.")
    ]
    assert reconcile(shop).bad() == []


def test_an_order_that_the_store_was_not_told_of_is_named(shop):
    shop.settings = replace(shop.settings, acknowledge_mode=AcknowledgeMode.NONE)
    number = shop.buy("MUG", 1)
    shop.get_orders()
    shop.wait(LATE)
    assert reconcile(shop).bad() == []

    shop.settings = replace(shop.settings, acknowledge_mode=AcknowledgeMode.NOTE)
    run = reconcile(shop)
    shop.get_orders()

    ((subject, words),) = run.bad()
    assert (subject, "orders acknowledge" in words) == (str(number), True)
    assert reconcile(shop).bad() == []


def test_unpaid_and_older_orders_are_not_to_be_imported_and_it_is_said_why(shop):
    shop.settings = replace(shop.settings, order_statuses=frozenset({StoreStatus.BACKORDERED}))
    number = shop.buy("MUG", 1)
    shop.get_orders()
    shop.wait(LATE)

    run = reconcile(shop)

    (result,) = run.results
    assert (places(run), result.change.reason) == ({number: OrderPlace.NOT_ELIGIBLE}, "it is pending on the store")
    assert run.bad() == []


# --- shipments ------------------------------------------------------------------------------------------------------


def test_r50_a_shipment_whose_answer_was_lost_is_on_both_sides_once(shop):
    number = shop.buy("MUG", 2)
    shop.get_orders()
    shipment = record(shop, number)
    with pytest.raises(Killed):
        shop.sync_orders(store=Fused(shop.store, Fuse(at=4)))
    shop.wait(LATE)

    before = reconcile(shop)
    shop.sync_orders()
    after = reconcile(shop)

    assert shipment.code in dict(before.bad())
    assert (sides(after), after.bad()) == ({shipment.code: (True, True)}, [])


def test_r51_a_tracking_number_that_somebody_blanked_on_the_store_is_named(shop):
    number = shop.buy("MUG", 2)
    shop.get_orders()
    shipment = record(shop, number, cost=Decimal("4.50"))
    shop.sync_orders()
    in_store(shop, lambda store: store.db.execute("UPDATE order_shipments SET tracknum = ''"))

    run = reconcile(shop)

    ((subject, words),) = run.bad()
    assert (subject, "tracking number" in words) == (shipment.code, True)


def test_a_shipment_of_an_older_order_that_is_not_sent_is_named_too(shop):
    number = shop.buy("MUG", 2)
    shop.get_orders()
    shop.wait(40 * DAY)
    shipment = record(shop, number)
    shop.wait(LATE)

    run = reconcile(shop)

    assert (places(run), [subject for subject, _ in run.bad()]) == ({}, [shipment.code])
    assert "'tradepost orders sync'" in run.bad()[0][1]


def test_a_shipment_that_is_gone_from_the_store_and_one_that_others_made_are_told_apart(shop):
    first, second = shop.buy("MUG", 1), shop.buy("TEE-S", 1)
    shop.get_orders()
    ours = record(shop, first)
    shop.sync_orders()
    shop.merchant.ship(second)
    shop.get_orders()
    ShipmentRecord.objects.filter(code=ours.code).update(code="TP-other", external_id=999_999)

    run = reconcile(shop)

    assert [subject for subject, _ in run.bad()] == ["TP-other"]
    assert sorted(sides(run).values()) == [(False, True), (False, True), (True, False)]
