"""
Acknowledging in each way a channel can choose (R44): the import is kept whatever becomes of it, and what failed, was
lost or killed ends with the store told exactly once.

What the store was told is read from the sandbox's own tables, and with the official SDK.
"""

import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox import provisioning
from miva_sandbox.api.functions import queues as queue_functions
from miva_sandbox.faults.rules import Rule
from miva_sandbox.state import queues, tokens
from stock_shop import LOST_ANSWER, MeanwhileStore, StockShop
from tradepost.database.models import Order, OrderEvent
from tradepost.domain.errors import AnswerLost, PermissionMissing, StoreUnavailable
from tradepost.domain.orders.order import AcknowledgeMode, ShipmentPath
from tradepost.domain.plan import Action, Outcome, Proof
from tradepost.operations.orders import get_orders
from tradepost.operations.ports import NewShipment

from .conftest import ALL_RIGHTS, EIGHT

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client

TELLING = [mode for mode in AcknowledgeMode if mode is not AcknowledgeMode.NONE]
RIGHT = "Module:orderworkflow:OrderList_Acknowledge"
ARCHIVE = "successfully_retrieved_orders"
# By which call each way tells.
CALLS = {
    AcknowledgeMode.NOTE: "Provision_Store",
    AcknowledgeMode.FIELD: "Provision_Store",
    AcknowledgeMode.QUEUE: RIGHT,
    AcknowledgeMode.PICKING: "OrderItemList_CreateShipment",
}
FIELD = (
    '<Module code="customfields" feature="util"><OrderField_Add><Code>taken_over</Code><Name>Taken over</Name>'
    "<FieldType>{kind}</FieldType></OrderField_Add></Module>"
)


@pytest.fixture
def fired(monkeypatch):
    """How often the workflows were told of each order."""
    times = Counter()
    fire = queues.fire

    def counting(store, trigger, order_id):
        times[order_id] += trigger == "order_acknowledged"
        fire(store, trigger, order_id)

    monkeypatch.setattr(queues, "fire", counting)
    return times


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path, fired):
    made = StockShop(sandbox, tmp_path, token=request.param)
    queues.enable(sandbox.store, "acknowledged_orders")
    assert list(provisioning.run(sandbox.store, FIELD.format(kind="checkbox"))) == []
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


def choose(shop, mode, **settings):
    """Let the channel tell in a way, with a token that has the right for it."""
    given = {"acknowledge_field": "taken_over", "acknowledge_queue": ARCHIVE, **settings}
    shop.settings = replace(shop.settings, acknowledge_mode=mode, **given)
    if mode is AcknowledgeMode.QUEUE:
        tokens.grant(shop.sandbox.domain.db, shop.token, store_id=shop.sandbox.store.id, functions=[RIGHT])


def told(shop, fired, number):
    """What the store has of an order's acknowledgement, by way."""
    db = shop.sandbox.store.db
    found = Counter(
        note=db.value("SELECT count(*) FROM notes WHERE order_id = ?", (number,)),
        field=db.value("SELECT count(*) FROM custom_field_values WHERE record_id = ? AND value = '1'", (number,)),
        queue=fired[number],
        picking=db.value("SELECT count(*) FROM order_shipments WHERE order_id = ?", (number,)),
    )
    return dict(+found)


def acknowledgements(run):
    return [
        (result.change.subject.key, result.outcome, result.proof)
        for result in run.results
        if result.change.action is Action.ACKNOWLEDGE
    ]


def imported(acknowledged=None):
    orders = Order.objects.all()
    if acknowledged is not None:
        orders = orders.filter(acknowledged_at__isnull=not acknowledged)
    return sorted(orders.values_list("external_id", flat=True))


# --- each way, once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", TELLING)
def test_r44_the_store_is_told_of_each_order_once_and_it_is_read_back(shop, fired, mode):
    choose(shop, mode)
    numbers = [shop.buy("MUG", 1), shop.buy("TEE-S", 2)]

    first, second, third = shop.get_orders(), shop.get_orders(), shop.get_orders()

    assert acknowledgements(first) == [(str(number), Outcome.APPLIED, Proof.READ) for number in numbers]
    assert (acknowledgements(second), acknowledgements(third)) == ([], [])
    assert [told(shop, fired, number) for number in numbers] == [{mode.value: 1}] * 2
    assert imported(acknowledged=True) == numbers
    # What the hub has done itself is no news of others; that an order is picked, the store says as its state.
    assert OrderEvent.objects.exists() is (mode is AcknowledgeMode.PICKING)


@pytest.mark.parametrize("mode", TELLING)
def test_r44_a_preview_tells_nobody(shop, fired, mode):
    choose(shop, AcknowledgeMode.NONE)
    number = shop.buy("MUG", 1)
    shop.get_orders()
    choose(shop, mode)

    shown = shop.get_orders(is_dry=True)

    assert [change.subject.key for change in shown.changes if change.action is Action.ACKNOWLEDGE] == [str(number)]
    assert (told(shop, fired, number), imported(acknowledged=False)) == ({}, [number])


@pytest.mark.parametrize("mode", AcknowledgeMode)
def test_r44_what_the_store_was_told_is_there_for_the_official_sdk(shop, mode):
    choose(shop, mode)
    number = shop.buy("MUG", 1)
    shop.get_orders()

    columns = ["items", "notes", "shipments", "CustomField_Values:customfields:*", "CustomField_Values:orderworkflow:*"]
    full = shop.sandbox.full
    sdk = Client(shop.sandbox.endpoint, full.token, full.signature_key, {"default_store_code": "sandbox"})
    request = merchantapi.request.OrderListLoadQuery(sdk).set_on_demand_columns(columns)
    (order,) = request.send().get_orders()

    fields = order.get_custom_field_values()
    found = {
        AcknowledgeMode.NOTE: [note.get_note_text() for note in order.get_notes()],
        AcknowledgeMode.FIELD: [value] if (value := fields.get_value("taken_over", "customfields")) else [],
        AcknowledgeMode.QUEUE: [value] if (value := fields.get_value(ARCHIVE, "orderworkflow")) else [],
        AcknowledgeMode.PICKING: [shipment.get_status() for shipment in order.get_shipments()],
    }
    said = {
        AcknowledgeMode.NOTE: [f"Tradepost has taken over order {number}."],
        AcknowledgeMode.FIELD: ["1"],
        AcknowledgeMode.QUEUE: ["1"],
        AcknowledgeMode.PICKING: [100],
    }
    assert found == {way: said[way] if way is mode else [] for way in found}


# --- lost, killed, partial ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", TELLING)
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "cut", "error"])
def test_r44_an_answer_that_is_lost_leaves_the_import_and_ends_with_the_store_told_once(shop, fired, mode, kind):
    choose(shop, mode)
    numbers = [shop.buy("MUG", 1), shop.buy("TEE-M", 1)]
    shop.sandbox.faults.add(Rule(kind=kind, function=CALLS[mode], times=1, after_bytes=10))

    with suppress(AnswerLost, StoreUnavailable):
        shop.get_orders()
    kept = imported()
    shop.sandbox.faults.clear()
    shop.wait(LOST_ANSWER)
    shop.get_orders()
    shop.get_orders()

    assert kept == numbers
    assert [told(shop, fired, number) for number in numbers] == [{mode.value: 1}] * 2
    assert imported(acknowledged=True) == numbers


@pytest.mark.parametrize("mode", TELLING)
def test_r44_a_run_that_is_killed_anywhere_ends_with_the_store_told_once(shop, fired, mode):
    choose(shop, mode)
    # Every second boundary with one token, and those between with the other.
    bought, place = [], int(shop.can_read_stock)
    while True:
        shop.state(MUG=8 + place)
        bought.append(shop.buy("MUG", 1))
        fuse = Fuse(place)
        ports = shop.ports(MemoryRun(atomic=transaction.atomic))
        ports = replace(ports, store=Fused(ports.store, fuse), orders=Fused(ports.orders, fuse))
        try:
            get_orders.execute(ports)
        except Killed:
            shop.wait(LOST_ANSWER)
            shop.sync()
            place += 2
            continue
        break
    shop.get_orders()

    assert place > 15
    assert [told(shop, fired, number) for number in bought] == [{mode.value: 1}] * len(bought)
    assert imported(acknowledged=True) == bought


@pytest.mark.parametrize("mode", TELLING)
def test_r44_a_request_that_lands_late_is_waited_for_and_not_sent_beside_itself(shop, fired, mode):
    choose(shop, mode)
    number = shop.buy("MUG", 1)
    shop.sandbox.faults.add(Rule(kind="lands_late", function=CALLS[mode], times=1, seconds=100))
    with suppress(AnswerLost, StoreUnavailable):
        shop.get_orders()
    shop.sandbox.faults.clear()
    shop.wait(60)

    early = shop.get_orders()
    shop.wait(60)
    late = shop.get_orders()

    waits = [result.message for result in early.results if result.outcome is Outcome.SKIPPED]
    assert [message.partition(" at ")[0] for message in waits] == (
        # What sets a value may arrive twice.
        [] if mode is AcknowledgeMode.FIELD else [f"The store was told of order {number}"]
    )
    assert late.bad() == []
    assert told(shop, fired, number) == {mode.value: 1}
    assert imported(acknowledged=True) == [number]


@pytest.mark.parametrize("call", range(2))
@pytest.mark.parametrize("mode", TELLING)
def test_r44_what_lands_right_after_it_was_looked_for_is_not_sent_again(shop, fired, mode, call):
    choose(shop, mode)
    number = shop.buy("MUG", 1)
    shop.sandbox.faults.add(Rule(kind="lands_late", function=CALLS[mode], times=1, seconds=150))
    with suppress(AnswerLost, StoreUnavailable):
        shop.get_orders()
    shop.sandbox.faults.clear()
    shop.wait(60)

    # It takes longer to look than a request can still land.
    shop.get_orders(store=MeanwhileStore(shop.store, lambda: shop.wait(130), during="orders_by_id", call=call))
    shop.wait(LOST_ANSWER)
    last = shop.get_orders()

    assert last.bad() == []
    assert told(shop, fired, number) == {mode.value: 1}
    assert imported(acknowledged=True) == [number]


@pytest.mark.parametrize("mode", TELLING)
def test_r44_what_never_arrived_is_sent_again_once_it_can_not_any_more(shop, fired, mode):
    choose(shop, mode)
    number = shop.buy("MUG", 1)
    shop.sandbox.faults.add(Rule(kind="drop_before", function=CALLS[mode], times=9))
    with suppress(AnswerLost, StoreUnavailable):
        shop.get_orders()
    shop.sandbox.faults.clear()
    nothing = told(shop, fired, number)
    shop.wait(LOST_ANSWER)

    shop.get_orders()

    assert (nothing, told(shop, fired, number)) == ({}, {mode.value: 1})


@pytest.mark.parametrize("mode", TELLING)
@pytest.mark.parametrize("minutes", [10, -10])
def test_r44_a_store_whose_clock_is_wrong_is_told_once(shop, fired, mode, minutes):
    shop.sandbox.domain.clock.skew_seconds = minutes * 60
    choose(shop, mode)
    number = shop.buy("MUG", 1)
    shop.sandbox.faults.add(Rule(kind="drop_after", function=CALLS[mode], times=1))
    with suppress(AnswerLost, StoreUnavailable):
        shop.get_orders()
    shop.wait(LOST_ANSWER)

    shop.get_orders()
    shop.get_orders()

    assert told(shop, fired, number) == {mode.value: 1}
    assert imported(acknowledged=True) == [number]


def test_r44_a_store_that_gets_to_some_orders_only_is_sent_the_rest(shop, fired, monkeypatch):
    choose(shop, AcknowledgeMode.QUEUE)
    numbers = [shop.buy("MUG", 1) for _ in range(5)]
    seconds = iter(range(0, 10_000, 25))
    monkeypatch.setattr(queue_functions, "monotonic", lambda: next(seconds))

    run = shop.get_orders()

    assert acknowledgements(run) == [(str(number), Outcome.APPLIED, Proof.READ) for number in numbers]
    assert fired == dict.fromkeys(numbers, 1)
    functions = [each.function for request in shop.sandbox.log.requests() for each in request.operations]
    assert functions.count(RIGHT) == 3


def test_r44_a_store_that_gets_to_none_in_its_time_is_not_asked_for_ever(shop, fired, monkeypatch):
    choose(shop, AcknowledgeMode.QUEUE)
    number = shop.buy("MUG", 1)
    with monkeypatch.context() as patched:
        seconds = iter(range(0, 10_000, 70))
        patched.setattr(queue_functions, "monotonic", lambda: next(seconds))
        run = shop.get_orders()

    shop.get_orders()

    assert run.bad() == [(str(number), "The store has looked at none of the orders in its time.")]
    assert (fired[number], imported(acknowledged=True)) == (1, [number])


def test_r44_an_order_that_the_store_does_not_find_stops_no_other(shop, fired):
    choose(shop, AcknowledgeMode.NONE)
    gone, stays = shop.buy("MUG", 1), shop.buy("MUG", 1)
    shop.get_orders()
    choose(shop, AcknowledgeMode.QUEUE)

    class DeletedMeanwhile:
        def __getattr__(self, name):
            return getattr(shop.store, name)

        def acknowledge_orders(self, ids):
            shop.merchant.delete(gone)
            return shop.store.acknowledge_orders(ids)

    run = shop.get_orders(store=DeletedMeanwhile())

    assert run.bad() == [(str(gone), "Order not found")]
    assert (fired[stays], imported(acknowledged=True)) == (1, [stays])


def test_r44_where_no_workflow_moves_orders_the_stores_answer_counts_and_it_is_told_once(shop, fired):
    choose(shop, AcknowledgeMode.QUEUE, acknowledge_queue="")
    queues.enable(shop.sandbox.store, "acknowledged_orders", enabled=False)
    number = shop.buy("MUG", 1)

    runs = [shop.get_orders() for _ in range(3)]

    assert acknowledgements(runs[0]) == [(str(number), Outcome.APPLIED, Proof.ANSWERED)]
    assert (fired[number], imported(acknowledged=True)) == (1, [number])


# --- what a way needs -----------------------------------------------------------------------------------------------


def test_r44_a_right_that_is_missing_leaves_the_import_and_is_told_until_it_is_there(shop, fired):
    choose(shop, AcknowledgeMode.QUEUE)
    db, store_id = shop.sandbox.domain.db, shop.sandbox.store.id
    tokens.revoke(db, shop.token, store_id=store_id, functions=[RIGHT, tokens.EVERY_FUNCTION])
    tokens.grant(db, shop.token, store_id=store_id, functions=["OrderList_Load_Query"])
    number = shop.buy("MUG", 1)

    with pytest.raises(PermissionMissing, match="OrderList_Acknowledge: assign the function"):
        shop.get_orders()
    kept = (imported(), imported(acknowledged=True))
    choose(shop, AcknowledgeMode.QUEUE)
    shop.get_orders()

    assert kept == ([number], [])
    assert (fired[number], imported(acknowledged=True)) == (1, [number])


def test_r44_a_field_that_the_store_does_not_have_is_told_and_the_order_is_told_of_once_it_has(shop, fired):
    choose(shop, AcknowledgeMode.FIELD, acknowledge_field="Received", acknowledge_value="by the hub")
    number = shop.buy("MUG", 1)

    first = shop.get_orders()
    xml = FIELD.format(kind="textfield").replace("taken_over", "received")
    assert list(provisioning.run(shop.sandbox.store, xml)) == []
    second = shop.get_orders()

    ((_, message),) = first.bad()
    assert message.startswith("The store has no order custom field 'Received'.")
    assert acknowledgements(second) == [(str(number), Outcome.APPLIED, Proof.READ)]
    assert shop.store.orders_by_id([number])[number].custom_fields["received"] == "by the hub"
    assert imported(acknowledged=True) == [number]


@pytest.mark.parametrize("mode", TELLING)
def test_r44_another_way_tells_of_no_order_that_is_done_or_was_told_of(shop, fired, mode):
    choose(shop, AcknowledgeMode.NOTE)
    noted = shop.buy("MUG", 1)
    shop.get_orders()
    choose(shop, AcknowledgeMode.NONE)
    shipped, cancelled, still_open = (shop.buy("MUG", 1) for _ in range(3))
    shop.get_orders()
    shop.merchant.ship(shipped)
    shop.merchant.cancel(cancelled)
    choose(shop, mode)

    shop.get_orders()

    assert told(shop, fired, noted) == {"note": 1}
    assert told(shop, fired, cancelled) == {}
    # The shipment is the merchant's.
    assert told(shop, fired, shipped) == {"picking": 1}
    assert told(shop, fired, still_open) == {mode.value: 1}


@pytest.mark.parametrize("path", ShipmentPath)
def test_r44_a_shipment_takes_over_the_one_that_is_being_picked(shop, path):
    choose(shop, AcknowledgeMode.PICKING, shipment_path=path)
    number = shop.buy("TEE-S", 2)
    shop.get_orders()
    with transaction.atomic():
        shop.orders.add_shipment(NewShipment(number, "UPS", "1Z42", Decimal("7.35")), at=shop.clock())

    run = shop.sync_orders()

    assert run.bad() == []
    rows = shop.sandbox.store.db.rows("SELECT status, tracknum FROM order_shipments WHERE order_id = ?", (number,))
    assert [tuple(row) for row in rows] == [(200, "1Z42")]
    assert Order.objects.get().state == "closed"
