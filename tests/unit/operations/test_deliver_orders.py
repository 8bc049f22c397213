"""Delivering orders: what is due is brought, each consumer for itself."""

from hypothesis import given
from hypothesis import strategies as st

from fakes.hub import MemoryHub
from tradepost.domain.errors import StorageRefused, StoreUnavailable
from tradepost.domain.plan import Outcome, Proof
from tradepost.operations.orders.deliver_orders import DeliverOrders


def test_what_is_due_is_made_brought_and_noted_in_this_order():
    hub = MemoryHub()
    hub.deliveries.waiting = {"erp": 3, "dock": 1}

    run = hub.drive(DeliverOrders())

    assert hub.deliveries.made == hub.deliveries.brought == hub.deliveries.noted == ["erp", "dock"]
    assert {(result.outcome, result.proof) for result in run.results} == {(Outcome.APPLIED, Proof.ANSWERED)}
    assert [result.change.after("records") for result in run.results] == [3, 1]


def test_a_preview_makes_and_brings_nothing():
    hub = MemoryHub()
    hub.deliveries.waiting = {"erp": 3}

    run = hub.drive(DeliverOrders(), is_dry=True)

    assert [change.subject.key for change in run.changes] == ["erp"]
    assert hub.deliveries.made == hub.deliveries.brought == hub.deliveries.noted == []


def test_one_that_can_not_be_reached_keeps_no_other_from_its_orders():
    hub = MemoryHub()
    hub.deliveries.waiting = {"erp": 3, "dock": 1, "books": 1}
    hub.deliveries.failures = {
        "erp": StoreUnavailable("It does not answer."),
        "dock": StorageRefused("It is full.", path="x"),
    }

    run = hub.drive(DeliverOrders())

    assert hub.deliveries.noted == ["books"]
    assert dict(run.bad()) == {"erp": "It does not answer. The next run tries it again.", "dock": "It is full."}
    assert run.outcomes["erp"] is Outcome.FAILED


NAMES = ("erp", "dock", "books")


@given(
    waiting=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9)), down=st.sets(st.sampled_from(NAMES)),
    is_dry=st.booleans(),
)  # fmt: skip
def test_noted_is_what_was_brought_and_each_is_told_how_it_went(waiting, down, is_dry):
    hub = MemoryHub()
    hub.deliveries.waiting = waiting
    hub.deliveries.failures = {name: StoreUnavailable("It does not answer.") for name in down}

    run = hub.drive(DeliverOrders(), is_dry=is_dry)

    assert {change.subject.key for change in run.changes} == set(waiting)
    if is_dry:
        assert hub.deliveries.made == hub.deliveries.brought == hub.deliveries.noted == []
        return
    assert hub.deliveries.brought == hub.deliveries.noted == [name for name in waiting if name not in down]
    for name in waiting:
        assert run.outcomes[name] is (Outcome.FAILED if name in down else Outcome.APPLIED)
