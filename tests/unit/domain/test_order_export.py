"""What is told of an order on its way out, and to whom it is told."""

from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from fakes.articles import NOON, an_order, an_order_line
from tradepost.domain.orders.order import Address, LineOption, OrderState, StoreCharge, StoreDiscount
from tradepost.domain.orders.order_export import ExportedChange, ExportedOrder, ExportKind, is_due_for, record_of

EAST = timezone(timedelta(hours=2))
ORDER = an_order(
    1,
    an_order_line(10, 2, options=(LineOption("size", "s", "", "Size", "Small"), LineOption("colour", "r"))),
    an_order_line(11, 1, "cup", options=(LineOption("engraving", "", "For Ada"),)),
    placed_at=NOON.astimezone(EAST),
    currency="EUR",
    customer_id=7,
    bill_to=Address(city="Lyon"),
    charges=(StoreCharge("TAX", "Sales tax", Decimal("1.10")),),
    discounts=(StoreDiscount("Spring", Decimal("-2.00"), "SPRING"),),
    notes=("Ring twice.",),
    custom_fields={"gift": "1"},
)


@pytest.mark.parametrize("state", OrderState)
def test_an_order_is_given_once_and_only_when_it_can_be_packed(state):
    assert is_due_for(state, was_given=False) is (state is OrderState.OPEN)
    assert not is_due_for(state, was_given=True)


def test_an_order_is_told_whole_with_amounts_and_times_as_texts():
    change = ExportedChange(NOON.astimezone(EAST), "changed", ("ship_to",))
    exported = ExportedOrder(
        ExportKind.ORDER, "Shop", ORDER, OrderState.OPEN, NOON, {10: "OUR-MUG"}, [change], cursor=3
    )

    record = record_of(exported)

    lines = record.pop("lines")
    assert {name: value for name, value in record.items() if name not in {"ship_to", "bill_to"}} == {
        "version": 1,
        "cursor": 3,
        "kind": "order",
        "channel": "Shop",
        "order": 1,
        "state": "open",
        "store_status": "pending",
        "placed_at": "2026-03-01T12:00:00Z",
        "imported_at": "2026-03-01T12:00:00Z",
        "currency": "EUR",
        "total": "6",
        "payment_state": "captured",
        "shipping_method": "",
        "customer_id": 7,
        "charges": [{"kind": "TAX", "description": "Sales tax", "amount": "1.10"}],
        "discounts": [{"name": "Spring", "amount": "-2.00", "code": "SPRING"}],
        "notes": ["Ring twice."],
        "custom_fields": {"gift": "1"},
        "changes": [{"at": "2026-03-01T12:00:00Z", "what": "changed", "fields": ["ship_to"]}],
    }
    assert (record["ship_to"]["first_name"], record["bill_to"]["city"]) == ("Ada", "Lyon")
    assert lines[0] == {
        "line": 10,
        "sku": "OUR-MUG",
        "code": "mug",
        "name": "Mug",
        "options": [
            {"attribute": "size", "option": "s", "text": "", "words": "Small"},
            {"attribute": "colour", "option": "r", "text": "", "words": "r"},
        ],
        "quantity": 2,
        "price": "2",
        "total": "4",
        "status": "pending",
    }
    assert (lines[1]["sku"], lines[1]["options"][0]["words"]) == ("cup", "For Ada")
