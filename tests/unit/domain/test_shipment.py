"""What a store takes of a shipment, and packages that share a line."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import NotAllowed
from tradepost.domain.order import Shipment, ShipmentLine, Tracking
from tradepost.domain.shipment import (
    LONGEST_NUMBER,
    checked,
    in_cents,
    is_same_tracking,
    joined,
    members,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_shipment(number, *parts, order=7, tracking="", carrier="UPS", cost="1.00"):
    lines = tuple(ShipmentLine(line, pieces) for line, pieces in parts)
    return Shipment(number, f"TP-{number}", order, carrier, tracking or f"1Z{number}", Decimal(cost), lines, NOON)


@pytest.mark.parametrize(("amount", "cents"), [("7.355", "7.36"), ("7.354", "7.35"), ("0", "0.00"), ("12.3", "12.30")])
def test_money_is_rounded_as_a_store_rounds_it(amount, cents):
    assert str(in_cents(Decimal(amount))) == cents


def test_what_a_store_has_is_compared_in_cents_and_carriers_whatever_their_case():
    ours = Tracking("1Z", "UPS", Decimal("7.355"))

    assert is_same_tracking(ours, Tracking("1Z", "ups", Decimal("7.36")))
    assert not is_same_tracking(ours, Tracking("1z", "UPS", Decimal("7.36")))
    assert not is_same_tracking(ours, Tracking("1Z", "UPS", Decimal("7.35")))


def test_the_carrier_is_measured_by_its_name_on_the_store():
    word = "a very long word of the merchant for a carrier that the store calls otherwise"
    values = {"tracking_number": " 1Z ", "carrier": word, "cost": Decimal("1.005")}

    assert checked(**values, carrier_map={word: "UPS"}) == Tracking("1Z", word, Decimal("1.01"))
    with pytest.raises(NotAllowed, match="50 is the most"):
        checked(**values, carrier_map={})


@pytest.mark.parametrize("number", ["", "  ", "1\t2", "1\x00", "9" * (LONGEST_NUMBER + 1)])
def test_a_number_that_no_store_keeps_is_refused(number):
    with pytest.raises(NotAllowed):
        checked(tracking_number=number, carrier="UPS", cost=Decimal(1), carrier_map={})


def test_packages_that_share_a_line_are_one_and_others_stay_apart():
    one, two, other = a_shipment(1, (10, 1)), a_shipment(2, (10, 2), (11, 1)), a_shipment(3, (12, 1))

    both, alone = joined([one, two, other])

    assert (both.id, both.code, both.tracking_number, both.cost) == (1, "TP-1", "1Z1, 1Z2", Decimal("2.00"))
    assert {line.line_id: line.quantity for line in both.lines} == {10: 3, 11: 1}
    assert (members(both), alone) == ((one, two), other)


def test_one_package_joins_two_others_between_which_it_lies():
    first, second, between = a_shipment(1, (10, 1)), a_shipment(2, (11, 1)), a_shipment(3, (10, 1), (11, 1))

    (whole,) = joined([first, second, between])

    assert members(whole) == (first, second, between)


def test_numbers_of_another_carrier_and_those_that_do_not_fit_stay_in_the_hub():
    one, two = a_shipment(1, (10, 1)), a_shipment(2, (10, 1), carrier="DHL")
    long = [replace(one, tracking_number="1" * 60), a_shipment(2, (10, 1), tracking="2" * 60)]

    assert joined([one, two])[0].tracking_number == "1Z1"
    assert joined(long)[0].tracking_number == "1" * 60


def test_lines_of_the_same_number_in_two_orders_are_no_lines_in_common():
    one, other = a_shipment(1, (10, 1)), a_shipment(2, (10, 1), order=8)

    assert joined([one, other]) == [one, other]


parts = st.dictionaries(st.integers(1, 5), st.integers(1, 3), min_size=1, max_size=3)


@given(st.lists(parts, max_size=6))
def test_joining_loses_and_doubles_nothing_and_leaves_no_line_in_two(drawn):
    shipments = [a_shipment(number, *pieces.items()) for number, pieces in enumerate(drawn, start=1)]

    groups = joined(shipments)

    assert sorted(each.id for group in groups for each in members(group)) == [each.id for each in shipments]
    lines = [line.line_id for group in groups for line in group.lines]
    assert len(lines) == len(set(lines))
    assert sum(line.quantity for group in groups for line in group.lines) == sum(
        sum(pieces.values()) for pieces in drawn
    )
