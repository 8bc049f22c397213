"""Get orders: which are imported, each once, and how the store is told."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import an_order, an_order_line
from fakes.hub import NOON, MemoryHub
from tradepost.domain.errors import StoreUnavailable
from tradepost.domain.order import AcknowledgeMode, StoreStatus, acknowledgement_note
from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.operations import get_orders
from tradepost.operations.get_orders import Acknowledge, Fetch, found_minus_ledger, is_acknowledged
from tradepost.operations.ports import OrderPage

PENDING = {StoreStatus.PENDING}


def fetch(hub, **options):
    return hub.drive(Fetch(hub.settings), **options)


def acknowledge(hub, **options):
    return hub.drive(Acknowledge(hub.settings), **options)


# --- found minus ledger ---------------------------------------------------------------------------------------------


def test_what_is_found_and_not_in_the_ledger_is_new():
    orders = [an_order(1), an_order(2)]

    assert found_minus_ledger(orders, known={1}, statuses=PENDING, only_paid=True) == ([orders[1]], [])


def test_an_order_in_another_state_is_not_believed_to_have_been_asked_for():
    orders = [an_order(1, status=StoreStatus.SHIPPED)]

    assert found_minus_ledger(orders, known=(), statuses=PENDING, only_paid=True) == ([], [])


def test_an_unpaid_order_waits_for_its_payment_and_is_said_to():
    unpaid = an_order(1, is_paid=False)

    new, (left,) = found_minus_ledger([unpaid], known=(), statuses=PENDING, only_paid=True)

    assert (new, left.outcome) == ([], Outcome.SKIPPED)
    assert "no payment yet" in left.message
    assert found_minus_ledger([unpaid], known=(), statuses=PENDING, only_paid=False) == ([unpaid], [])


def test_an_order_that_the_hub_can_not_hold_is_reported_and_stops_no_other():
    odd = an_order(1, an_order_line(10, 1, total=Decimal("NaN")), total=Decimal(2))

    new, (left,) = found_minus_ledger([odd, an_order(2)], known=(), statuses=PENDING, only_paid=True)

    assert [order.id for order in new] == [2]
    assert (left.outcome, "Order 1 can't be imported" in left.message) == (Outcome.FAILED, True)


def test_an_order_that_can_not_be_understood_is_reported_and_stops_no_other():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1), an_order(2))
    hub.store.desk.unreadable[1] = "Its date is no date."

    run = fetch(hub)

    assert run.outcomes == {"1": Outcome.FAILED, "2": Outcome.APPLIED}
    assert run.bad() == [("1", "Its date is no date.")]
    assert list(hub.orders.ledger) == [2]


orders = st.builds(
    an_order,
    st.integers(1, 12),
    is_paid=st.booleans(),
    status=st.sampled_from([StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.SHIPPED]),
)


@given(st.lists(orders), st.sets(st.integers(1, 12)), st.booleans())
def test_each_order_is_new_left_known_or_not_asked_for(found, known, only_paid):
    new, left = found_minus_ledger(found, known=known, statuses=PENDING, only_paid=only_paid)

    assert new == [o for o in found if o.id not in known and o.status in PENDING and (o.is_paid or not only_paid)]
    others = [o for o in found if o.id not in known and o.status in PENDING and only_paid and not o.is_paid]
    assert [result.change.subject.key for result in left] == [str(order.id) for order in others]


# --- fetch ----------------------------------------------------------------------------------------------------------


def test_an_import_is_a_change_on_the_hubs_side_and_writes_nothing_to_the_store():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1), an_order(2))

    run = fetch(hub)

    assert [(r.change.side, r.change.action, r.outcome) for r in run.results] == [
        (Side.HUB, Action.IMPORT, Outcome.APPLIED)
    ] * 2
    assert (list(hub.orders.ledger), hub.store.writes) == ([1, 2], [])


def test_a_preview_imports_nothing_and_moves_no_place():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1))

    run = fetch(hub, is_dry=True)

    assert [unit.key for unit in run.units] == ["1"]
    assert (hub.orders.ledger, hub.orders.last_fetch()) == ({}, None)


def test_the_first_fetch_looks_back_as_far_as_the_channel_says_and_the_next_over_the_one_before():
    hub = MemoryHub(look_back_days=3)
    asked = []
    pages = hub.store.iterate_orders
    hub.store.iterate_orders = lambda *, statuses, since: (asked.append(since), pages(statuses=statuses, since=since))[
        1
    ]
    fetch(hub)
    first = hub.orders.last_fetch()

    fetch(hub)

    assert (
        timedelta(days=3) - timedelta(minutes=1) < NOON - asked[0] + timedelta(minutes=1) < timedelta(days=3, hours=1)
    )
    assert first - asked[1] == timedelta(hours=48)
    assert hub.orders.last_fetch() > first


def test_the_place_in_time_moves_only_when_every_page_was_read():
    hub = MemoryHub()

    def pages(*, statuses, since):
        yield OrderPage((an_order(1),))
        raise StoreUnavailable("It is away.")

    hub.store.iterate_orders = pages

    with pytest.raises(StoreUnavailable):
        fetch(hub)

    # What came before is kept: the next fetch finds it in the ledger.
    assert (list(hub.orders.ledger), hub.orders.last_fetch()) == ([1], None)


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 8), st.booleans()), max_size=5), min_size=1, max_size=4),
    st.booleans(),
)
def test_whatever_is_found_again_each_order_is_imported_once(fetches, only_paid):
    hub = MemoryHub(only_paid_orders=only_paid)
    paid = set()

    for found in fetches:
        page = {number: an_order(number, is_paid=is_paid or number in paid) for number, is_paid in found}
        paid |= {number for number, order in page.items() if order.is_paid}
        # Pages overlap, as they do when orders change while they are read.
        hub.store.iterate_orders = lambda page=page, **_: iter([OrderPage(tuple(page.values()))] * 2)
        fetch(hub)

    assert set(Counter(hub.orders.imports).values()) <= {1}
    seen = {number for found in fetches for number, _is_paid in found}
    assert set(hub.orders.ledger) == (paid if only_paid else seen)


# --- acknowledge ----------------------------------------------------------------------------------------------------


def imported(*numbers, mode=AcknowledgeMode.NOTE, **settings):
    hub = MemoryHub(acknowledge_mode=mode, **settings)
    hub.store.desk.place(*(an_order(number) for number in numbers))
    fetch(hub)
    return hub


def test_a_note_tells_the_store_once_and_is_read_back():
    hub = imported(1)

    run = acknowledge(hub)
    again = acknowledge(hub)

    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.READ)]
    assert hub.store.desk.orders[1].notes == (acknowledgement_note(order_number=1),)
    assert (hub.orders.acknowledged, again.results) == ({1}, [])


def test_a_note_whose_answer_was_lost_is_found_and_not_written_twice():
    hub = imported(1)
    hub.store.desk.add_note(1, acknowledgement_note(order_number=1) + "\n")

    run = acknowledge(hub)

    assert (run.outcomes, hub.store.writes) == ({"1": Outcome.UNCHANGED}, [])
    assert hub.orders.acknowledged == {1}


def test_picking_takes_the_lines_that_nobody_has_taken():
    hub = imported(mode=AcknowledgeMode.PICKING)
    theirs = an_order_line(12, 1, shipment_id=9)
    hub.store.desk.place(an_order(1, an_order_line(10, 2), an_order_line(11, 1, status=StoreStatus.CANCELLED), theirs))
    fetch(hub)

    run = acknowledge(hub)

    assert run.outcomes == {"1": Outcome.APPLIED}
    order = hub.store.desk.orders[1]
    assert order.status is StoreStatus.PROCESSING
    assert [shipment.line_ids for shipment in order.shipments] == [(10,)]


@pytest.mark.parametrize("mode", [AcknowledgeMode.NOTE, AcknowledgeMode.PICKING])
def test_an_order_that_is_not_on_the_store_any_more_is_reported_and_written_to_by_nobody(mode):
    hub = imported(1, 2, mode=mode)
    del hub.store.desk.orders[1]

    run = acknowledge(hub)

    assert run.outcomes == {"1": Outcome.FAILED, "2": Outcome.APPLIED}
    assert [keys for _method, keys in hub.store.writes] == [("2",)]
    assert hub.orders.acknowledged == {2}


def test_an_order_that_can_not_be_understood_any_more_is_not_gone_and_written_to_by_nobody():
    hub = imported(1)
    hub.store.desk.unreadable[1] = "Its date is no date."

    run = acknowledge(hub)

    assert (run.bad(), hub.store.writes, hub.orders.acknowledged) == ([("1", "Its date is no date.")], [], set())


def test_an_acknowledgement_that_is_refused_is_tried_again_by_the_next_run():
    hub = imported(1)
    hub.store.faults.refused["1"] = "No notes today."

    first = acknowledge(hub)
    hub.store.faults.refused.clear()
    second = acknowledge(hub)

    assert first.bad() == [("1", "No notes today.")]
    assert second.outcomes == {"1": Outcome.APPLIED}


def test_whether_an_order_is_acknowledged_is_seen_on_the_store():
    order = an_order(1)
    noted = replace(order, notes=("Ring twice.", f" {acknowledgement_note(order_number=1)} "))

    assert not is_acknowledged(order, AcknowledgeMode.NOTE)
    assert is_acknowledged(noted, AcknowledgeMode.NOTE)
    assert not is_acknowledged(replace(order, notes=(acknowledgement_note(order_number=2),)), AcknowledgeMode.NOTE)
    assert not is_acknowledged(noted, AcknowledgeMode.PICKING)
    assert is_acknowledged(replace(order, status=StoreStatus.CANCELLED), AcknowledgeMode.PICKING)


@pytest.mark.parametrize("mode", AcknowledgeMode)
def test_a_channel_that_acknowledges_nothing_only_fetches(mode):
    hub = MemoryHub(acknowledge_mode=mode)
    hub.store.desk.place(an_order(1))

    get_orders.execute(hub.ports(run=hub.run))

    assert list(hub.orders.ledger) == [1]
    assert bool(hub.store.writes) is (mode is not AcknowledgeMode.NONE)


@given(
    st.lists(st.lists(st.sampled_from(["lost", "lost but done", "refused", "silent", "well"]), min_size=2, max_size=2)),
    st.sampled_from([AcknowledgeMode.NOTE, AcknowledgeMode.PICKING]),
)
def test_whatever_is_lost_the_store_is_told_exactly_once(runs, mode):
    hub = imported(1, 2, mode=mode)

    for fates in [*runs, ["well", "well"]]:
        faults = hub.store.faults
        faults.refused, faults.silent, faults.lost = {}, set(), {}
        for key, fate in zip(("1", "2"), fates, strict=True):
            if fate == "refused":
                faults.refused[key] = "No."
            elif fate == "silent":
                faults.silent.add(key)
            elif fate != "well":
                faults.lost[key] = fate == "lost but done"
        run = acknowledge(hub)
        told = {number for number, order in hub.store.desk.orders.items() if is_acknowledged(order, mode)}
        assert {our_id for number, our_id in hub.orders.ids().items() if number in told} == hub.orders.acknowledged
        assert {key for key, outcome in run.outcomes.items() if outcome is Outcome.APPLIED} <= {str(n) for n in told}

    for order in hub.store.desk.orders.values():
        assert (len(order.notes), len(order.shipments)) == ((1, 0) if mode is AcknowledgeMode.NOTE else (0, 1))
