"""The judge of where orders are, and that every one of both sides is counted once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import an_order
from fakes.hub import NOON, MemoryHub
from fakes.run import MemoryRun
from tradepost.domain.orders.order import (
    AcknowledgeMode,
    OrderState,
    ParkedOrder,
    PaymentState,
    StoreStatus,
    UnreadableOrder,
)
from tradepost.domain.orders.order_changes import Holds, LedgerOrder
from tradepost.domain.orders.order_news import PAID_IN_SOME_WAY, OrderCriteria, OrderNews
from tradepost.domain.orders.order_proof import HubOrder, OrderPlace
from tradepost.domain.plan import Outcome
from tradepost.operations.orders import reconcile_orders
from tradepost.operations.orders.reconcile_orders.findings import Measure, find
from tradepost.operations.selection import Selection

LONG_AGO = int((NOON - timedelta(days=2)).timestamp())
CRITERIA = OrderCriteria(frozenset({StoreStatus.PENDING}), PAID_IN_SOME_WAY, since=LONG_AGO - 60)
ORDER = an_order(1)


def found(*, order=ORDER, hub=None, parked=None, status=StoreStatus.PENDING, at=LONG_AGO, mode=AcknowledgeMode.NONE):
    settings = replace(MemoryHub().settings, acknowledge_mode=mode)
    news = OrderNews(1, status, at, at, "a")
    measure = Measure(settings, CRITERIA, NOON)
    return find("1", news=news, order=order, hub=hub, parked_for=parked, measure=measure)


def in_hub(order=ORDER, *, imported=NOON - timedelta(days=1), acknowledged=False, **more):
    return HubOrder(LedgerOrder(order, **more), imported, acknowledged)


@pytest.mark.parametrize(
    ("state", "place"),
    [
        (OrderState.OPEN, OrderPlace.IMPORTED),
        (OrderState.ON_HOLD, OrderPlace.ON_HOLD),
        (OrderState.NOT_MANAGED, OrderPlace.NOT_MANAGED),
        (OrderState.CLOSED, OrderPlace.CLOSED),
        (OrderState.CANCELLED, OrderPlace.CANCELLED),
    ],
)
def test_what_the_ledger_has_is_where_its_state_says_whether_it_would_be_imported_today_or_not(state, place):
    hub = in_hub(state=state, holds=Holds(asked="A reason"))

    finding = found(hub=hub, status=StoreStatus.SHIPPED)

    assert (finding.place, finding.differences) == (place, ())
    assert finding.why == ("A reason" if state is OrderState.ON_HOLD else "")


@pytest.mark.parametrize(
    ("case", "place", "why"),
    [
        ({"status": StoreStatus.SHIPPED}, OrderPlace.NOT_ELIGIBLE, "it is shipped on the store"),
        ({"at": LONG_AGO - 100}, OrderPlace.NOT_ELIGIBLE, "it is older than what is imported"),
        (
            {"order": replace(ORDER, payment_state=PaymentState.PENDING)},
            OrderPlace.NOT_ELIGIBLE,
            "its payment is pending",
        ),
        ({"order": None}, OrderPlace.NOT_ELIGIBLE, "it was deleted on the store meanwhile"),
        ({"at": int(NOON.timestamp()) - 3599}, OrderPlace.NEW, "the next get looks at it"),
        ({"at": int(NOON.timestamp()) + 600}, OrderPlace.NEW, "the next get looks at it"),
    ],
)
def test_what_is_not_in_the_hub_and_need_not_be_is_no_difference(case, place, why):
    finding = found(**case)

    assert (finding.place, finding.why, finding.differences) == (place, why, ())


@pytest.mark.parametrize("order", [ORDER, UnreadableOrder("1", "It is no order.")])
def test_what_should_be_there_and_is_not_is_missing(order):
    finding = found(order=order)

    assert finding.place is OrderPlace.MISSING
    assert "'tradepost orders get'" in finding.differences[0]


def test_what_was_told_or_need_not_be_told_of_acknowledging_is_no_difference():
    note = AcknowledgeMode.NOTE

    assert found(hub=in_hub()).differences == ()
    assert found(hub=in_hub(acknowledged=True), mode=note).differences == ()
    assert found(hub=in_hub(state=OrderState.CLOSED), mode=note).differences == ()
    assert found(hub=in_hub(imported=NOON), mode=note).differences == ()
    assert len(found(hub=in_hub(), mode=note).differences) == 1


def test_an_anonymous_order_does_not_differ_for_the_person_that_the_store_still_has():
    ledger = LedgerOrder(ORDER, is_anonymous=True)
    forgotten = replace(in_hub(), ledger=replace(ledger, order=ledger.kept(ORDER)))

    assert forgotten.ledger.order != ORDER
    assert found(hub=forgotten).differences == ()


# --- driven ---------------------------------------------------------------------------------------------------------


def reconciled(hub, *, tells_all=False):
    hub.run = MemoryRun()
    reconcile_orders.execute(hub.ports(), Selection(tells_all=tells_all))
    return hub.run


def hub_with(*, imported=(), missing=(), parked=(), gone=()):
    """A hub and a store that know of these orders, all placed two days ago."""
    hub = MemoryHub()
    placed = NOON - timedelta(days=2)
    for number in (*imported, *missing, *parked):
        hub.store.desk.place(an_order(number, placed_at=placed))
    for number in parked:
        hub.store.desk.unreadable[number] = "It is no order."
        hub.orders.aside[str(number)] = ParkedOrder(str(number), number, "It is no order.", "a", "")
    with hub.run.transaction():
        hub.orders.add([an_order(number, placed_at=placed) for number in (*imported, *gone)], at=NOON)
        hub.orders.set_compared(CRITERIA)
    return hub


def test_each_order_of_either_side_is_counted_once_and_what_differs_is_named():
    hub = hub_with(imported=[1, 2], missing=[3], parked=[4], gone=[5])

    run = reconciled(hub)

    assert (hub.orders.proof.placed, hub.orders.proof.in_ledger) == (5, 3)
    assert {result.change.subject.key for result in run.results} == {"3", "4", "5"}
    assert {result.outcome for result in run.results} == {Outcome.FAILED}
    assert hub.store.writes == []


def test_where_all_is_well_nothing_is_told_but_to_whoever_asks_for_all():
    hub = hub_with(imported=[1, 2])

    assert reconciled(hub).results == []
    assert [result.outcome for result in reconciled(hub, tells_all=True).results] == [Outcome.UNCHANGED] * 2


@given(st.lists(st.sampled_from(["imported", "missing", "parked", "gone"]), max_size=8), st.booleans())
def test_the_proof_adds_up_to_all_orders_of_both_sides_and_every_difference_is_told(kinds, tells_all):
    numbers = {kind: [n for n, each in enumerate(kinds, start=1) if each == kind] for kind in set(kinds)}
    hub = hub_with(**numbers)

    run = reconciled(hub, tells_all=tells_all)

    proof = hub.orders.proof
    assert proof.placed == len(kinds)
    assert proof.in_ledger == len(numbers.get("imported", ())) + len(numbers.get("gone", ()))
    assert proof.counts[OrderPlace.MISSING] == len(numbers.get("missing", ()))
    assert proof.counts[OrderPlace.PARKED] == len(numbers.get("parked", ()))
    differing = {str(n) for kind in ("missing", "parked", "gone") for n in numbers.get(kind, ())}
    assert {r.change.subject.key for r in run.results if r.outcome is Outcome.FAILED} == differing
    assert proof.differences == len(differing)
    assert len(run.results) == (len(kinds) if tells_all else len(differing))
