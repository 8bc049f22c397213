"""Reading orders as stock sees them: number, status and pieces, and nothing of a person."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from tradepost.domain.errors import UnexpectedAnswer
from tradepost.domain.orders.order import LARGEST_ID, LARGEST_QUANTITY, LineOption, StoreStatus
from tradepost.domain.stock.stock import CLOSED, OrderSighting, SoldLine, UnreadableSighting
from tradepost.miva.rows import translate
from tradepost.miva.rows.order_rows import row_number, text_of
from tradepost.miva.rows.product_records import Id, Page, Quantity
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call, decoded
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import Condition, Filter, all_of, any_of, columns, is_one_of
from tradepost.miva.wire.paging import PagesById
from tradepost.operations.ports import SightingPage

_COLUMNS = ("items", "parts")
_CLOSED_CODES = translate.status_codes(CLOSED)


class _SoldOption(msgspec.Struct, frozen=True, gc=False):
    attr_code: str = ""
    opt_code: str = ""


class _SoldPart(msgspec.Struct, frozen=True, gc=False):
    code: str
    sku: str = ""
    total_quantity: Quantity | None = None


class _SoldLine(msgspec.Struct, frozen=True):
    line_id: int = 0
    status: int = 0
    product_id: Id = 0
    code: str = ""
    sku: str = ""
    type: str = ""
    quantity: Quantity = 0
    parts: list[_SoldPart] = []
    options: list[_SoldOption] = []


class _SightedOrder(msgspec.Struct, frozen=True):
    id: Id
    status: int = 0
    orderdate: int = 0
    dt_updated: int = 0
    items: list[_SoldLine] = []


class _OrderPlace(msgspec.Struct, frozen=True, gc=False):
    """The little that says how far the orders go: it can be read of an order whose pieces can't be counted."""

    id: Id
    dt_updated: int = 0


class _SightingEntry(msgspec.Struct, frozen=True):
    """One row: what was read of it, or why nothing can be. `id` None where not even that can be read."""

    id: int | None
    status: int = 0
    placed: int = 0
    updated: int = 0
    order: OrderSighting | None = None
    unreadable: UnreadableSighting | None = None


_ORDERS = msgspec.json.Decoder(_SightedOrder, strict=False)
_PLACES = msgspec.json.Decoder(_OrderPlace, strict=False)
_WHOLE = msgspec.json.Decoder(dict[str, Any])
_TODAYS_PROMPTS = ("attr_prompt", "opt_prompt")


class SightingReads:
    """Safe to repeat, and repeated inside."""

    def __init__(self, client: MivaClient) -> None:
        self._client = client

    def sight_orders(self, *, above_id: int, updated_from: int, page_size: int) -> Iterator[SightingPage]:
        """See the port."""
        conditions = any_of(Condition("id", "GT", above_id), Condition("dt_updated", "GE", updated_from))

        def satisfies(entry: _SightingEntry) -> bool:
            return entry.order is None or entry.order.id > above_id or entry.updated >= updated_from

        return self._pages(conditions, satisfies, page_size=page_size)

    def sight_open_orders(self, *, page_size: int) -> Iterator[SightingPage]:
        """See the port."""
        conditions = all_of(*(Condition("status", "NE", code) for code in _CLOSED_CODES))
        pages = self._pages(
            conditions,
            lambda entry: entry.order is None or entry.status not in _CLOSED_CODES,
            page_size=page_size,
        )
        for page in pages:
            yield replace(page, orders=tuple(order for order in page.orders if order.is_open))

    def sight_orders_in(
        self, *, statuses: Collection[StoreStatus], since: int, page_size: int
    ) -> Iterator[SightingPage]:
        """See the port."""
        codes = {code for status in statuses if (code := translate.order_status_code(status)) is not None}
        if not codes:
            return iter(())
        # A store that is asked for all times has to be asked for nothing.
        times = any_of(Condition("orderdate", "GE", since), Condition("dt_updated", "GE", since)) if since > 0 else []

        def satisfies(entry: _SightingEntry) -> bool:
            return entry.order is None or (entry.status in codes and max(entry.placed, entry.updated) >= since)

        return self._pages([*all_of(is_one_of("status", sorted(codes))), *times], satisfies, page_size=page_size)

    def sight_orders_by_id(self, ids: Collection[int]) -> SightingPage:
        """See the port."""
        asked = sorted(set(ids))
        if not asked:
            return SightingPage(())
        filters = [*all_of(is_one_of("id", asked)), *columns(_COLUMNS)]
        rows = self._client.call(_query(filters=filters, count=len(asked) + 1)).data
        stray = next((row.id for row in rows if row.id is not None and row.id not in set(asked)), None)
        if stray is not None:
            raise UnexpectedAnswer(f"The store returns order {stray}, which was not asked for: it ignores the filter.")
        return _page(rows)

    def newest_orders(self) -> list[OrderSighting]:
        """See the port."""
        found: list[OrderSighting] = []
        for sort in ("-id", "-dt_updated"):
            rows = self._client.call(functions.order_list_load_query(count=1, sort=sort, row=msgspec.Raw)).data
            found += [place for row in rows if (place := _order_place(row)) is not None]
        return found

    def _pages(
        self, conditions: Sequence[Filter], satisfies: Callable[[_SightingEntry], bool], *, page_size: int
    ) -> Iterator[SightingPage]:
        filters = [*conditions, *columns(_COLUMNS)]
        pages = PagesById(self._client, _query, page_size=page_size, filters=filters, satisfies=satisfies)
        return map(_page, pages)


def _query(*, filters: Sequence[Filter], count: int, sort: str = "id") -> Call[Page[_SightingEntry]]:
    call = functions.order_list_load_query(filters=filters, count=count, sort=sort, row=msgspec.Raw)
    return Call(call.function, call.parameters, call.shape, call.repeat, _read_page)


def _read_page(page: Page[msgspec.Raw]) -> Page[_SightingEntry]:
    return Page(page.total_count, [_read(row) for row in page.data], page.start_offset)


def _page(entries: Sequence[_SightingEntry]) -> SightingPage:
    return SightingPage(
        orders=tuple(entry.order for entry in entries if entry.order is not None),
        unreadable=tuple(entry.unreadable for entry in entries if entry.unreadable is not None),
    )


def _read(row: msgspec.Raw) -> _SightingEntry:
    try:
        order = decoded(_ORDERS, row)
        lines = tuple(sold for line in _unique(order.items) for sold in _sold(line))
    except (msgspec.DecodeError, UnexpectedAnswer) as error:
        number, id_ = row_number(row)
        reason = f"The pieces of order {number} can't be counted: {error}."
        unreadable = UnreadableSighting(number, reason, payload=text_of(row), fingerprint=_hash(bytes(row)))
        return _SightingEntry(id_, unreadable=unreadable)
    sighting = OrderSighting(
        order.id,
        translate.status_of(order.status),
        order.dt_updated,
        lines,
        placed=order.orderdate,
        fingerprint=_fingerprint(row),
    )
    return _SightingEntry(order.id, order.status, order.orderdate, order.dt_updated, sighting)


def _fingerprint(row: msgspec.Raw) -> str:
    """
    Hash a row, so that any change of it is noticed and nothing of a person is kept.

    Parts and prompts are worked out by the store from today's catalogue: they say nothing of the order.
    """
    try:
        whole = decoded(_WHOLE, row)
    except msgspec.DecodeError:
        return _hash(bytes(row))
    for line in whole.get("items", ()):
        line.pop("parts", None)
        for option in line.get("options") or ():
            for prompt in _TODAYS_PROMPTS if isinstance(option, dict) else ():
                option.pop(prompt, None)
    return _hash(msgspec.json.encode(whole, order="deterministic"))


def _hash(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _unique(lines: Sequence[_SoldLine]) -> Iterable[_SoldLine]:
    """A line that comes twice is one line, as it came last."""
    return {line.line_id or -place: line for place, line in enumerate(lines, start=1)}.values()


def _order_place(row: msgspec.Raw) -> OrderSighting | None:
    """Read how far the orders go; None where not even the number can be read."""
    try:
        place = decoded(_PLACES, row)
    except msgspec.DecodeError:
        _, id_ = row_number(row)
        return None if id_ is None or id_ > LARGEST_ID else OrderSighting(id_, StoreStatus.OTHER, 0)
    return OrderSighting(place.id, StoreStatus.OTHER, place.dt_updated)


def _sold(line: _SoldLine) -> Iterator[SoldLine]:
    """
    A line sells its own product; one with several parts behind it sells these.

    A single part has lent the line its SKU, and may be in it several times, such as a pair.
    """
    status = translate.status_of(line.status)
    if len(line.parts) > 1 and not line.sku:
        for part in line.parts:
            yield SoldLine(part.code, part.sku, _pieces_of(part, line), status)
        return
    # What is in a line is worked out from today's catalogue: another SKU is another part.
    lent = line.parts[0] if len(line.parts) == 1 and line.parts[0].sku == line.sku else None
    yield SoldLine(
        code=line.code,
        sku=line.sku,
        quantity=_pieces(line.quantity) if lent is None else _pieces_of(lent, line),
        status=status,
        external_product_id=line.product_id,
        part_codes=tuple(part.code for part in line.parts),
        is_product=line.type in {"", "product"},
        options=tuple(LineOption(option.attr_code, option.opt_code) for option in line.options),
    )


def _pieces_of(part: _SoldPart, line: _SoldLine) -> int:
    return _pieces(line.quantity if part.total_quantity is None else part.total_quantity)


def _pieces(quantity: int) -> int:
    if not 0 <= quantity <= LARGEST_QUANTITY:
        raise UnexpectedAnswer(f"a line has a quantity of {quantity:.6g}")
    return quantity
