"""What is kept of those who ordered: found by their address, and forgotten when it is not needed any more."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import (
    Channel,
    Order,
    OrderEvent,
    OrderLine,
    OrderPayload,
    ParkedOrderRecord,
    RunChange,
)
from tradepost.database.orders.exports import exported_orders, take_back
from tradepost.database.orders.ledger import read_by_id
from tradepost.domain.orders.order import LineOption
from tradepost.domain.orders.order_changes import PERSONAL
from tradepost.domain.orders.order_export import record_of
from tradepost.domain.orders.personal_data import emptied, is_personal_field, without_person
from tradepost.domain.plan import SubjectKind
from tradepost.operations.ports import PersonsData, PersonsOrder

_DONE = ("closed", "cancelled")
_AT_ONCE = 200
# The rule is `domain.orders.personal_data.is_kept_long_enough`; the literals let SQLite use the index made for it.
# What happened last to an order that is done, or its import where nothing did: by then it was done.
_KEPT_LONG_ENOUGH = """
SELECT ordered.id FROM tradepost_order AS ordered
WHERE ordered.channel_id = %s AND ordered.anonymised_at IS NULL AND ordered.state IN ('closed', 'cancelled')
  AND ordered.imported_at < %s AND NOT EXISTS (
    SELECT 1 FROM tradepost_orderevent AS event WHERE event.order_id = ordered.id AND event.at >= %s
  )
ORDER BY ordered.imported_at, ordered.id LIMIT %s
"""


class DjangoPersonalData:
    """Implements `ports.PersonalData`."""

    def orders_of(self, email: str) -> list[PersonsOrder]:
        rows = _of_address(email).select_related("channel").order_by("channel_id", "external_id")
        return [
            PersonsOrder(row.pk, row.channel_id, row.channel.name, row.external_id, is_open=row.state not in _DONE)
            for row in rows
        ]

    def told(self, email: str) -> PersonsData:
        rows = list(_of_address(email).order_by("channel_id", "external_id"))
        events = {
            row.pk: [
                {"at": plain(event.at), "what": event.what, "reason": event.reason, "fields": event.fields}
                for event in row.events.order_by("id")
            ]
            for row in rows
        }
        payloads = dict(OrderPayload.objects.filter(order__in=rows).values_list("order_id", "record"))
        return PersonsData(
            [
                {
                    **record_of(order),
                    "payments": row.payments,
                    "events": events[row.pk],
                    "as_the_store_sent_it": payloads.get(row.pk),
                }
                for row, order in exported_orders(rows)
            ],
            [{"channel": row.channel.name, "order": row.number, "record": row.payload} for row in _parked(email)],
        )

    def anonymise(self, order_ids: Collection[int], *, at: datetime) -> None:
        ids = sorted(order_ids)
        for start in range(0, len(ids), _AT_ONCE):
            _anonymise(ids[start : start + _AT_ONCE], at=at)

    def erase_parked(self, email: str) -> list[tuple[int, str]]:
        found = [(row.pk, row.channel_id, row.number) for row in _parked(email)]
        ParkedOrderRecord.objects.filter(id__in=[pk for pk, _, _ in found]).update(payload="")
        return [(channel_id, number) for _, channel_id, number in found]


def forget_people(*, channel_id: int, before: datetime, limit: int, at: datetime) -> list[int]:
    """
    Anonymise orders that were done with before a time, the oldest first, and forget the records of parked ones.

    Returns the store's numbers.
    """
    ids = sql.fetch_numbers(_KEPT_LONG_ENOUGH, channel_id, before, before, limit)
    DjangoPersonalData().anonymise(ids, at=at)
    ParkedOrderRecord.objects.filter(channel_id=channel_id, last_at__lt=before).exclude(payload="").update(payload="")
    return sorted(Order.objects.filter(id__in=ids).values_list("external_id", flat=True))


def forget_people_of_old_channels(*, limit: int, at: datetime) -> None:
    """The same for channels that are out of use, where no run comes by any more."""
    for channel_id, days in Channel.objects.filter(archived_at__isnull=False).values_list("id", "personal_days"):
        forget_people(channel_id=channel_id, before=at - timedelta(days=days), limit=limit, at=at)


def _anonymise(order_ids: Sequence[int], *, at: datetime) -> None:
    rows = list(Order.objects.select_for_update().filter(id__in=order_ids).order_by("id"))
    kept = {pk: without_person(read.order) for pk, read in read_by_id(rows).items()}
    sql.update(
        Order,
        [
            {
                "id": pk,
                "ship_to": plain(order.ship_to),
                "bill_to": plain(order.bill_to),
                "notes": [],
                "custom_fields": {},
                "customer_id": 0,
                "payments": plain(order.payments),
                "hold_asked": "",
                "held_by": "",
                "anonymised_at": at,
            }
            for pk, order in kept.items()
        ],
    )
    _forget_typed(rows)
    _forget_events(order_ids)
    _forget_history(rows)
    OrderPayload.objects.filter(order_id__in=order_ids).delete()
    take_back(order_ids)


def _forget_typed(rows: Sequence[Order]) -> None:
    lines = OrderLine.objects.filter(order__in=rows).exclude(options=[])
    sql.update(
        OrderLine,
        [
            {"id": line.pk, "options": [plain(LineOption(**{**option, "text": ""})) for option in line.options]}
            for line in lines
        ],
    )


def _forget_events(order_ids: Sequence[int]) -> None:
    events = OrderEvent.objects.filter(order_id__in=order_ids)
    sql.update(
        OrderEvent,
        [
            {
                "id": event.pk,
                "reason": "",
                "fields": [
                    emptied(field) if is_personal_field(field["name"], personal=PERSONAL) else field
                    for field in event.fields
                ],
            }
            for event in events
        ],
    )


def _forget_history(rows: Sequence[Order]) -> None:
    """Why a person held an order was typed by them, and may name who ordered."""
    numbers: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        numbers[row.channel_id].append(str(row.external_id))
    for channel_id, keys in numbers.items():
        held = RunChange.objects.filter(
            subject_kind=SubjectKind.ORDER.value, subject_key__in=keys, run__channel_id=channel_id
        )
        sql.update(
            RunChange,
            [
                {"id": change.pk, "fields": [emptied(field) for field in change.fields]}
                for change in held
                if any(field["name"] == "hold" for field in change.fields)
            ],
        )


def _of_address(email: str) -> "QuerySet[Order]":
    """The orders that have the address, or had it until it was changed on the store."""
    events = OrderEvent.objects.annotate(text=Cast("fields", TextField())).filter(_has("text", email))
    had_it = {event.order_id for event in events if _had_address(event, email)}
    return Order.objects.filter(Q(ship_to__email__iexact=email) | Q(bill_to__email__iexact=email) | Q(id__in=had_it))


def _had_address(event: OrderEvent, email: str) -> bool:
    addresses = (
        field[side] or {}
        for field in event.fields
        if field["name"] in {"ship_to", "bill_to"}
        for side in ("before", "after")
    )
    return any(address.get("email", "").casefold() == email.casefold() for address in addresses)


def _parked(email: str) -> list[ParkedOrderRecord]:
    """Parked records in which the address stands."""
    found = ParkedOrderRecord.objects.filter(_has("payload", email))
    return list(found.select_related("channel").order_by("id"))


def _has(column: str, email: str) -> Q:
    """Whether an address stands in JSON, which may write its marks as escapes."""
    found = Q()
    for written in {email, json.dumps(email)[1:-1]}:
        found |= Q(**{f"{column}__icontains": written})
    return found
