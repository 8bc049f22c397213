"""What a preview, a report and the history say of a change, where it depends on what happened."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.domain import changes
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.domain.orders.order import AcknowledgeMode, Shipment, ShipmentLine, Tracking
from tradepost.domain.plan import FieldChange

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIPMENT = Shipment(
    1, "TP-1", 7, "ups", "1Z", Decimal("4.10"), (ShipmentLine(10, 2), ShipmentLine(11, 1)), shipped_at=NOON
)


def moved(available):
    return changes.quantity_moved("mug", before=5, after=4, available=available, listing_id=1)


def at_zero(*, goes_on, was_known):
    return changes.sale_at_zero("mug", goes_on=goes_on, was_known=was_known, listing_id=1)


def hidden(*, is_again):
    return changes.product_hidden("mug", before=3, is_again=is_again, listing_id=1)


def delisted(*, is_asked):
    return changes.product_delisted("mug", external_id=9, is_asked=is_asked, listing_id=1)


def paused(*, after):
    return changes.listing_paused("mug", before=not after, after=after, listing_id=1)


def priced(*, is_parent):
    return changes.price_changed("mug", before=None, after=Decimal(2), is_parent=is_parent, listing_id=1)


def counted(by):
    return changes.quantity_stated("mug", before=None, after=2, by=by, listing_id=1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (moved(4), "4 are available"),
        (moved(0), "0 are available"),
        (moved(-1), "1 more are sold than there are"),
        (at_zero(goes_on=True, was_known=False), "it is not left to the store's default"),
        (at_zero(goes_on=True, was_known=True), "the catalogue asks for it and the channel allows it"),
        (
            at_zero(goes_on=False, was_known=True),
            "the catalogue does not ask for more, or the channel does not allow it",
        ),
        (hidden(is_again=False), "queued to hide"),
        (hidden(is_again=True), "it is hidden and was given pieces back"),
        (delisted(is_asked=True), "queued to delist"),
        (delisted(is_asked=False), "its last variant is delisted"),
        (paused(after=True), "paused by a person"),
        (paused(after=False), "resumed by a person"),
        (priced(is_parent=False), "the price changed"),
        (priced(is_parent=True), "the lowest price of its variants changed"),
        (counted("Ada"), "counted by Ada"),
        (counted(""), "counted by a person"),
        (changes.order_handed_over(7, at=NOON), "handed over by a person"),
        (changes.order_handed_over(7, at=NOON, to="dock"), "taken over by dock"),
        (changes.order_anonymised("7"), "kept long enough after it was closed"),
        (changes.order_anonymised("7", is_asked=True), "erased, as its person has asked"),
    ],
)
def test_the_reason_of_a_change_is_what_led_to_it(change, reason):
    assert change.reason == reason


def test_what_a_store_does_at_zero_is_told_as_it_was_only_where_it_was_known():
    known, unknown = (at_zero(goes_on=True, was_known=was_known) for was_known in (True, False))

    assert known.fields == (FieldChange("sells_without_stock", False, True),)
    assert unknown.fields == (FieldChange("sells_without_stock", None, True),)


@pytest.mark.parametrize(
    ("acknowledgement", "field"),
    [
        (Acknowledgement(AcknowledgeMode.PICKING), FieldChange("status", "pending", "processing")),
        (
            Acknowledgement(AcknowledgeMode.FIELD, field="erp", value="yes"),
            FieldChange("custom field erp", None, "yes"),
        ),
        (Acknowledgement(AcknowledgeMode.QUEUE, queue="packing"), FieldChange("queue", None, "packing")),
        (Acknowledgement(AcknowledgeMode.QUEUE), FieldChange("queue", None, "acknowledged")),
        (Acknowledgement(AcknowledgeMode.NOTE), FieldChange("note", None, "Tradepost has taken over order 7.")),
    ],
)
def test_an_acknowledgement_is_told_as_what_it_changes_on_the_store(acknowledgement, field):
    assert changes.order_acknowledged(7, acknowledgement).fields == (field,)


@pytest.mark.parametrize(
    ("before", "values"),
    [(None, (None, None, None)), (Tracking("1Y", "UPS", Decimal(3)), ("1Y", "UPS", Decimal(3)))],
)
def test_a_shipment_is_told_with_what_the_store_had_and_the_pieces_that_are_in_it(before, values):
    change = changes.shipment_sent(SHIPMENT, carrier="UPS", before=before)

    assert change.fields == (
        FieldChange("tracking_number", values[0], "1Z"),
        FieldChange("carrier", values[1], "UPS"),
        FieldChange("cost", values[2], Decimal("4.10")),
        FieldChange("pieces", None, 3),
    )
