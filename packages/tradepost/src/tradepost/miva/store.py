"""
The port `Store` on top of Miva: many writes in few requests, and what the store said to each of them.
"""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from tradepost.domain.errors import AnswerLost, PermissionMissing, Rejected, TradepostError
from tradepost.domain.orders.order import ShipmentPath, StoreStatus
from tradepost.domain.orders.shipment import in_cents
from tradepost.domain.plan import Unit
from tradepost.domain.stock.stock import OrderSighting
from tradepost.domain.store import ProductOutline, StoreProduct, StoreRow
from tradepost.miva.documents import tags
from tradepost.miva.documents.provision_messages import Meaning, attribute, messages_of
from tradepost.miva.documents.tags import Tag
from tradepost.miva.documents.unit_document import UnitDocument, unit_document
from tradepost.miva.existence_reads import ExistenceReads
from tradepost.miva.order_queues import OrderQueues
from tradepost.miva.rows.product_records import Message
from tradepost.miva.sighting_reads import SightingReads
from tradepost.miva.store_reads import StoreReads
from tradepost.miva.wire import functions
from tradepost.miva.wire.answers import PRODUCT_NOT_FOUND
from tradepost.miva.wire.calls import Call, Repeat
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.pace import Pace, split
from tradepost.miva.wire.side_by_side import DEFAULT_AT_ONCE, SideBySide
from tradepost.operations.ports import (
    ExistingProduct,
    IdRange,
    LatestProducts,
    OrdersById,
    RangeCount,
    SetupItem,
    SetupKind,
    ShipmentSend,
    SightingPage,
    StockWrite,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)

T = TypeVar("T")

_SETUP_TAGS_PER_DOCUMENT = 50
_REQUEST_CHARACTERS = 1_000_000  # of XML: well below what web servers take
_DONE = WriteAnswer(WriteOutcome.DONE)


class MivaStore:
    """One Miva store, as operations see it. Threads may share it."""

    def __init__(
        self,
        client: MivaClient,
        *,
        requests_at_once: int = DEFAULT_AT_ONCE,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._side_by_side = SideBySide(requests_at_once)
        self._reads = StoreReads(client, self._side_by_side)
        self._existence = ExistenceReads(client, self._side_by_side)
        self._sightings = SightingReads(client)
        self._queues = OrderQueues(client)
        self._stopwatch = stopwatch
        self._document_pace = Pace(start=20, largest=200)
        self._call_pace = Pace(start=50, largest=200)

    # --- reads ------------------------------------------------------------------------------------------------------

    def products_by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        return self._reads.products_by_code(codes)

    def products_by_sku(self, skus: Collection[str]) -> list[StoreProduct]:
        return self._reads.products_by_sku(skus)

    def products_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        return self._reads.products_by_id(ids)

    def contents_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        return self._reads.contents_by_id(ids)

    def iterate_rows(self, *, custom_fields: Sequence[str] = (), page_size: int = 1000) -> Iterator[list[StoreRow]]:
        return self._reads.iterate_rows(custom_fields=custom_fields, page_size=page_size)

    def iterate_outlines(self, *, custom_fields: Sequence[str], page_size: int = 500) -> Iterator[list[ProductOutline]]:
        return self._reads.iterate_outlines(custom_fields=custom_fields, page_size=page_size)

    def iterate_existing(
        self, *, after: int = 0, changed_from: int | None = None, page_size: int = 1000
    ) -> Iterator[list[ExistingProduct]]:
        return self._existence.iterate_existing(after=after, changed_from=changed_from, page_size=page_size)

    def existing_between(self, ranges: Sequence[IdRange], *, limit: int = 1000) -> list[list[ExistingProduct]]:
        return self._existence.existing_between(ranges, limit=limit)

    def existing_by_id(self, ids: Collection[int]) -> list[ExistingProduct]:
        return self._existence.existing_by_id(ids)

    def count_existing(self, ranges: Sequence[IdRange]) -> list[RangeCount]:
        return self._existence.count_existing(ranges)

    def latest_changed(self, *, changed_from: int | None = None, limit: int) -> LatestProducts:
        return self._existence.latest_changed(changed_from=changed_from, limit=limit)

    def reads_stock(self) -> bool:
        return self._reads.reads_stock()

    def orders_by_id(self, ids: Collection[int]) -> OrdersById:
        return self._reads.orders_by_id(ids)

    def sight_orders(self, *, above_id: int, updated_from: int, page_size: int = 500) -> Iterator[SightingPage]:
        return self._sightings.sight_orders(above_id=above_id, updated_from=updated_from, page_size=page_size)

    def sight_open_orders(self, *, page_size: int = 500) -> Iterator[SightingPage]:
        return self._sightings.sight_open_orders(page_size=page_size)

    def sight_orders_in(
        self, *, statuses: Collection[StoreStatus], since: int, page_size: int = 500
    ) -> Iterator[SightingPage]:
        return self._sightings.sight_orders_in(statuses=statuses, since=since, page_size=page_size)

    def sight_orders_by_id(self, ids: Collection[int]) -> SightingPage:
        return self._sightings.sight_orders_by_id(ids)

    def newest_orders(self) -> list[OrderSighting]:
        return self._sightings.newest_orders()

    # --- products ---------------------------------------------------------------------------------------------------

    def provision(self, units: Sequence[Unit]) -> list[UnitAnswer]:
        """See the port. A unit that needs no tag at all is DONE."""
        documents = [unit_document(unit) for unit in units]
        sent = [document for document in documents if document.tags]
        answers = iter(self._provision_documents(sent))
        return [next(answers) if document.tags else UnitAnswer(WriteOutcome.DONE) for document in documents]

    def _provision_documents(self, documents: Sequence[UnitDocument]) -> list[UnitAnswer]:
        calls = [functions.provision_store(document.xml) for document in documents]
        answers = self._write(calls, pace=self._document_pace)
        return [_unit_answer(document, answer) for document, answer in zip(documents, answers, strict=True)]

    def set_up(self, items: Sequence[SetupItem]) -> list[WriteAnswer]:
        """
        See the port.

        Choices of a field are sent only when this call made the field, as a store would list a repeated one twice.
        """
        answers: list[WriteAnswer] = []
        for chunk in split(items, size=_SETUP_TAGS_PER_DOCUMENT):
            made, added = self._add([_setup_tag(item) for item in chunk])
            answers += added
            choices = [
                tags.product_field_type_option_add(code=item.code, value=choice)
                for item, is_new in zip(chunk, made, strict=True)
                if is_new
                for choice in item.choices
            ]
            if choices:
                self._add(choices)
        return answers

    def _add(self, adds: Sequence[Tag]) -> tuple[list[bool], list[WriteAnswer]]:
        """Send one document of independent tags; for each, whether it made something, and what was said."""
        call = functions.provision_store(tags.document(adds), repeat=Repeat.ABSOLUTE)
        try:
            messages = self._client.call(call)
        except AnswerLost as error:
            return [False] * len(adds), [WriteAnswer(WriteOutcome.LOST, str(error))] * len(adds)
        found = attribute(messages_of(messages), adds)
        made: list[bool] = []
        answers: list[WriteAnswer] = []
        names = {message.tag.casefold() for message in found.unattributed}
        for index, tag in enumerate(adds):
            complaints = found.by_owner.get(index, ())
            refused = [message.text for message in complaints if message.meaning is Meaning.REFUSED]
            if refused:
                answers.append(WriteAnswer(WriteOutcome.REFUSED, "; ".join(refused)))
            elif tag.names & names:
                answers.append(WriteAnswer(WriteOutcome.LOST, "The store complained, but not about which record."))
            else:
                answers.append(_DONE)
            made.append(answers[-1] is _DONE and not complaints)
        return made, answers

    def write_stock(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        """See the port."""
        calls = [
            functions.inventory_product_settings_update(
                product_id=write.external_id,
                current_stock=write.quantity,
                adjust_by=write.change,
                stops_sale=write.stops_sale,
            )
            for write in writes
        ]
        return [_write_answer(answer) for answer in self._write(calls, pace=self._call_pace)]

    def delete_products(self, ids: Sequence[int]) -> list[WriteAnswer]:
        """See the port."""
        calls = [functions.product_delete(product_id=id_) for id_ in ids]
        answers = self._write(calls, pace=self._call_pace, in_order=True)
        return [
            _DONE if isinstance(answer, Rejected) and answer.code in PRODUCT_NOT_FOUND else _write_answer(answer)
            for answer in answers
        ]

    # --- orders -----------------------------------------------------------------------------------------------------

    def add_order_notes(self, notes: Mapping[int, str]) -> dict[int, WriteAnswer]:
        """See the port."""
        adds = [tags.note_add(order_id=order_id, text=text) for order_id, text in notes.items()]
        return dict(zip(notes, self._provision_each(adds), strict=True))

    def set_order_field(self, values: Mapping[int, str], *, field: str) -> dict[int, WriteAnswer]:
        """See the port."""
        adds = [
            tags.order_custom_field(order_id=order_id, field=field, value=text) for order_id, text in values.items()
        ]
        return dict(zip(values, self._provision_each(adds), strict=True))

    def acknowledge_orders(self, ids: Sequence[int]) -> dict[int, WriteAnswer]:
        return self._queues.acknowledge(ids)

    def queued_orders(self, ids: Collection[int], *, queue: str) -> frozenset[int]:
        return self._queues.members(ids, queue=queue)

    def create_shipments(self, sends: Sequence[ShipmentSend], *, path: ShipmentPath) -> list[WriteAnswer]:
        """See the port."""
        if path is ShipmentPath.PROVISION:
            return self._provision_each([_shipment_tag(send) for send in sends])
        calls = [
            functions.order_item_list_create_shipment(
                order_id=send.shipment.order_number, line_ids=[line.line_id for line in send.shipment.lines]
            )
            for send in sends
        ]
        return [_write_answer(answer) for answer in self._write(calls, pace=self._call_pace)]

    def _provision_each(self, adds: Sequence[Tag]) -> list[WriteAnswer]:
        """Send each tag in a document of its own, so that every message is about it."""
        calls = [functions.provision_store(tags.document([tag])) for tag in adds]
        return [_messages_answer(answer) for answer in self._write(calls, pace=self._call_pace)]

    def send_shipments(self, sends: Mapping[int, ShipmentSend]) -> dict[int, WriteAnswer]:
        """See the port."""
        calls = [
            functions.order_shipment_list_update(
                shipment_id=shipment_id,
                tracking_number=send.shipment.tracking_number,
                tracking_type=send.carrier,
                cost=in_cents(send.shipment.cost),
            )
            for shipment_id, send in sends.items()
        ]
        answers = self._write(calls, pace=self._call_pace)
        return {shipment_id: _write_answer(answer) for shipment_id, answer in zip(sends, answers, strict=True)}

    # --- writing ----------------------------------------------------------------------------------------------------

    def _write(self, calls: Sequence[Call[T]], *, pace: Pace, in_order: bool = False) -> list[T | TradepostError]:
        """
        Send calls in as few requests as the store's pace allows, some of them side by side unless their order matters.

        Raises only while nothing was executed. A later failure is in the list, in the place of all that follow, too:
        what has to happen in order must not go on beyond a gap, and a store that fails is not asked for more.
        """
        answers: list[T | TradepostError] = []
        while len(answers) < len(calls):
            chunks = self._next_chunks(calls[len(answers) :], pace=pace, at_once=1 if in_order else None)
            for chunk, part in zip(chunks, self._side_by_side.map(partial(self._timed, pace), chunks), strict=True):
                if isinstance(part, TradepostError):
                    answers += [part] * len(chunk)
                else:
                    answers += part
            if all(_stops(answer) for answer in answers):
                raise next(answer for answer in answers if isinstance(answer, TradepostError))
            stop = next((answer for answer in answers if _stops(answer)), None)
            if stop is not None:
                answers += [stop] * (len(calls) - len(answers))
        _raise_missing_right(answers)
        return answers

    def _next_chunks(self, calls: Sequence[Call[T]], *, pace: Pace, at_once: int | None) -> list[Sequence[Call[T]]]:
        """Part the next calls for the requests of one wave, evenly where few are left."""
        at_once = self._side_by_side.at_once if at_once is None else at_once
        size = min(pace.size, math.ceil(len(calls) / at_once))
        chunks: list[Sequence[Call[T]]] = []
        taken = 0
        while taken < len(calls) and len(chunks) < at_once:
            chunk = _fitting(calls[taken:], size=size)
            chunks.append(chunk)
            taken += len(chunk)
        return chunks

    def _timed(self, pace: Pace, chunk: Sequence[Call[T]]) -> list[T | TradepostError] | TradepostError:
        started = self._stopwatch()
        try:
            return self._client.multi_call(chunk)
        except TradepostError as error:
            return error
        finally:
            pace.took(self._stopwatch() - started, calls=len(chunk))

    def close(self) -> None:
        self._side_by_side.close()
        self._client.close()


def _fitting(calls: Sequence[Call[Any]], *, size: int) -> Sequence[Call[Any]]:
    characters = 0
    for number, call in enumerate(calls[:size]):
        characters += len(call.parameters.get("XML", ""))
        if characters > _REQUEST_CHARACTERS and number:
            return calls[:number]
    return calls[:size]


def _raise_missing_right(answers: Sequence[object]) -> None:
    """Raise where the token lacks the function: then the store has done none of the calls."""
    missing = next((answer for answer in answers if isinstance(answer, PermissionMissing)), None)
    if missing is not None and all(isinstance(answer, TradepostError) for answer in answers):
        raise missing


def _stops(answer: object) -> bool:
    return isinstance(answer, TradepostError) and not isinstance(answer, Rejected | PermissionMissing)


def _write_answer(answer: object) -> WriteAnswer:
    if isinstance(answer, Rejected):
        return WriteAnswer(WriteOutcome.REFUSED, str(answer))
    if isinstance(answer, TradepostError):
        return WriteAnswer(WriteOutcome.LOST, str(answer))
    return _DONE


def _messages_answer(answer: list[Message] | TradepostError) -> WriteAnswer:
    if isinstance(answer, TradepostError):
        return _write_answer(answer)
    refused = [message.text for message in messages_of(answer) if message.meaning is Meaning.REFUSED]
    return WriteAnswer(WriteOutcome.REFUSED, "; ".join(refused)) if refused else _DONE


def _unit_answer(document: UnitDocument, answer: list[Message] | TradepostError) -> UnitAnswer:
    if isinstance(answer, TradepostError):
        refusal = _write_answer(answer)
        return UnitAnswer(refusal.outcome, message=refusal.message)
    found = attribute(messages_of(answer), document.tags, owners=document.owners)
    refusals = {
        owner: "; ".join(texts)
        for owner, messages in found.by_owner.items()
        if (texts := [message.text for message in messages if message.meaning is Meaning.REFUSED])
    }
    complaints = tuple(
        f"{message.tag}: {message.text}" for message in found.unattributed if message.meaning is Meaning.REFUSED
    )
    return UnitAnswer(WriteOutcome.DONE, refusals=refusals, complaints=complaints)


def _setup_tag(item: SetupItem) -> Tag:
    if item.kind is SetupKind.CATEGORY:
        return tags.category_add(code=item.code, name=item.name, parent_code=item.parent)
    if item.kind is SetupKind.IMAGE_TYPE:
        return tags.image_type_add(code=item.code, description=item.name)
    return tags.product_field_add(code=item.code, name=item.name, kind="dropdown" if item.choices else "textfield")


def _shipment_tag(send: ShipmentSend) -> Tag:
    shipment = send.shipment
    return tags.order_shipment_add(
        order_id=shipment.order_number,
        code=shipment.code,
        lines=[(line.line_id, line.quantity) for line in shipment.lines],
        number=shipment.tracking_number,
        carrier=send.carrier,
        cost=in_cents(shipment.cost),
    )
