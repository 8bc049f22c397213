"""How a store is told that an order was taken over, and by what is seen there that it was."""

from dataclasses import replace

import pytest

from fakes.articles import an_order, an_order_line
from tradepost.domain.orders.acknowledgement import Acknowledgement, lines_to_pick, misfit
from tradepost.domain.orders.order import AcknowledgeMode, StoreStatus, acknowledgement_note

BY_NOTE = Acknowledgement(AcknowledgeMode.NOTE)
BY_FIELD = Acknowledgement(AcknowledgeMode.FIELD, field="Taken")
BY_QUEUE = Acknowledgement(AcknowledgeMode.QUEUE, queue="taken")
BY_PICKING = Acknowledgement(AcknowledgeMode.PICKING)
NOT_AT_ALL = Acknowledgement()
EVERY = (BY_NOTE, BY_FIELD, BY_QUEUE, BY_PICKING, NOT_AT_ALL)
ORDER = an_order(1, an_order_line(10, 2), an_order_line(11, 1))


def with_field(value, name="taken"):
    return replace(ORDER, custom_fields={"gift": "1", name: value})


@pytest.mark.parametrize(
    ("way", "order", "is_queued", "is_seen"),
    [
        (BY_NOTE, ORDER, True, False),
        (BY_NOTE, replace(ORDER, notes=("Ring twice.", f" {acknowledgement_note(order_number=1)}\n")), False, True),
        (BY_NOTE, replace(ORDER, notes=(acknowledgement_note(order_number=2),)), False, False),
        (BY_FIELD, with_field("1"), False, True),
        (BY_FIELD, with_field(" 1 ", name="TAKEN"), False, True),
        (BY_FIELD, with_field(""), True, False),
        (BY_FIELD, with_field("2"), False, False),
        (BY_FIELD, ORDER, True, False),
        (replace(BY_FIELD, value="yes"), with_field("yes"), False, True),
        (BY_QUEUE, ORDER, False, False),
        (BY_QUEUE, ORDER, True, True),
        (BY_PICKING, ORDER, True, False),
        (BY_PICKING, replace(ORDER, status=StoreStatus.SHIPPED), False, True),
        (NOT_AT_ALL, ORDER, False, True),
    ],
)
def test_each_way_of_telling_is_seen_by_its_own_sign(way, order, is_queued, is_seen):
    assert way.is_seen(order, is_queued=is_queued) is is_seen


def test_a_channel_that_was_not_set_up_tells_nothing_and_no_order_is_taken_for_queued():
    assert (NOT_AT_ALL.mode, NOT_AT_ALL.field, NOT_AT_ALL.queue) == (AcknowledgeMode.NONE, "", "")
    assert not BY_QUEUE.is_seen(ORDER)


def test_an_order_is_picked_when_every_line_that_is_to_be_shipped_is_in_a_shipment():
    first, second = ORDER.lines
    lying, gone = replace(first, shipment_id=7), replace(second, status=StoreStatus.CANCELLED)

    assert lines_to_pick(ORDER) == [first, second]
    assert lines_to_pick(replace(ORDER, lines=(lying, second))) == [second]
    assert not BY_PICKING.is_seen(replace(ORDER, lines=(lying, second)))
    assert BY_PICKING.is_seen(replace(ORDER, lines=(lying, gone)))


def test_where_the_store_lacks_the_field_it_is_said_before_a_value_is_lost_in_it():
    assert "no order custom field 'Taken'" in BY_FIELD.obstacle(replace(ORDER, custom_fields={"gift": "1"}))
    assert BY_FIELD.obstacle(with_field("")) == ""
    assert [way.obstacle(ORDER) for way in EVERY if way is not BY_FIELD] == ["", "", "", ""]


def test_what_telling_has_changed_of_an_order_is_the_field_alone():
    order = with_field("1", name="TAKEN")

    assert BY_FIELD.stamp(order) == {"TAKEN": "1"}
    assert [replace(way, field="taken").stamp(order) for way in EVERY if way is not BY_FIELD] == [{}] * 4


@pytest.mark.parametrize("way", EVERY)
def test_the_usual_ways_are_possible(way):
    assert misfit(way) == ""


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        (replace(BY_FIELD, field=""), "--acknowledge-field"),
        (replace(BY_FIELD, value=" "), "A blank value"),
        (replace(BY_FIELD, value=" 1"), "blanks around one"),
        (replace(BY_FIELD, value="x" * 255), "254 characters"),
        (replace(BY_FIELD, field="f" * 51), "the code of a field"),
        (replace(BY_FIELD, field=" taken"), "the code of a field"),
        (replace(BY_QUEUE, queue="q" * 51), "the code of a queue"),
        (replace(BY_QUEUE, queue="a:b"), "the code of a queue"),
        (replace(BY_FIELD, value="x" * 254, field="f" * 50, queue="q" * 50), ""),
    ],
)
def test_what_no_store_takes_is_told(way, reason):
    told = misfit(way)

    assert reason in told
    assert bool(told) is bool(reason)
