"""Holding and releasing: when a person may, and what an order is then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState, StoreStatus
from tradepost.domain.orders.order_changes import Holds, held, released, state_of

HOLDS = st.builds(Holds, *[st.sampled_from(["", "the address", "the total"])] * 3)
OPEN = st.sampled_from([StoreStatus.PENDING, StoreStatus.PROCESSING])


@pytest.mark.parametrize("state", [OrderState.CLOSED, OrderState.CANCELLED])
def test_there_is_nothing_left_to_hold_of_an_order_that_is_done(state):
    with pytest.raises(NotAllowed, match=f"Order 7 is {state}"):
        held(7, state, Holds(), reason="call first")


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.ON_HOLD])
def test_only_what_is_held_can_be_released(state):
    with pytest.raises(NotAllowed, match="is not on hold"):
        released(7, state, Holds(asked="call first"))


@given(HOLDS, OPEN, st.booleans())
def test_what_a_person_holds_is_on_hold_with_the_reason_whatever_else_is(holds, status, is_managed):
    after = held(7, OrderState.OPEN, holds, reason="call first")

    assert state_of(status, after, is_managed=is_managed) is OrderState.ON_HOLD
    assert "call first" in after.reason


@given(HOLDS, OPEN)
def test_what_a_person_lets_go_is_open_until_the_rules_say_something_else(holds, status):
    after = released(7, OrderState.ON_HOLD, holds)

    assert state_of(status, after) is OrderState.OPEN
    news = Holds(by_rules="another reason", released=after.released)
    assert state_of(status, news) is OrderState.ON_HOLD


@given(HOLDS, st.sampled_from([StoreStatus.PENDING, StoreStatus.CANCELLED]))
def test_an_order_that_is_gone_from_the_store_waits_for_nothing_but_a_person(holds, status):
    state = state_of(status, holds, is_gone=True)

    assert state is (OrderState.ON_HOLD if holds.asked else OrderState.CANCELLED)
