"""Orders are followed to their end: what becomes of them on the store is shown, with before and after (R43, R45)."""

from dataclasses import replace

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.state import charges, order_lines
from miva_sandbox.state import orders as store_orders
from stock_shop import STATED, StockShop
from tradepost.database.models import Order, OrderEvent, ShipmentRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order_changes import DELETED
from tradepost.operations.orders import get_orders
from tradepost.operations.ports import NewShipment

from .conftest import ALL_RIGHTS, EIGHT

SHIPPED = 200
STREET = "77 Secret Street"


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


@pytest.fixture
def number(shop):
    """An imported order of two mugs and a small tee."""
    shopper = shop.add("MUG", 2)
    shopper.add("tee", 1, {"Size": "S"})
    bought = shopper.check_out().order_id
    shop.get_orders()
    return bought


def in_store(shop, work):
    """Do something in the store as its own staff or a module would."""
    with shop.sandbox.store.db.lock:
        return work(shop.sandbox.store)


def move_to(shop, number, **address):
    in_store(shop, lambda store: store_orders.update(store, number, address))


def order():
    return Order.objects.get()


def events():
    return [
        (event.what, {field["name"]: (field["before"], field["after"]) for field in event.fields})
        for event in OrderEvent.objects.order_by("pk")
    ]


def record(shop, number, **more):
    with transaction.atomic():
        return shop.orders.add_shipment(NewShipment(number, "UPS", "1Z9", **more), at=shop.clock())


def line_of(shop, number, sku):
    return next(line for line, (name, _, _) in shop.merchant.lines(number).items() if name == sku)


# --- what is noticed ------------------------------------------------------------------------------------------------


def test_what_nobody_touched_has_no_events(shop, number):
    shop.wait(3600)
    shop.get_orders()

    assert (events(), order().state) == ([], "open")


def test_a_cancelled_order_leaves_the_open_ones_and_its_pieces_are_on_sale_again(shop, number):
    shop.merchant.cancel(number)

    shop.catch_up()

    assert (order().state, order().store_status) == ("cancelled", "cancelled")
    ((what, fields),) = events()
    assert (what, fields["status"]) == ("changed", ("pending", "cancelled"))
    assert shop.can_buy("MUG") == STATED["MUG"]


def test_an_order_that_was_shipped_by_others_is_closed(shop, number):
    shop.merchant.ship(number)

    shop.get_orders()

    assert (order().state, events()[0][1]["status"]) == ("closed", ("pending", "shipped"))


def test_what_comes_back_is_shown_and_opens_no_order_that_was_shipped(shop, number):
    shop.merchant.ship(number)
    shop.get_orders()
    left = order().shipped_at
    OrderEvent.objects.all().delete()
    lines = list(shop.merchant.lines(number))

    made = shop.merchant.call("OrderItemList_CreateReturn", Order_ID=number, Line_IDs=lines)
    shop.get_orders()
    on_its_way = (order().state, events()[-1][1]["status"])
    shop.merchant.call("OrderReturnList_Received", Returns=[{"return_id": made["id"], "adjust_inventory": 0}])
    shop.get_orders()

    assert on_its_way == ("closed", ("shipped", "rma_issued"))
    assert (order().state, events()[-1][1]["status"]) == ("closed", ("rma_issued", "returned"))
    assert (left is not None, order().shipped_at) == (True, left)


def test_a_deleted_order_is_cancelled_with_that_reason_once(shop, number):
    shop.merchant.delete(number)

    run = shop.get_orders()
    shop.get_orders()

    assert (order().state, order().why, events()) == ("cancelled", DELETED, [("deleted", {})])
    assert DELETED in {result.change.reason for result in run.results}


def test_lines_that_are_added_reduced_and_removed_are_shown_and_followed(shop, number):
    mug, tee = line_of(shop, number, "MUG"), line_of(shop, number, "TEE-S")

    def edit(store):
        (row,) = order_lines.of_order(store, number, [mug])
        columns = {name: row[name] for name in ("code", "name", "price", "weight", "sku", "type", "product_id")}
        order_lines.change(store, mug, quantity=1)
        order_lines.delete(store, number, order_lines.of_order(store, number, [tee]))
        return order_lines.insert(store, number, order_lines.NewLine(**columns, quantity=4))

    added = in_store(shop, edit)

    shop.get_orders()

    ((_, fields),) = events()
    assert fields[f"line {mug} quantity"] == (2, 1)
    assert fields[f"line {tee}"] == ("1 x TEE-S (pending)", None)
    assert fields[f"line {added}"] == (None, "4 x MUG (pending)")
    rows = set(order().lines.values_list("line_id", "quantity", "store_status", "listing__sku"))
    assert rows == {(mug, 1, "pending", "MUG"), (tee, 1, "cancelled", "TEE-S"), (added, 4, "pending", "MUG")}


def test_what_staff_correct_of_a_line_is_in_the_order_and_told_once(shop, number):
    """What was typed on a page, and an item that was exchanged for another."""
    mug, tee = line_of(shop, number, "MUG"), line_of(shop, number, "TEE-S")

    def edit(store):
        order_lines.add_option(store, number, mug, order_lines.text_option("engraving", "For Ada"))
        order_lines.change(store, tee, sku="TEE-M")
        order_lines.remove_options(store, tee)
        order_lines.add_option(store, number, tee, order_lines.ChosenOption(attr_code="Size", opt_code="M"))

    in_store(shop, edit)
    shop.get_orders()
    first = events()
    in_store(shop, lambda store: order_lines.change(store, mug, quantity=1))
    shop.get_orders()

    lines = {line.line_id: line for line in order().lines.all()}
    assert [option["text"] for option in lines[mug].options] == ["For Ada"]
    assert (lines[tee].sku, lines[tee].listing.sku, lines[mug].listing.sku) == ("TEE-M", "TEE-M", "MUG")
    assert first[0][1][f"line {tee} sku"] == ("TEE-S", "TEE-M")
    assert set(events()[1][1]) & {f"line {mug} options", f"line {tee} sku", f"line {tee} options"} == set()


def test_an_item_that_becomes_one_that_nobody_knows_holds_the_order(shop, number):
    tee = line_of(shop, number, "TEE-S")

    in_store(shop, lambda store: order_lines.change(store, tee, sku="SPECIAL", code="special"))
    shop.get_orders()

    assert (order().state, order().lines.get(line_id=tee).listing) == ("on_hold", None)
    assert "SPECIAL" in order().why


def test_a_split_line_is_followed(shop, number):
    mug = line_of(shop, number, "MUG")
    shop.merchant.split(number, mug)

    shop.get_orders()

    new = max(shop.merchant.lines(number))
    ((_, fields),) = events()
    assert fields[f"line {mug} quantity"] == (2, 1)
    assert fields[f"line {new}"] == (None, "1 x MUG (pending)")
    assert sorted(order().lines.filter(sku="MUG").values_list("quantity", flat=True)) == [1, 1]


def test_what_is_paid_and_paid_back_is_followed(shop, number):
    total = int(shop.sandbox.store.db.value("SELECT total FROM orders WHERE id = ?", (number,)))
    in_store(shop, lambda store: charges.capture(store, number, total))
    shop.get_orders()
    in_store(shop, lambda store: charges.refund(store, number, total))

    shop.get_orders()

    assert [fields["payment_state"] for _, fields in events()] == [
        ("authorised", "captured"),
        ("captured", "refunded"),
    ]
    assert (order().payment_state, order().state) == ("refunded", "on_hold")
    # What was paid back is not sent by the way, and is if a person says so.
    with pytest.raises(NotAllowed, match="All that was paid was paid back"):
        record(shop, number)
    shop.orders.release(number, by="alice", at=shop.clock())
    record(shop, number)


def test_a_changed_address_is_in_the_order_and_its_events_and_in_no_report(shop, number):
    move_to(shop, number, ship_addr1=STREET)

    run = shop.get_orders()

    assert (order().ship_to["address1"], order().state) == (STREET, "open")
    ((_, fields),) = events()
    assert (fields["ship_to"][0]["address1"], fields["ship_to"][1]["address1"]) == ("1 Pier Rd", STREET)
    assert "ship_to" in repr(run.results)
    assert STREET not in repr(run.results)


def test_a_change_that_moves_no_stamp_is_noticed_while_the_order_is_open(shop, number):
    shop.wait(3600)
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET ship_city = 'Rome' WHERE id = ?", (number,)))

    shop.get_orders()

    assert order().ship_to["city"] == "Rome"


def test_the_hubs_own_note_and_shipment_are_no_news_of_others(shop, number):
    record(shop, number)
    shop.sync_orders()

    shop.get_orders()

    ((_, fields),) = events()
    assert fields["status"] == ("pending", "shipped")
    assert "notes" not in fields
    assert order().state == "closed"


# --- what a person decides ------------------------------------------------------------------------------------------


def test_an_address_that_changes_after_a_shipment_was_recorded_holds_the_order_until_a_person_has_decided(shop, number):
    code = record(shop, number, lines={"MUG": 1}).code
    move_to(shop, number, ship_addr1=STREET)

    shop.get_orders()
    held = (order().state, order().why)
    shop.get_orders()
    with pytest.raises(NotAllowed, match="on hold: The address was changed"):
        record(shop, number)
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())

    assert held == ("on_hold", f"The address was changed on the store after shipment {code} was recorded.")
    assert order().state == "open"
    assert [what for what, _ in events()] == ["changed", "released"]


@pytest.mark.parametrize("what", ["cancelled", "deleted"])
def test_an_order_that_ends_while_a_shipment_is_not_told_waits_for_a_person(shop, number, what):
    code = record(shop, number).code
    shop.merchant.cancel(number) if what == "cancelled" else shop.merchant.delete(number)

    shop.get_orders()
    shop.get_orders()
    held = (order().state, order().why)
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())
    shop.get_orders()

    assert held == (
        "on_hold",
        f"The order was {what} on the store, and shipment {code} was not sent there yet.",
    )
    assert order().state == "cancelled"


def test_a_line_that_is_cancelled_out_of_a_recorded_shipment_waits_for_a_person(shop, number):
    code = record(shop, number, lines={"MUG": 2}).code
    mug = line_of(shop, number, "MUG")
    shop.merchant.call("OrderItemList_Cancel", Order_ID=number, Line_IDs=[mug])

    shop.get_orders()

    assert (order().state, order().why) == (
        "on_hold",
        f"Line {mug}, which is in shipment {code}, was cancelled or removed on the store.",
    )


def test_the_rest_of_a_line_is_cancelled_after_a_part_was_shipped_and_nobody_has_to_decide(shop, number):
    """The order was held, with the words that its shipment was cancelled: the store has that on a line of its own."""
    record(shop, number, lines={"MUG": 1})
    assert shop.sync_orders().bad() == []
    rest = line_of(shop, number, "MUG")

    shop.merchant.call("OrderItemList_Cancel", Order_ID=number, Line_IDs=[rest])
    shop.get_orders()

    assert (order().state, order().why) == ("open", "")


def test_what_was_shipped_and_is_cancelled_on_the_store_waits_for_a_person(shop, number):
    """It was on a line that the store had split off, and so nobody was told."""
    code = record(shop, number, lines={"MUG": 1}).code
    assert shop.sync_orders().bad() == []
    (split_off,) = (line for line, (_, _, status) in shop.merchant.lines(number).items() if status == SHIPPED)

    shop.merchant.call("OrderItemList_Cancel", Order_ID=number, Line_IDs=[split_off])
    shop.get_orders()

    assert (order().state, order().why) == (
        "on_hold",
        f"Line {split_off}, which is in shipment {code}, was cancelled or removed on the store.",
    )


def test_a_hold_by_the_rules_ends_when_its_cause_does_and_one_by_a_person_does_not(shop, number):
    total = shop.sandbox.store.db.value("SELECT total FROM orders WHERE id = ?", (number,))
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET total = total + 500 WHERE id = ?", (number,)))
    shop.get_orders()
    by_rules = order().state
    with transaction.atomic():
        shop.orders.hold(number, reason="Ring first.", by="alice", at=shop.clock())

    in_store(shop, lambda store: store.db.execute("UPDATE orders SET total = ? WHERE id = ?", (total, number)))
    shop.get_orders()
    still = (order().state, order().why)
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())

    assert (by_rules, still, order().state) == ("on_hold", ("on_hold", "Ring first."), "open")


def test_what_a_person_let_go_is_not_held_again_for_the_same(shop, number):
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET total = total + 500 WHERE id = ?", (number,)))
    shop.get_orders()
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())
    move_to(shop, number, ship_city="Rome")
    shop.get_orders()
    same = order().state
    in_store(shop, lambda store: store.db.execute("UPDATE orders SET total = total + 500 WHERE id = ?", (number,)))

    shop.get_orders()

    assert (same, order().state) == ("open", "on_hold")


def test_a_held_order_is_shipped_only_if_that_is_said(shop, number):
    with transaction.atomic():
        shop.orders.hold(number, reason="Ring first.", by="alice", at=shop.clock())

    with pytest.raises(NotAllowed, match=r"on hold: Ring first\..*--even-if-held"):
        record(shop, number)
    record(shop, number, even_if_held=True)

    assert ShipmentRecord.objects.count() == 1


def test_a_preview_shows_what_has_changed_and_follows_nothing(shop, number):
    shop.merchant.cancel(number)

    run = shop.get_orders(is_dry=True)

    assert "status" in {field.name for change in run.changes for field in change.fields}
    assert (order().state, events()) == ("open", [])


def test_a_get_that_is_killed_anywhere_follows_each_change_once(shop, number):
    place = 0
    while True:
        before = OrderEvent.objects.count()
        move_to(shop, number, ship_city=f"City {place}")
        fuse = Fuse(place)
        ports = shop.ports(MemoryRun(atomic=transaction.atomic))
        try:
            get_orders.execute(replace(ports, store=Fused(ports.store, fuse), orders=Fused(ports.orders, fuse)))
        except Killed:
            shop.get_orders()
            assert (order().ship_to["city"], OrderEvent.objects.count()) == (f"City {place}", before + 1)
            place += 2
            continue
        break

    assert place > 10
