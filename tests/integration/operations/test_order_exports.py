"""
Orders out again: each order is given to a consumer once, a batch is the same until it is confirmed, and confirming is
handing over (R50, R51 read the other way round: nothing doubled and nothing lost on the way to the warehouse).
"""

import json
from dataclasses import replace

import pytest
from django.db import transaction

from kills import Fuse, Fused, Killed
from miva_sandbox.state import orders as store_orders
from stock_shop import HOUR, STATED, StockShop, catalogue_of
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.models import ConsumedOrder, Consumer, OpenBatch, Order, RunChange, Sighting, Trigger
from tradepost.database.orders.exports import DjangoOrderExports, take_back
from tradepost.database.runs.history import RequestHistory
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_export import ExportForm
from tradepost.domain.stock.stock import Counting
from tradepost.exports.registry import OrderFiles
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.orders.order_exports import (
    ExportPorts,
    confirm_batch,
    exported_text,
    next_batch,
    remove_consumer,
)

from .conftest import ALL_RIGHTS


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=ALL_RIGHTS)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


@pytest.fixture
def ports(shop) -> ExportPorts:
    return ExportPorts(
        channel_id=shop.channel.pk,
        exports=DjangoOrderExports(shop.channel.pk),
        writer=OrderFiles(),
        handovers=DjangoHandovers(shop.channel.pk),
        history=RequestHistory(requested_by="erp", trigger=Trigger.PERSON, clock=shop.clock),
        transaction=transaction.atomic,
        clock=shop.clock,
    )


def records(batch):
    return [json.loads(line) for line in batch.content.splitlines()]


def told(batch):
    return [(record["order"], record["kind"], record["state"]) for record in records(batch)]


def in_store(shop, work):
    with shop.sandbox.store.db.lock:
        return work(shop.sandbox.store)


# --- each order once ------------------------------------------------------------------------------------------------


def test_a_consumer_is_given_each_open_order_once(shop, ports):
    first, second = shop.buy("MUG", 1), shop.buy("TEE-S", 2)
    shop.get_orders()

    batch = next_batch("erp", ports)
    confirm_batch("erp", batch.cursor, ports)
    third = shop.buy("MUG", 1)
    shop.get_orders()
    after = next_batch("erp", ports)

    assert told(batch) == [(first, "order", "open"), (second, "order", "open")]
    assert (batch.cursor, batch.orders, batch.changes) == (1, 2, 0)
    assert (told(after), after.cursor) == ([(third, "order", "open")], 2)
    confirm_batch("erp", 2, ports)
    assert next_batch("erp", ports) is None


def test_until_it_is_confirmed_a_batch_is_given_again_byte_for_byte(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    batch = next_batch("erp", ports)
    shop.merchant.cancel(number)
    shop.buy("TEE-S", 1)
    shop.wait(HOUR)
    shop.get_orders()

    again = next_batch("erp", ports)

    assert (again.content, again.cursor) == (batch.content, 1)


def test_every_consumer_has_a_cursor_of_its_own(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()

    erp, warehouse = next_batch("erp", ports), next_batch("warehouse", ports, form=ExportForm.CSV)
    confirm_batch("erp", 1, ports)

    assert told(erp) == [(number, "order", "open")]
    assert f"{number}" in warehouse.content
    assert next_batch("warehouse", ports) == warehouse


def test_a_batch_has_no_more_orders_than_asked_for_and_none_is_left_out(shop, ports):
    numbers = [shop.buy("MUG", 1) for _ in range(5)]
    shop.get_orders()

    given = []
    while batch := next_batch("erp", ports, limit=2):
        assert len(records(batch)) <= 2
        given += [record["order"] for record in records(batch)]
        confirm_batch("erp", batch.cursor, ports)

    assert given == numbers


def test_what_waits_for_a_person_is_given_when_it_is_released(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    with transaction.atomic():
        shop.orders.hold(number, reason="The customer rings back", by="Bob", at=shop.clock())
    held = next_batch("erp", ports)
    with transaction.atomic():
        shop.orders.release(number, by="Bob", at=shop.clock())

    assert held is None
    assert told(next_batch("erp", ports)) == [(number, "order", "open")]


# --- what becomes of them -------------------------------------------------------------------------------------------


def test_what_comes_back_is_given_to_nobody_to_be_packed(shop, ports):
    returned, new = shop.buy("MUG", 1), shop.buy("MUG", 1)
    shop.get_orders()
    shop.merchant.ship(returned)
    shop.get_orders()
    lines = list(shop.merchant.lines(returned))
    shop.merchant.call("OrderItemList_CreateReturn", Order_ID=returned, Line_IDs=lines)
    shop.get_orders()

    assert told(next_batch("erp", ports)) == [(new, "order", "open")]


def test_what_happens_to_an_order_that_was_given_is_told_once_as_a_change(shop, ports):
    cancelled, moved, same = (shop.buy("MUG", 1) for _ in range(3))
    shop.get_orders()
    confirm_batch("erp", next_batch("erp", ports).cursor, ports)
    shop.merchant.cancel(cancelled)
    in_store(shop, lambda store: store_orders.update(store, moved, {"ship_addr1": "77 New Street"}))
    shop.get_orders()

    batch = next_batch("erp", ports)
    confirm_batch("erp", batch.cursor, ports)

    assert told(batch) == [(cancelled, "change", "cancelled"), (moved, "change", "open")]
    gone, new = records(batch)
    assert "status" in gone["changes"][0]["fields"]
    assert (new["ship_to"]["address1"], new["changes"][0]["fields"]) == ("77 New Street", ["ship_to"])
    assert next_batch("erp", ports) is None
    assert same not in [record["order"] for record in records(batch)]


def test_a_change_long_after_is_told_too(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    confirm_batch("erp", next_batch("erp", ports).cursor, ports)
    for _ in range(2):
        shop.wait(3 * HOUR)
        in_store(shop, lambda store: store_orders.update(store, number, {"ship_addr1": f"{shop.clock()}"}))
        shop.get_orders()
        batch = next_batch("erp", ports)
        assert [len(record["changes"]) for record in records(batch)] == [1]
        confirm_batch("erp", batch.cursor, ports)


# --- confirming -----------------------------------------------------------------------------------------------------


def test_confirming_hands_the_orders_over_and_says_so_in_their_history(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    batch = next_batch("erp", ports)
    assert Sighting.objects.get().handed_over_at is None

    handover = confirm_batch("erp", batch.cursor, ports)
    again = confirm_batch("erp", batch.cursor, ports)

    assert (list(handover.marked), list(again.marked)) == ([number], [])
    assert Sighting.objects.get().handed_over_at is not None
    assert RunChange.objects.get(subject_kind="order", subject_key=number).reason == "taken over by erp"


@pytest.mark.parametrize("cursor", [0, 2, -1, 10**20])
def test_only_the_batch_that_was_given_can_be_confirmed(shop, ports, cursor):
    shop.buy("MUG", 1)
    shop.get_orders()
    next_batch("erp", ports)

    with pytest.raises(NotAllowed, match="the next cursor to confirm is 1"):
        confirm_batch("erp", cursor, ports)
    with pytest.raises(NotAllowed, match="There is no consumer 'other'"):
        confirm_batch("other", 1, ports)
    assert Sighting.objects.get().handed_over_at is None


def test_a_consumer_stays_with_one_form_and_begins_anew_when_it_was_forgotten(shop, ports):
    number = shop.buy("MUG", 1)
    shop.get_orders()
    confirm_batch("erp", next_batch("erp", ports).cursor, ports)

    with pytest.raises(NotAllowed, match="takes orders as jsonl"):
        next_batch("erp", ports, form=ExportForm.CSV)
    remove_consumer("erp", ports)

    assert f",{number}," in next_batch("erp", ports, form=ExportForm.CSV).content


def test_orders_are_written_down_for_nobody_in_particular_by_their_state(shop, ports):
    first, second = shop.buy("MUG", 1), shop.buy("MUG", 1)
    shop.merchant.cancel(second)
    shop.settings = replace(shop.settings)
    shop.get_orders()

    lines = "".join(exported_text([OrderState.OPEN], ports, form=ExportForm.CSV)).splitlines()
    none = "".join(exported_text([OrderState.CLOSED], ports, form=ExportForm.CSV)).splitlines()

    assert [line.split(",")[4] for line in lines] == ["order", str(first)]
    assert none == lines[:1]
    assert not ConsumedOrder.objects.exists()


# --- kills ----------------------------------------------------------------------------------------------------------


def test_whatever_is_killed_no_order_is_lost_and_none_comes_twice_with_another_content(shop, ports):
    numbers = [shop.buy("MUG", 1) for _ in range(3)]
    shop.get_orders()
    given: dict[int, str] = {}
    for at in range(40):
        fuse = Fuse(at)
        fused = replace(
            ports,
            exports=Fused(ports.exports, fuse),
            writer=Fused(ports.writer, fuse),
            handovers=Fused(ports.handovers, fuse),
            history=Fused(ports.history, fuse),
        )
        try:
            batch = next_batch("erp", fused, limit=1)
            if batch is not None:
                assert given.setdefault(batch.cursor, batch.content) == batch.content
                confirm_batch("erp", batch.cursor, fused)
        except Killed:
            continue

    assert [json.loads(content)["order"] for _, content in sorted(given.items())] == numbers
    assert Sighting.objects.filter(handed_over_at__isnull=True).count() == 0


def test_a_batch_that_was_taken_back_is_made_anew_under_another_cursor(shop, ports):
    first, second = shop.buy("MUG", 1), shop.buy("MUG", 1)
    shop.get_orders()
    next_batch("erp", ports, limit=1)

    with transaction.atomic():
        take_back([Order.objects.get(external_id=first).pk])

    assert not OpenBatch.objects.exists()
    with pytest.raises(NotAllowed):
        confirm_batch("erp", 1, ports)
    batch = next_batch("erp", ports)
    assert (batch.cursor, [record["order"] for record in records(batch)]) == (2, [first, second])
    assert Consumer.objects.get().cursor == 0


# --- the whole way --------------------------------------------------------------------------------------------------


def test_from_the_sale_to_the_new_count_a_shopper_sees_what_is_there(shop, ports):
    shop.buy("MUG", 3)
    shop.catch_up()
    assert shop.can_buy("MUG") == STATED["MUG"] - 3
    batch = next_batch("erp", ports)
    # The warehouse counts before it has taken the order over: its number still has the pieces, and they stay reserved.
    shop.wait(60)
    shop.state(MUG=20)
    shop.sync()
    assert shop.can_buy("MUG") == 17

    shop.wait(60)
    confirm_batch("erp", batch.cursor, ports)
    shop.wait(60)
    shop.state(MUG=16)
    shop.sync()

    assert shop.can_buy("MUG") == 16


def test_a_count_that_names_the_last_order_it_knows_needs_no_handing_over(shop):
    counted, uncounted = shop.buy("MUG", 3), shop.buy("MUG", 1)
    shop.catch_up()
    catalogue = DjangoCatalogue()
    catalogue.set_source(replace(catalogue.source(SOURCE), counts=Counting.FILE, orders_column="Orders"))
    header, mug, *_ = catalogue_of({"MUG": 20}).splitlines()

    report = shop.import_text(f"{header},Orders\n{mug},{counted}\n")
    shop.sync()

    assert report.reports == []
    assert (shop.can_buy("MUG"), uncounted > counted) == (20 - 1, True)


def test_a_count_that_names_an_unknown_channel_states_nothing_and_says_so(shop):
    number = shop.buy("MUG", 3)
    shop.catch_up()
    catalogue = DjangoCatalogue()
    catalogue.set_source(replace(catalogue.source(SOURCE), counts=Counting.FILE, orders_column="Orders"))
    header, mug, *_ = catalogue_of({"MUG": 20}).splitlines()

    report = shop.import_text(f"{header},Orders\n{mug},outlet={number}\n")
    shop.sync()

    (told,) = report.reports
    assert "names the channel 'outlet', which there is not, so its quantity states nothing." in told.message
    assert shop.can_buy("MUG") == STATED["MUG"] - 3
