"""Orders, lines, shipments and returns: what each operation does to the others, and to stock."""

import pytest

from miva_sandbox.state import (
    charges,
    inventory,
    order_lines,
    orders,
    products,
    queues,
    returns,
    shipments,
)
from miva_sandbox.state.charges import Charge
from miva_sandbox.state.errors import AlreadyExists, Invalid
from miva_sandbox.state.order_lines import ChosenOption, NewLine
from miva_sandbox.state.products import Product
from miva_sandbox.state.shipments import Tracking
from miva_sandbox.state.store import Store

UNIT = 10**8


@pytest.fixture
def store(tmp_path):
    made = Store(store_id=1, code="sandbox", files_root=tmp_path)
    inventory.change_settings(made, {"active": 1, "out_track": 1})
    yield made
    made.close()


@pytest.fixture
def mug(store):
    product_id = products.insert(store, Product(code="MUG", name="Mug", price=5 * UNIT))
    inventory.update_product(store, product_id, {}, track=True, stock=10)
    return product_id


def line(code="MUG", *, quantity=2, price=5 * UNIT, product_id=0, **further):
    return NewLine(
        code=code, name=code, price=price, weight=UNIT // 2, quantity=quantity, product_id=product_id, **further
    )


def place(store, *lines):
    order_id = orders.insert(store, orders.NewOrder())
    line_ids = [order_lines.insert(store, order_id, line) for line in lines]
    orders.summed(store, order_id)
    return order_id, line_ids


def rows(store, order_id, *line_ids):
    return order_lines.of_order(store, order_id, line_ids or None)


def statuses(store, order_id):
    return [row["status"] for row in rows(store, order_id)]


def test_a_total_is_the_rounded_lines_with_their_options_and_the_charges(store):
    surcharge = ChosenOption(attr_code="wrap", price=UNIT // 4)
    order_id, _ = place(store, line(price=333_333_333, quantity=3, options=(surcharge,)), line(quantity=1))
    charges.add(store, order_id, Charge(type="SHIPPING", descrip="Ground", amount=6_50000000))
    charges.add(store, order_id, Charge(type="TAX", descrip="Tax", amount=1_00500000))

    orders.summed(store, order_id)

    order = orders.find(store, order_id)
    assert (order["total"], order["total_ship"], order["total_tax"]) == (1075 + 500 + 751, 650, 101)


def test_a_given_order_number_raises_the_counter(store):
    orders.insert(store, orders.NewOrder(id=5001))

    assert orders.insert(store, orders.NewOrder()) == 5002


def test_an_order_number_in_use_is_refused(store):
    orders.insert(store, orders.NewOrder(id=5001))

    with pytest.raises(AlreadyExists, match="Order #5001 already exists"):
        orders.insert(store, orders.NewOrder(id=5001))


def test_cancelling_puts_stock_back_once_and_leaves_the_line_out_of_the_total(store, mug):
    order_id, [first, _] = place(store, line(product_id=mug), line(quantity=1))

    totals = [order_lines.cancel(store, order_id, rows(store, order_id, first)) for _ in range(2)]

    assert totals == [500, 500]
    assert inventory.counted(store, mug) == 12
    assert statuses(store, order_id) == [300, 0]


def test_a_reason_is_written_again_when_a_cancel_is_repeated(store, mug):
    order_id, [first] = place(store, line())
    order_lines.cancel(store, order_id, rows(store, order_id), reason="late")

    order_lines.cancel(store, order_id, rows(store, order_id), reason="x" * 255)

    options = order_lines.options_of(store, first)
    assert [(row["attr_code"], row["data"], row["data_long"]) for row in options] == [
        ("Cancellation Reason", "late", ""),
        ("Cancellation Reason", "", "x" * 255),
    ]


def test_a_shipment_takes_lines_away_from_another_and_the_empty_one_is_gone(store):
    order_id, _ = place(store, line())
    old = shipments.create(store, order_id, rows(store, order_id))
    shipments.mark_shipped(store, shipments.find(store, old))

    new = shipments.create(store, order_id, rows(store, order_id))

    assert shipments.find(store, old) is None
    assert statuses(store, order_id) == [100]
    assert rows(store, order_id)[0]["shpmnt_id"] == new
    assert orders.find(store, order_id)["status"] == 100


def test_a_picking_shipment_gets_lighter_when_it_loses_a_line(store):
    order_id, [first, _] = place(store, line(quantity=2), line(quantity=3))
    shipment = shipments.create(store, order_id, rows(store, order_id))

    order_lines.remove_from_shipment(store, order_id, rows(store, order_id, first))

    assert shipments.find(store, shipment)["weight"] == 3 * UNIT // 2
    assert statuses(store, order_id) == [0, 100]


def test_cancelled_lines_stay_out_of_a_new_shipment(store):
    order_id, [first, _] = place(store, line(), line())
    order_lines.cancel(store, order_id, rows(store, order_id, first))

    shipments.create(store, order_id, rows(store, order_id))

    assert statuses(store, order_id) == [300, 100]


def test_marking_as_shipped_ships_all_lines_and_the_order(store):
    order_id, _ = place(store, line(), line())
    shipment = shipments.create(store, order_id, rows(store, order_id))

    shipments.mark_shipped(store, shipments.find(store, shipment))

    assert statuses(store, order_id) == [200, 200]
    assert orders.find(store, order_id)["status"] == 200


def test_tracking_does_not_touch_the_update_stamp_of_the_order(store):
    order_id, _ = place(store, line())
    shipment = shipments.create(store, order_id, rows(store, order_id))
    before = orders.find(store, order_id)["dt_updated"]
    store.clock.move(60)

    shipments.track(store, shipments.find(store, shipment), Tracking(number="1Z", type="UPS", cost=735))
    shipments.mark_shipped(store, shipments.find(store, shipment))

    assert orders.find(store, order_id)["dt_updated"] == before


def test_a_shipment_code_carries_order_day_and_number(store):
    store.clock.freeze(1_760_000_000)
    order_id, _ = place(store, line())

    shipment = shipments.create(store, order_id, rows(store, order_id))

    assert shipments.find(store, shipment)["code"] == f"{order_id:05d}-20251009-00001"


def test_a_split_leaves_the_rest_on_the_old_line_and_copies_options(store):
    order_id, [first] = place(store, line(quantity=5, options=(ChosenOption(attr_code="wrap", price=UNIT),)))

    second = order_lines.split(store, rows(store, order_id)[0], 2)

    split = [(row["line_id"], row["quantity"], row["total"]) for row in rows(store, order_id)]
    assert split == [(first, 3, 1800), (second, 2, 1200)]
    assert [row["attr_code"] for row in order_lines.options_of(store, second)] == ["wrap"]


@pytest.mark.parametrize("quantity", [0, -1, 5, 6])
def test_a_split_must_leave_something_on_both_lines(store, quantity):
    order_id, _ = place(store, line(quantity=5))

    with pytest.raises(Invalid):
        order_lines.split(store, rows(store, order_id)[0], quantity)


def test_a_returned_line_keeps_its_shipment(store):
    order_id, _ = place(store, line())
    shipment = shipments.create(store, order_id, rows(store, order_id))

    rma = returns.create(store, order_id, rows(store, order_id))
    returns.receive(store, rma, adjusts_inventory=False)

    [row] = rows(store, order_id)
    assert (row["status"], row["shpmnt_id"], row["rma_id"]) == (600, shipment, rma)
    assert orders.find(store, order_id)["status"] == 600


def test_deleting_an_order_returns_only_what_had_not_left(store, mug):
    order_id, [_, second] = place(store, line(product_id=mug, quantity=1), line(product_id=mug, quantity=4))
    shipment = shipments.create(store, order_id, rows(store, order_id, second))
    shipments.mark_shipped(store, shipments.find(store, shipment))

    orders.delete(store, order_id)

    assert inventory.counted(store, mug) == 11
    assert orders.find(store, order_id) is None
    assert store.db.value("SELECT count(*) FROM order_items") == 0


def test_back_ordered_lines_are_counted_and_their_date_shows_on_the_order(store):
    order_id, [first, _] = place(store, line(), line())

    order_lines.back_order(store, order_id, rows(store, order_id, first), dt_instock=1_760_000_000)

    order = orders.find(store, order_id)
    assert (order["status"], order["pend_count"], order["bord_count"], order["dt_instock"]) == (
        100,
        1,
        1,
        1_760_000_000,
    )


def queued(store, order_id):
    queues.settle(store)
    return queues.members(store, [order_id])[order_id]


def test_a_paid_order_enters_the_queue_only_if_the_workflow_is_on(store):
    order_id, _ = place(store, line())
    charges.authorise(store, order_id, 1000)

    orders.announce(store, order_id)
    assert queued(store, order_id) == set()

    queues.enable(store, "new_orders")
    orders.announce(store, order_id)
    assert queued(store, order_id) == {"new_and_updated"}


def test_an_order_without_payment_waits_for_the_five_minute_test_after_it_is_paid(store):
    store.clock.freeze(1_760_000_000)
    queues.enable(store, "new_orders")
    order_id, _ = place(store, line())
    orders.announce(store, order_id)
    store.clock.move(200)
    charges.authorise(store, order_id, 1000)

    before = queued(store, order_id)
    store.clock.move(100)

    assert (before, queued(store, order_id)) == (set(), {"new_and_updated"})


def test_an_order_that_is_paid_too_late_never_enters_the_queue(store):
    store.clock.freeze(1_760_000_000)
    queues.enable(store, "new_orders")
    order_id, _ = place(store, line())
    orders.announce(store, order_id)
    store.clock.move(3700)
    queues.settle(store)

    charges.authorise(store, order_id, 1000)

    assert queued(store, order_id) == set()
