"""Shipments: the packages that were sent for an order, and what the store was proven to have of them."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import Order, OrderEvent, OrderLine, ShipmentLineRecord, ShipmentRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import (
    OrderState,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreStatus,
    Tracking,
    tracking_of,
)
from tradepost.domain.orders.order_changes import OrderEventKind
from tradepost.domain.orders.shipment import (
    RETRIED,
    RecordedPackage,
    ShipmentState,
    checked,
    checked_reference,
    corrected,
    left_out,
)
from tradepost.domain.orders.shipping import ShipmentPart, ShippableLine, ShippableOrder, parts_to_ship, with_packed
from tradepost.domain.plan import FieldChange
from tradepost.operations.ports import (
    KnownShipment,
    NewShipment,
    ProvenShipment,
    ShipmentCorrection,
    ShipmentEdit,
    UnsentShipment,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

_LEFT_OUT = {
    ShipmentState.SUPPRESSED: OrderEventKind.SHIPMENT_SUPPRESSED,
    ShipmentState.TAKEN_BACK: OrderEventKind.SHIPMENT_TAKEN_BACK,
}
_COLUMNS = {"number": "tracking_number", "carrier": "carrier", "cost": "cost"}


def add_shipment(new: NewShipment, *, channel_id: int, at: datetime) -> Shipment:
    """Record a shipment of an order; call it inside a transaction. Raises NotAllowed where it does not fit."""
    order = _order(Order.objects.select_for_update(of=("self",)), new.order_number, channel_id=channel_id)
    tracking = checked(
        tracking_number=new.tracking_number,
        # Where nobody says it, a rule may have.
        carrier=new.carrier.strip() or order.carrier,
        cost=new.cost,
        carrier_map=order.channel.carrier_map,
    )
    reference = checked_reference(new.reference)
    parts = parts_to_ship(
        _shippable(order),
        tracking_number=tracking.number,
        reference=reference,
        wanted=new.lines,
        even_if_held=new.even_if_held,
    )
    record = ShipmentRecord.objects.create(
        channel_id=channel_id,
        order=order,
        # Random, because a store may remember the codes of a hub that was set up anew.
        code=f"TP-{order.external_id}-{secrets.token_hex(4)}",
        reference=reference,
        carrier=tracking.carrier,
        tracking_number=tracking.number,
        cost=tracking.cost,
        shipped_at=new.shipped_at or at,
    )
    ShipmentLineRecord.objects.bulk_create(
        [ShipmentLineRecord(shipment=record, line_id=part.line_id, quantity=part.quantity) for part in parts]
    )
    return read_shipments([record])[0]


def shippable(number: int, *, channel_id: int) -> ShippableOrder:
    """See the port."""
    return _shippable(_order(Order.objects.all(), number, channel_id=channel_id))


def read_shipments(records: Sequence[ShipmentRecord]) -> list[Shipment]:
    """Turn shipments, loaded with their orders, into the domain's values."""
    parts: dict[int, list[ShipmentLine]] = defaultdict(list)
    for part in ShipmentLineRecord.objects.filter(shipment__in=records).order_by("id").select_related("line"):
        parts[part.shipment_id].append(ShipmentLine(part.line.line_id, part.quantity))
    return [
        Shipment(
            id=record.pk,
            code=record.code,
            order_number=record.order.external_id,
            carrier=record.carrier,
            tracking_number=record.tracking_number,
            cost=record.cost,
            lines=tuple(parts[record.pk]),
            shipped_at=record.shipped_at,
            external_id=record.external_id,
            proven=proven_of(record),
            sending_since=record.sending_since,
        )
        for record in records
    ]


def proven_of(record: ShipmentRecord) -> Tracking | None:
    return None if record.proven is None else tracking_of(record.proven)


def known_shipment(order_number: int, *, channel_id: int, reference: str, tracking_number: str) -> KnownShipment | None:
    """See the port."""
    # By the order's channel: by the shipment's, SQLite would walk over all that the channel ever sent.
    of_order = ShipmentRecord.objects.filter(order__channel_id=channel_id, order__external_id=order_number)
    named = Q(reference=reference or tracking_number)
    if not reference:
        named |= Q(tracking_number=tracking_number)
    found = list(of_order.filter(named).order_by("id"))
    # One that was taken back counts only where no other is meant.
    record = next((each for each in found if each.state != ShipmentState.TAKEN_BACK), found[0] if found else None)
    if record is None:
        return None
    pieces: Counter[str | int] = Counter()
    for part in ShipmentLineRecord.objects.filter(shipment__in=found).select_related("line__listing"):
        pieces[part.line.line_id] += part.quantity
        pieces.update(dict.fromkeys(_shippable_line(part.line).names, part.quantity))
    return KnownShipment(record.code, ShipmentState(record.state), _recorded(record), pieces)


def shipments_due(*, channel_id: int, after: int, limit: int, whole_orders: bool) -> list[Shipment]:
    """See the port."""
    due = _of_channel(channel_id).filter(state="waiting").select_related("order").order_by("id")
    page = list(due.filter(id__gt=after)[:limit])
    if whole_orders and len(page) == limit:
        page += list(due.filter(order_id__in={record.order_id for record in page}, id__gt=page[-1].pk))
    return read_shipments(page)


def begin_sending(ids: Collection[int], *, at: datetime) -> None:
    """See the port."""
    waiting = ShipmentRecord.objects.filter(id__in=list(ids), state=ShipmentState.WAITING)
    waiting.update(sending_since=at)


def sending(ids: Collection[int]) -> set[int]:
    """See the port."""
    found = ShipmentRecord.objects.filter(id__in=list(ids), sending_since__isnull=False, state=ShipmentState.WAITING)
    return set(found.values_list("id", flat=True))


def mark_synced(shipments: Sequence[ProvenShipment], *, at: datetime) -> None:
    """See the port."""
    records = _locked(shipment.id for shipment in shipments)
    rows = []
    for shipment in shipments:
        record = records[shipment.id]
        # What was corrected meanwhile is told by the next run.
        is_told = record.state == ShipmentState.WAITING and _is_as(record, shipment.recorded)
        rows.append(
            {
                "id": shipment.id,
                "external_id": shipment.external_id,
                "joined_to_id": shipment.joined_to,
                "proven": plain(shipment.proven),
                "sending_since": None,
                "state": ShipmentState.TOLD.value if is_told else record.state,
                "synced_at": at if is_told else record.synced_at,
                "last_error": "" if is_told else record.last_error,
            }
        )
    sql.update(ShipmentRecord, rows)


def flag_shipments(shipments: Sequence[UnsentShipment]) -> None:
    """See the port."""
    records = _locked(shipment.id for shipment in shipments)
    rows = []
    for shipment in shipments:
        record = records[shipment.id]
        is_current = record.state == ShipmentState.WAITING and _is_as(record, shipment.recorded)
        rows.append(
            {
                "id": shipment.id,
                "state": ShipmentState.PARKED.value if is_current and shipment.is_parked else record.state,
                "proven": None if shipment.is_absent else record.proven,
                "last_error": shipment.message if is_current else record.last_error,
                "sending_since": None if shipment.is_absent else record.sending_since,
            }
        )
    sql.update(ShipmentRecord, rows)


def _locked(ids: Iterable[int]) -> dict[int, ShipmentRecord]:
    records = ShipmentRecord.objects.select_for_update().filter(id__in=list(ids)).order_by("id")
    return {record.pk: record for record in records}


def _is_as(record: ShipmentRecord, recorded: Tracking) -> bool:
    return _recorded(record) == recorded


def _recorded(record: ShipmentRecord) -> Tracking:
    return Tracking(record.tracking_number, record.carrier, record.cost)


# --- what a person asks -----------------------------------------------------------------------------------------------


def correct_shipment(
    code: str, correction: ShipmentCorrection, *, channel_id: int, by: str, at: datetime
) -> ShipmentEdit:
    """See the port."""
    record = _one(code, channel_id=channel_id)
    others = ShipmentRecord.objects.filter(order=record.order).exclude(pk=record.pk).exclude(state="taken_back")
    if record.reference:
        others = others.filter(reference="")
    before = _recorded(record)
    state, after = corrected(
        _package(record, others=others.values_list("tracking_number", flat=True)),
        tracking_number=correction.tracking_number,
        carrier=correction.carrier,
        cost=correction.cost,
    )
    fields = tuple(
        FieldChange(column, getattr(before, name), getattr(after, name))
        for name, column in _COLUMNS.items()
        if getattr(before, name) != getattr(after, name)
    )
    record.tracking_number, record.carrier, record.cost = after.number, after.carrier, after.cost
    _set_state(record, state)
    if record.external_id is not None:
        # On a store that ships whole lines, it stands for others or they for it: they are told together.
        others.filter(external_id=record.external_id, state="told").update(state="waiting", synced_at=None)
    return _edited(record, OrderEventKind.SHIPMENT_CORRECTED, fields, by=by, at=at)


def leave_out_shipment(
    code: str, state: ShipmentState, *, channel_id: int, reason: str, by: str, at: datetime
) -> ShipmentEdit:
    """See the port."""
    record = _one(code, channel_id=channel_id)
    state = left_out(_package(record), state)
    fields = (FieldChange("state", record.state, state.value),)
    # What the store has lost is as good as never told.
    record.external_id = record.joined_to = None
    _set_state(record, state)
    return _edited(record, _LEFT_OUT[state], fields, by=by, at=at, reason=reason)


def retry_shipments(codes: Collection[str] | None, *, channel_id: int, by: str, at: datetime) -> list[ShipmentEdit]:
    """See the port."""
    found = _of_channel(channel_id).select_for_update(of=("self",)).select_related("order").order_by("id")
    if codes is None:
        asked = found.filter(state=ShipmentState.PARKED)
    else:
        # Those for which one stands go with it.
        asked = found.filter(Q(code__in=list(codes)) | Q(joined_to__code__in=list(codes)))
    edits = []
    for record in asked:
        if ShipmentState(record.state) not in RETRIED:
            continue
        before = record.state
        # What somebody has made of it on the store is written over now: a person has seen it.
        record.proven = None
        _set_state(record, RETRIED[ShipmentState(record.state)])
        fields = (FieldChange("state", before, record.state),)
        edits.append(_edited(record, OrderEventKind.SHIPMENT_RETRIED, fields, by=by, at=at))
    return edits


def _one(code: str, *, channel_id: int) -> ShipmentRecord:
    found = _of_channel(channel_id).select_for_update(of=("self",)).select_related("order__channel")
    record = found.filter(code=code).first()
    if record is None:
        raise NotAllowed(f"There is no shipment {code} on this channel; 'tradepost shipments list' has them.")
    return record


def _package(record: ShipmentRecord, *, others: Iterable[str] = ()) -> RecordedPackage:
    return RecordedPackage(
        code=record.code,
        order_number=record.order.external_id,
        state=ShipmentState(record.state),
        tracking=_recorded(record),
        path=ShipmentPath(record.order.channel.shipment_path),
        carrier_map=record.order.channel.carrier_map,
        is_on_store=record.is_on_store,
        is_begun=record.sending_since is not None,
        others=frozenset(others),
    )


def _set_state(record: ShipmentRecord, state: ShipmentState) -> None:
    record.state = state.value
    record.synced_at = None
    record.last_error = ""
    record.save()


def _edited(
    record: ShipmentRecord,
    what: OrderEventKind,
    fields: tuple[FieldChange, ...],
    *,
    by: str,
    at: datetime,
    reason: str = "",
) -> ShipmentEdit:
    of_shipment = [FieldChange(f"shipment {record.code} {each.name}", each.before, each.after) for each in fields]
    OrderEvent.objects.create(
        order=record.order, at=at, what=what.value, reason=reason, by=by, fields=[plain(each) for each in of_shipment]
    )
    return ShipmentEdit(record.code, record.order.external_id, fields)


# --- what somebody did on the store -----------------------------------------------------------------------------------


def wake_shipments(numbers: Collection[int], *, channel_id: int) -> None:
    """See the port. What was on the store, and was changed or removed there, waits for a person."""
    parked = _of_channel(channel_id).filter(state="parked", external_id__isnull=True)
    ids = list(parked.filter(order__external_id__in=list(numbers)).values_list("id", flat=True))
    ShipmentRecord.objects.filter(id__in=ids).update(state=ShipmentState.WAITING, last_error="")


def note_seen(seen: Mapping[str, Tracking | None], *, channel_id: int, missing: str) -> None:
    """Keep how the store has shipments now, by code, None for one that is gone from it: that is parked."""
    if not seen:
        return
    of_channel = _of_channel(channel_id)
    rows: list[dict[str, Any]] = []
    for record in of_channel.filter(code__in=list(seen)):
        tracking = seen[record.code]
        is_gone = tracking is None
        rows.append(
            {
                "id": record.pk,
                "proven": None if is_gone else plain(tracking),
                "state": ShipmentState.PARKED.value if is_gone else record.state,
                "synced_at": None if is_gone else record.synced_at,
                "last_error": missing if is_gone else record.last_error,
            }
        )
    sql.update(ShipmentRecord, rows)
    gone = [code for code, tracking in seen.items() if tracking is None]
    joined = of_channel.filter(joined_to__code__in=gone)
    joined.update(state=ShipmentState.PARKED, proven=None, synced_at=None, last_error=missing)


def _of_channel(channel_id: int) -> "QuerySet[ShipmentRecord]":
    return ShipmentRecord.objects.filter(channel_id=channel_id)


def _order(orders: "QuerySet[Order]", number: int, *, channel_id: int) -> Order:
    found = orders.select_related("channel").filter(channel_id=channel_id, external_id=number).first()
    if found is None:
        raise NotAllowed(f"There is no order {number} in this channel's ledger; get orders first.")
    return found


def _shippable(order: Order) -> ShippableOrder:
    shipments = list(order.shipments.all())
    kept = [each for each in shipments if each.state != ShipmentState.TAKEN_BACK]
    untold = [each.pk for each in kept if not each.is_on_store]
    packed = ShipmentLineRecord.objects.filter(shipment__in=untold).order_by("id")
    lines = order.lines.select_related("listing").order_by("id")
    return ShippableOrder(
        number=order.external_id,
        state=OrderState(order.state),
        lines=with_packed(
            [_shippable_line(line) for line in lines],
            [ShipmentPart(part.line_id, part.quantity) for part in packed],
            told={each.external_id for each in kept if each.external_id is not None},
        ),
        why_held=order.holds.reason,
        tracking_numbers=frozenset(each.tracking_number for each in kept),
        nameless_numbers=frozenset(each.tracking_number for each in kept if not each.reference),
        references=frozenset(each.reference for each in shipments if each.reference),
    )


def _shippable_line(line: OrderLine) -> ShippableLine:
    return ShippableLine(
        id=line.pk,
        code=line.code,
        sku=line.sku,
        quantity=line.quantity,
        status=StoreStatus(line.store_status),
        is_product=line.is_product,
        listing_sku="" if line.listing is None else line.listing.sku,
        number=line.line_id,
        chosen=tuple((option["attribute"], option["option"], option["text"]) for option in line.options),
        shipment=line.shipment_id or 0,
    )
