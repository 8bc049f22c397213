"""What a store takes of a shipment, and packages that share a line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import Shipment, ShipmentLine, ShipmentPath, Tracking
from tradepost.domain.orders.shipment import (
    CORRECTED,
    LONGEST_NUMBER,
    RETRIED,
    UNSENT,
    RecordedPackage,
    ShipmentState,
    carrier_on_store,
    checked,
    checked_reference,
    corrected,
    in_cents,
    is_same_tracking,
    joined,
    left_out,
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


def check(*, number="1Z", carrier="UPS", cost="1", carrier_map=None):
    return checked(tracking_number=number, carrier=carrier, cost=Decimal(cost), carrier_map=carrier_map or {})


@pytest.mark.parametrize("carrier", ["", " ", "U\tPS", "c" * 51])
def test_a_carrier_that_no_store_takes_is_refused(carrier):
    with pytest.raises(NotAllowed):
        check(carrier=carrier)


@pytest.mark.parametrize("cost", ["-0.01", "100000000", "NaN", "Infinity"])
def test_a_cost_that_no_store_takes_is_refused(cost):
    with pytest.raises(NotAllowed, match=r"from 0 to 99999999\.99"):
        check(cost=cost)


def test_the_most_that_a_store_takes_is_taken():
    number, word = "9" * LONGEST_NUMBER, "c" * LONGEST_NUMBER

    assert check(number=number, carrier=word, cost="99999999.99", carrier_map={word: "c" * 50}).number == number
    assert check(cost="0").cost == 0
    with pytest.raises(NotAllowed, match="101 characters, and 100 is the most"):
        check(carrier=word + "c", carrier_map={word + "c": "UPS"})


def test_a_reference_is_trimmed_and_no_longer_than_a_store_takes():
    assert checked_reference("  A-1 ") == "A-1"
    assert checked_reference("") == ""
    assert checked_reference(f" {'r' * 100} ") == "r" * 100
    for text in ("r" * 101, "A\n1"):
        with pytest.raises(NotAllowed, match="The reference"):
            checked_reference(text)


@pytest.mark.parametrize(
    ("word", "name"),
    [("Federal Express", "FedEx"), (" dhl ", "DHL"), ("Post", "CanadaPost"), ("UPS", "Brown"), (" Bike ", "Bike")],
)
def test_the_channels_own_word_for_a_carrier_comes_before_the_usual_one(word, name):
    assert carrier_on_store(word, {"post": "CanadaPost", "ups": "Brown"}) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ups", "UPS"), ("Usps", "USPS"), ("FEDEX", "FedEx"), ("Federal Express", "FedEx"), ("dhl", "DHL"),
        ("canada post", "CanadaPost"), ("CANADAPOST", "CanadaPost"), ("endicia", "Endicia"),
    ],
)  # fmt: skip
def test_the_usual_carriers_are_known_to_a_store_however_they_are_typed(word, name):
    assert carrier_on_store(f" {word} ", {}) == name


def test_what_is_asked_of_a_shipment_leads_where_the_store_is_told_what_it_does_not_know_yet():
    waiting, told, parked, suppressed = list(ShipmentState)[:4]

    assert {waiting: waiting, told: waiting, parked: waiting, suppressed: suppressed} == CORRECTED
    assert {parked: waiting, suppressed: waiting} == RETRIED
    assert (waiting, parked) == UNSENT


def test_a_joined_package_is_known_as_the_one_that_the_store_has_and_as_long_under_way_as_its_first():
    first, second, third = (a_shipment(number, (10, 1)) for number in (1, 2, 3))
    proof = Tracking("1Z2", "UPS", Decimal(1))
    second = replace(second, external_id=70, proven=proof, sending_since=NOON)
    third = replace(third, external_id=71, sending_since=NOON - timedelta(hours=1))

    (whole,) = joined([third, second, first])
    (fresh,) = joined([first, a_shipment(4, (10, 1))])

    assert (whole.id, whole.external_id, whole.proven) == (1, 70, proof)
    assert whole.sending_since == NOON - timedelta(hours=1)
    assert members(whole) == (first, second, third)
    assert (fresh.external_id, fresh.proven, fresh.sending_since) == (None, None, None)


def test_a_number_that_two_packages_share_is_told_once_and_the_longest_that_fits_is_told_whole():
    same = [a_shipment(1, (10, 1), tracking="1Z", carrier=" ups "), a_shipment(2, (10, 1), tracking="1Z")]
    long = [a_shipment(1, (10, 1), tracking="1" * 49), a_shipment(2, (10, 1), tracking="2" * 49)]

    assert joined(same)[0].tracking_number == "1Z"
    assert joined(long)[0].tracking_number == f"{'1' * 49}, {'2' * 49}"


def test_the_packages_stay_in_the_order_of_their_records():
    one, two, three = a_shipment(1, (10, 1)), a_shipment(2, (11, 1)), a_shipment(3, (10, 1))

    assert [each.id for each in joined([two, three, one])] == [1, 2]


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


# --- what a person may change -----------------------------------------------------------------------------------------


def a_package(**values):
    known = {
        "code": "TP-1",
        "order_number": 7,
        "state": ShipmentState.WAITING,
        "tracking": Tracking("1Z", "UPS", Decimal("5.00")),
        "path": ShipmentPath.PROVISION,
        "carrier_map": {},
    }
    return RecordedPackage(**{**known, **values})


def corrected_to(package, **values):
    return corrected(package, **{"tracking_number": None, "carrier": None, "cost": None, **values})


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (ShipmentState.WAITING, ShipmentState.WAITING),
        (ShipmentState.TOLD, ShipmentState.WAITING),
        (ShipmentState.PARKED, ShipmentState.WAITING),
        (ShipmentState.SUPPRESSED, ShipmentState.SUPPRESSED),
    ],
)
def test_what_is_corrected_is_told_anew_unless_the_store_is_not_to_be_told_at_all(state, after):
    assert corrected_to(a_package(state=state), tracking_number=" 2Z ") == (
        after,
        Tracking("2Z", "UPS", Decimal("5.00")),
    )


@pytest.mark.parametrize(
    ("package", "wanted", "words"),
    [
        (a_package(state=ShipmentState.TAKEN_BACK), {"carrier": "DHL"}, "is taken back; it can't be corrected"),
        (a_package(others=frozenset({"2Z"})), {"tracking_number": "2Z"}, "Order 7 has a shipment with the tracking"),
        (a_package(), {"cost": Decimal("5.001")}, "is like that already"),
        (a_package(), {"carrier": ""}, "needs a carrier"),
        (a_package(is_begun=True, path=ShipmentPath.FUNCTION), {"tracking_number": "2Z"}, "the store may have it"),
    ],
)
def test_a_correction_that_can_not_be_is_refused_with_the_reason(package, wanted, words):
    with pytest.raises(NotAllowed, match=words):
        corrected_to(package, **wanted)


@pytest.mark.parametrize(
    "package",
    [
        a_package(is_begun=True),
        a_package(is_begun=True, is_on_store=True, path=ShipmentPath.FUNCTION),
        a_package(others=frozenset({"1Z"})),
    ],
)
def test_where_a_package_is_found_by_its_code_or_known_to_be_there_it_may_be_corrected_all_the_time(package):
    assert corrected_to(package, carrier="DHL")[1].carrier == "DHL"


@pytest.mark.parametrize("state", [ShipmentState.SUPPRESSED, ShipmentState.TAKEN_BACK])
@given(
    before=st.sampled_from(list(ShipmentState)), is_on_store=st.booleans(), is_begun=st.booleans(),
)  # fmt: skip
def test_nothing_is_left_out_that_the_store_may_have(state, before, is_on_store, is_begun):
    package = a_package(state=before, is_on_store=is_on_store, is_begun=is_begun)
    may = before in {ShipmentState.WAITING, ShipmentState.PARKED} and not is_on_store and not is_begun
    if may:
        assert left_out(package, state) is state
    else:
        with pytest.raises(NotAllowed):
            left_out(package, state)
