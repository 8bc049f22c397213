"""What the proof that no order was lost adds up to, in figures and in a sentence."""

from datetime import UTC, datetime

import pytest

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order_proof import (
    OrderFinding,
    OrderPlace,
    OrderProof,
    ShipmentFinding,
    placed_span,
    proof_of,
    span_words,
)


def test_a_proof_adds_up_and_is_kept_whole_with_its_first_differences():
    proof = OrderProof(1, 2)
    for number in range(7):
        proof.add(OrderFinding(str(number), OrderPlace.MISSING, differences=(f"Order {number} is missing.",)))
    proof.add(
        OrderFinding(
            "7",
            OrderPlace.CLOSED,
            is_acknowledged=True,
            shipments=(
                ShipmentFinding("TP-1", "7", in_hub=True, on_store=True),
                ShipmentFinding("X", "7", in_hub=False, on_store=True),
            ),
        )
    )
    proof.add(OrderFinding("8", OrderPlace.CLOSED, is_placed=False))

    assert (proof.placed, proof.in_ledger, proof.differences, len(proof.examples)) == (8, 1, 7, 5)
    assert proof.sentence == (
        "8 placed, 1 in the hub, 7 missing; 1 acknowledged; 1 shipment, 1 on the store: 7 differences."
    )
    assert proof_of(proof.as_values()) == proof
    assert proof_of({}) is None


def a_proof(*findings):
    proof = OrderProof(1, 2)
    for finding in findings:
        proof.add(finding)
    return proof


def a_shipment(*, in_hub=True, on_store=True, differences=()):
    return ShipmentFinding("TP-1", "1", in_hub=in_hub, on_store=on_store, differences=differences)


def test_each_order_is_counted_at_its_place_and_each_shipment_where_it_is():
    proof = a_proof(
        OrderFinding(
            "1", OrderPlace.IMPORTED, is_acknowledged=True, shipments=(a_shipment(), a_shipment(on_store=False))
        ),
        OrderFinding("2", OrderPlace.ON_HOLD, is_to_acknowledge=True, shipments=(a_shipment(in_hub=False),)),
        OrderFinding("3", OrderPlace.PARKED),
        OrderFinding("4", OrderPlace.NOT_ELIGIBLE),
        OrderFinding("5", OrderPlace.NEW),
    )

    assert proof.as_values()["counts"] == {
        "imported": 1, "on_hold": 1, "parked": 1, "not_eligible": 1, "new": 1,
        "acknowledged": 1, "unacknowledged": 1,
        "shipments": 2, "told": 1, "untold": 1, "store_shipments": 1,
    }  # fmt: skip
    assert proof.sentence == (
        "5 placed, 2 in the hub, 1 parked, 1 not to be imported, 1 placed just now, 0 missing; 1 acknowledged; "
        "2 shipments, 1 on the store: no difference."
    )


def test_what_was_not_placed_in_the_time_that_is_looked_at_is_there_for_its_shipments_alone():
    proof = a_proof(
        OrderFinding(
            "1", OrderPlace.MISSING, is_acknowledged=True, is_to_acknowledge=True, shipments=(a_shipment(),),
            is_placed=False,
        )
    )  # fmt: skip

    assert proof.as_values()["counts"] == {"shipments": 1, "told": 1}
    assert proof.sentence == "0 placed, 0 missing; 0 acknowledged; 1 shipment, 1 on the store: no difference."


def test_what_differs_of_an_order_is_told_before_what_differs_of_its_shipments():
    proof = a_proof(
        OrderFinding(
            "1", OrderPlace.CLOSED, differences=("Its total.",), shipments=(a_shipment(differences=("Its number.",)),)
        )
    )

    assert proof.examples == ["Its total.", "Its number."]
    assert proof.sentence.endswith(": 2 differences.")
    assert a_proof(OrderFinding("1", OrderPlace.CLOSED, differences=("Its total.",))).sentence.endswith(
        ": 1 difference."
    )


def test_only_what_was_counted_is_kept():
    assert a_proof(OrderFinding("1", OrderPlace.CLOSED)).as_values()["counts"] == {"closed": 1}


def test_nothing_to_compare_is_no_difference():
    assert (
        OrderProof(1, 2).sentence == "0 placed, 0 missing; 0 acknowledged; 0 shipments, 0 on the store: no difference."
    )


@pytest.mark.parametrize("values", [{"since": None}, {"counts": 3}, {"differences": "many"}])
def test_what_another_version_has_kept_is_no_proof(values):
    assert proof_of({**OrderProof(1, 2).as_values(), **values}) is None


# --- of which time ------------------------------------------------------------------------------------------------


def seconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("first", "last", "span", "words"),
    [
        ("2026-03-01", "2026-03-02", (seconds(2026, 3, 1), seconds(2026, 3, 3)), "from 2026-03-01 to 2026-03-02"),
        ("2026-03-01", "", (seconds(2026, 3, 1), None), "from 2026-03-01"),
        ("", "2026-03-01", (None, seconds(2026, 3, 2)), "to 2026-03-01"),
        ("", "", (None, None), ""),
    ],
)
def test_two_days_are_whole_ones_and_are_named_as_they_were_typed(first, last, span, words):
    assert placed_span(first, last, time_zone="UTC") == span
    assert span_words(span, time_zone="UTC") == words


def test_days_are_those_of_the_time_zone_also_where_one_of_them_has_23_hours():
    span = placed_span("2026-03-29", "2026-03-29", time_zone="Europe/Berlin")

    assert span == (seconds(2026, 3, 28, 23), seconds(2026, 3, 29, 22))
    assert span_words(span, time_zone="Europe/Berlin") == "from 2026-03-29 to 2026-03-29"


@pytest.mark.parametrize(("first", "last"), [("2026-03-02", "2026-03-01"), ("soon", ""), ("", "9999-12-31")])
def test_what_is_no_span_of_days_is_refused(first, last):
    with pytest.raises(NotAllowed):
        placed_span(first, last, time_zone="UTC")
