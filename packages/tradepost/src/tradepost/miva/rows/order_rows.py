"""
Orders read row by row: what is wrong with one of them stays with it, and the rest of its page goes on.
"""

from dataclasses import dataclass

import msgspec

from tradepost.domain.errors import UnexpectedAnswer
from tradepost.domain.orders.order import StoreOrder, UnreadableOrder
from tradepost.miva.rows import translate
from tradepost.miva.rows.order_records import WireOrder
from tradepost.miva.rows.product_records import Page
from tradepost.miva.wire.calls import decoded

_LONGEST_ID = 30  # digits; more than any id, and still a number to go on from


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """
    One row of a list of orders; `record` and `order` None for one that can't be understood, and then `unreadable`.

    `id` None where not even that can be read.
    """

    id: int | None
    record: WireOrder | None = None
    order: StoreOrder | None = None
    unreadable: UnreadableOrder | None = None


def read_page(page: Page[msgspec.Raw]) -> Page[OrderEntry]:
    return Page(page.total_count, [_read(row) for row in page.data], page.start_offset)


class _Numbered(msgspec.Struct, frozen=True):
    id: msgspec.Raw


_RECORDS = msgspec.json.Decoder(WireOrder, strict=False)
_NUMBERS = msgspec.json.Decoder(_Numbered)


def _read(row: msgspec.Raw) -> OrderEntry:
    try:
        record = decoded(_RECORDS, row)
        return OrderEntry(record.id, record, translate.order_of(record, payload=text_of(row)))
    except (msgspec.DecodeError, UnexpectedAnswer) as error:
        number, id_ = row_number(row)
        reason = f"Order {number} on the store can't be read: {error}."
        return OrderEntry(id_, unreadable=UnreadableOrder(number, reason, payload=text_of(row)))


def row_number(row: msgspec.Raw) -> tuple[str, int | None]:
    """Say what the store calls a row that can't be read; and its id, None where not even that can be read."""
    text = _number(row)
    id_ = int(text) if text.isdecimal() and text.isascii() and len(text) <= _LONGEST_ID else None
    return text[:_LONGEST_ID] or "without a number", id_


def text_of(row: msgspec.Raw) -> str:
    """Return a row as it came, for people to look at."""
    return bytes(row).decode("utf-8", "replace")


def _number(row: msgspec.Raw) -> str:
    try:
        return bytes(decoded(_NUMBERS, row).id).decode("utf-8", "replace").strip('"')
    except msgspec.DecodeError:
        return ""
