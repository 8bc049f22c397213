"""
Orders on their way out, to a warehouse or an ERP: what is told of each, in a schema that has a version.

A *consumer* is given each order once, and what happens to it afterwards as *changes*. What it is given at a time is a
*batch*, whose number is the *cursor*: until the consumer confirms it, it is given the same batch again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from tradepost.domain.orders.order import Address, LineOption, OrderState, StoreOrder, given_number

VERSION = 1
"""Of the schema: fields may be added to a version; any other change of them is a new one."""

LARGEST_BATCH = 1000


class ExportForm(StrEnum):
    """How orders are written down."""

    CSV = "csv"
    JSONL = "jsonl"


class ExportKind(StrEnum):
    """What a record is: an order that is new to its consumer, or what became of one that it was given."""

    ORDER = "order"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class ExportedChange:
    """Something that happened to an order: what, when, and the names of the fields that are other than they were."""

    at: datetime
    what: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedOrder:
    """An order as it is told now. `skus`: the merchant's, by the store's line, where that is a listing."""

    kind: ExportKind
    channel: str
    order: StoreOrder
    state: OrderState
    imported_at: datetime
    skus: Mapping[int, str] = field(default_factory=dict)
    changes: Sequence[ExportedChange] = ()
    cursor: int | None = None


def is_due_for(state: OrderState, *, was_given: bool) -> bool:
    """Whether a consumer is to be given an order as new: it can be packed, and the consumer does not have it."""
    return state is OrderState.OPEN and not was_given


# The schema: the fields of a record in their order, with what they mean.
ORDER_FIELDS: Mapping[str, str] = {
    "version": "the version of this schema",
    "cursor": "the number of the batch, which `orders confirm` takes; empty where no consumer was named",
    "kind": "`order`: new to the consumer; `change`: it was given before, and this is how it is now",
    "channel": "the channel's name",
    "order": "the store's order number; with the channel it names an order for good",
    "state": "in the hub: `open`, `on_hold`, `not_managed`, `closed` or `cancelled`",
    "store_status": "on the store: `pending`, `processing`, `shipped`, `partially_shipped`, `cancelled` and so on",
    "placed_at": "when it was placed, in UTC",
    "imported_at": "when the hub imported it, in UTC",
    "currency": "the currency of all amounts",
    "total": "what the shopper pays in all",
    "payment_state": "`pending`, `authorised`, `captured`, `partially_captured` or `refunded`",
    "shipping_method": "the words of the store for how it is to be shipped",
    "customer_id": "the store's number of the customer; 0 is a guest",
    "ship_to": "where it is to be shipped",
    "bill_to": "who pays",
    "lines": "what was ordered",
    "charges": "what is added to the lines or taken off: `kind`, `description`, `amount`",
    "discounts": "what prices were reduced by: `name`, `amount`, `code`",
    "notes": "the notes on the order",
    "custom_fields": "the store's custom fields of the order, by code",
    "changes": "of a `change`: what happened since the consumer was told last, each with `at`, `what` and `fields`",
}
ADDRESS_FIELDS = tuple(each.name for each in fields(Address))
LINE_FIELDS: Mapping[str, str] = {
    "line": "the store's number of the line",
    "sku": "the merchant's SKU; the store's where the item is no listing",
    "code": "the store's code, for a family its parent's",
    "name": "the name of the product",
    "options": "what was chosen: `attribute` and `option` as codes, typed `text`, and `words` as the page shows them",
    "quantity": "how many pieces",
    "price": "per piece, without options",
    "total": "of the line, with options",
    "status": "of the line, as `store_status`",
}


def record_of(exported: ExportedOrder) -> dict[str, Any]:
    """Return an order by the names of the schema; amounts and times are texts, so that nothing of them is lost."""
    order = exported.order
    return {
        "version": VERSION,
        "cursor": exported.cursor,
        "kind": exported.kind.value,
        "channel": exported.channel,
        "order": given_number(order.id),
        "state": exported.state.value,
        "store_status": order.status.value,
        "placed_at": _time(order.placed_at),
        "imported_at": _time(exported.imported_at),
        "currency": order.currency,
        "total": str(order.total),
        "payment_state": order.payment_state.value,
        "shipping_method": order.shipping_method,
        "customer_id": order.customer_id,
        "ship_to": _address(order.ship_to),
        "bill_to": _address(order.bill_to),
        "lines": [
            {
                "line": line.line_id,
                "sku": exported.skus.get(line.line_id) or line.sku,
                "code": line.code,
                "name": line.name,
                "options": [_option(option) for option in line.options],
                "quantity": line.quantity,
                "price": str(line.price),
                "total": str(line.total),
                "status": line.status.value,
            }
            for line in order.lines
        ],
        "charges": [
            {"kind": charge.kind, "description": charge.description, "amount": str(charge.amount)}
            for charge in order.charges
        ],
        "discounts": [
            {"name": discount.name, "amount": str(discount.amount), "code": discount.code}
            for discount in order.discounts
        ],
        "notes": list(order.notes),
        "custom_fields": dict(order.custom_fields),
        "changes": [
            {"at": _time(change.at), "what": change.what, "fields": list(change.fields)} for change in exported.changes
        ],
    }


def _address(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in ADDRESS_FIELDS}


def _option(option: LineOption) -> dict[str, str]:
    return {
        "attribute": option.attribute,
        "option": option.option,
        "text": option.text,
        "words": option.text or option.option_prompt or option.option,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
